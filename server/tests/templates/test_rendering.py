"""From a template and parameters to what a carrier gets."""

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.carriers.base import HeaderMedia, MessageButton, MessageContent
from sent_server.kernel import segments, typed_text
from sent_server.templates import definition, rendering
from sent_server.templates.rendering import Compiled, InvalidParameters


def compiled(**tree: Any) -> Compiled:
    return rendering.compile(definition.parse(tree))


def body(text: str, *variables: dict[str, Any]) -> dict[str, Any]:
    listed = [{"id": number, **one} for number, one in enumerate(variables)]
    return {"multiChannel": {"template": text, "variables": listed or None}}


def variable(name: str, kind: str = "variable", **props: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "props": props}


def test_sms_has_the_body_only_and_the_others_have_everything() -> None:
    made = compiled(
        header={"template": "For {{name}}"},
        body=body("Hi {{name}}"),
        footer={"template": "Bye"},
        buttons=[{"type": "QUICK_REPLY", "props": {"text": "Yes"}}],
    )
    rich = MessageContent("Hi Jo", "For Jo", "Bye", (MessageButton("QUICK_REPLY", "Yes", "Yes"),))
    assert rendering.render(made, "sms", {"name": "Jo"}) == MessageContent("Hi Jo")
    assert rendering.render(made, "whatsapp", {"name": "Jo"}) == rich
    assert rendering.render(made, "rcs", {"name": "Jo"}) == rich


def test_a_channels_own_body_overrides_the_common_one() -> None:
    made = compiled(body={"multiChannel": {"template": "all"}, "sms": {"template": "short"}})
    said = {channel: rendering.render(made, channel, {}) for channel in made.channels}
    assert said.pop("sms") == MessageContent("short")
    assert said == dict.fromkeys(("whatsapp", "rcs", "mms"), MessageContent("all"))


def test_rcs_does_not_borrow_the_body_of_whatsapp() -> None:
    assert compiled(body={"whatsapp": {"template": "x"}}).channels == {"whatsapp"}
    assert compiled(body={"sms": {"template": "x"}, "rcs": {"template": "y"}}).channels == {"sms", "rcs"}


def test_every_missing_or_refused_value_is_named_once_and_unknown_ones_are_ignored() -> None:
    made = compiled(body=body("{{a}} {{b}} {{a}} {{c}}", variable("a"), variable("b", regex=r"^\d+$"), variable("c")))
    got = rendering.render(made, "sms", {"b": "x", "c": "ok", "z": "?"})
    assert got == InvalidParameters(("'a' is missing", r"'b' does not match ^\d+$"))
    assert rendering.render(made, "sms", {"a": "1", "b": "2", "c": "3"}) == MessageContent("1 2 1 3")


def test_values_have_a_greatest_length() -> None:
    made = compiled(body=body("{{a}} {{b}}", variable("a"), variable("b", regex=".")))
    got = rendering.render(made, "sms", {"a": "x" * 1_025, "b": "y" * 257})
    assert isinstance(got, InvalidParameters)
    assert [problem.split(" than ")[1].split(" char")[0] for problem in got.problems] == ["1024", "the 256"]


def test_a_value_is_never_read_as_a_placeholder() -> None:
    made = compiled(body=body("{{a}} {{b}}"))
    assert rendering.render(made, "sms", {"a": "{{b}}", "b": "{{0:variable}}"}) == MessageContent(
        "{{b}} {{0:variable}}"
    )


def test_numbered_placeholders_take_the_number_as_a_name_too() -> None:
    made = compiled(body=body("{{1}} and {{2}}"))
    assert rendering.render(made, "sms", {"1": "x", "var_2": "y"}) == MessageContent("x and y")


def test_links_and_media_bring_their_address_along() -> None:
    listed = (variable("page", "link", url="https://a.example/long", shortUrl="https://a.example/s"),)
    made = compiled(
        header={
            "type": "image",
            "template": "{{0:media}}",
            "variables": [variable("pic", "media", url="https://a.example/p.png")],
        },
        body=body("See {{0:link}}", *listed),
    )
    assert rendering.render(made, "whatsapp", {}) == MessageContent(
        "See https://a.example/s",
        "https://a.example/p.png",
        header_media=HeaderMedia("image", "https://a.example/p.png"),
    )
    assert rendering.render(made, "sms", {"page": "https://b.example"}) == MessageContent("See https://b.example")


def test_the_extras_of_authentication() -> None:
    made = compiled(
        body=body("{{code}} is your code."),
        buttons=[{"type": "COPY_CODE", "props": {"otpType": "COPY_CODE"}}],
        authenticationConfig={"addSecurityRecommendation": True, "codeExpirationMinutes": 1},
    )
    text = "123456 is your code. For your security, do not share this code."
    assert rendering.render(made, "sms", {"code": "123456"}) == MessageContent(text)
    assert rendering.render(made, "whatsapp", {"code": "123456"}) == MessageContent(
        text, None, "This code expires in 1 minute.", (MessageButton("COPY_CODE", "Copy code", "123456"),)
    )


@pytest.mark.parametrize(
    ("button", "value"),
    [
        ({"type": "URL", "props": {"text": "b", "url": "https://a.example/{{path}}"}}, "https://a.example/7"),
        ({"type": "PHONE_NUMBER", "props": {"text": "b", "phoneNumber": "+14155550100"}}, "+14155550100"),
        (
            {"type": "PHONE_NUMBER", "props": {"text": "b", "countryCode": "1", "phoneNumber": "4155550100"}},
            "+14155550100",
        ),
        ({"type": "VOICE_CALL", "props": {"text": "b", "activeFor": 7}}, "b"),
        ({"type": "COPY_CODE", "props": {"text": "b", "offerCode": "SPRING"}}, "SPRING"),
    ],
)
def test_a_buttons_value_is_what_pressing_it_does(button: dict[str, Any], value: str) -> None:
    got = rendering.render(compiled(body=body("x"), buttons=[button]), "whatsapp", {"path": "7"})
    assert isinstance(got, MessageContent)
    assert got.buttons == (MessageButton(button["type"], "b", value),)


def test_a_template_without_variables_is_rendered_once() -> None:
    made = compiled(body=body("x"), footer={"template": "y"})
    assert rendering.render(made, "rcs", {}) is rendering.render(made, "rcs", {"a": "b"})


@given(
    st.lists(
        st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"]), max_size=20), min_size=2, max_size=5
    ),
    st.data(),
)
def test_a_text_is_its_literals_with_the_values_between(literals: list[str], data: st.DataObject) -> None:
    if typed_text.is_blank("".join(literals)):
        literals[0] = "x"
    named = [f"v{number}" for number in range(len(literals) - 1)]
    text = literals[0] + "".join(f"{{{{{name}}}}}{literal}" for name, literal in zip(named, literals[1:], strict=True))
    values = {name: data.draw(st.text(max_size=30)) for name in named}
    expected = literals[0] + "".join(values[n] + literal for n, literal in zip(named, literals[1:], strict=True))
    assert rendering.render(compiled(body=body(text)), "sms", values) == MessageContent(expected)


EMOJI = "\U0001f600"


def problems(made: Compiled, channel: str, parameters: dict[str, str], **more: int) -> tuple[str, ...]:
    match rendering.render(made, channel, parameters, **more):
        case InvalidParameters(problems=found):
            return found
        case MessageContent():
            return ()


def filled(length: int, character: str = "x") -> dict[str, str]:
    """Values of `WIDE` that make so many characters."""
    return {f"v{number}": character * min(1_000, max(0, length - 1_000 * number)) for number in range(5)}


WIDE = "{{v0}}{{v1}}{{v2}}{{v3}}{{v4}}"


@pytest.mark.parametrize("character", ["x", "ж", EMOJI, "\u0301"])
@pytest.mark.parametrize(("channel", "most"), [("whatsapp", 1_028), ("rcs", 3_072)])
def test_the_body_is_measured_with_its_values(channel: str, most: int, character: str) -> None:
    text = WIDE if channel == "rcs" else "{{v0}}{{v1}}"
    made = compiled(body=body(text))
    assert problems(made, channel, filled(most, character)) == ()
    sentence = f"the body on {'RCS' if channel == 'rcs' else 'WhatsApp'} has {most + 1:,} characters, "
    assert problems(made, channel, filled(most + 1, character)) == (f"{sentence}at most {most:,} are allowed",)


@pytest.mark.parametrize(("character", "most"), [("x", 1_530), ("€", 760), ("ж", 670), (EMOJI, 330), ("\u0301", 670)])
def test_an_sms_has_ten_parts_at_most_with_its_values(character: str, most: int) -> None:
    made = compiled(body=body(WIDE))
    assert problems(made, "sms", filled(most, character)) == ()
    (problem,) = problems(made, "sms", filled(most + 1, character))
    assert problem.startswith("the text on SMS has ")
    assert problem.endswith(" 11 segments, at most 10 are allowed")


def test_the_number_of_parts_is_a_setting() -> None:
    made = compiled(body=body(WIDE))
    assert problems(made, "sms", filled(161), sms_max_segments=1) != ()
    assert problems(made, "sms", filled(4_000), sms_max_segments=255) == ()


def test_a_text_without_variables_is_measured_as_well() -> None:
    made = compiled(body={"sms": {"template": "ж" * 671}})
    assert problems(made, "sms", {}) == (
        "the text on SMS has 671 UCS-2 units and takes 11 segments, at most 10 are allowed",
    )


def test_header_footer_and_buttons_are_measured_with_their_values() -> None:
    made = compiled(
        header={"template": "For {{name}}"},
        body={"rcs": {"template": "x"}, "sms": {"template": "x"}},
        footer={"template": "By {{by}}"},
        buttons=[{"type": "URL", "props": {"text": "b", "url": "https://a.example/{{path}}"}}],
    )
    fitting = {"name": "n" * 56, "by": "b" * 57, "path": "p" * 1_024}
    assert problems(made, "rcs", fitting) == ()
    assert problems(made, "sms", {}) == ()  # which has none of these
    assert problems(made, "rcs", {**fitting, "name": "n" * 57, "by": "b" * 58}) == (
        "the header on RCS has 61 characters, at most 60 are allowed",
        "the footer on RCS has 61 characters, at most 60 are allowed",
    )


def test_a_url_has_2000_characters_at_most_and_no_blank() -> None:
    url = "https://a.example/" + "u" * 1_900 + "/{{path}}"
    made = compiled(body=body("x"), buttons=[{"type": "URL", "props": {"text": "b", "url": url}}])
    room = 2_000 - len("https://a.example/") - 1_901
    for channel in ("whatsapp", "rcs"):
        assert problems(made, channel, {"path": "p" * room}) == ()
        (problem,) = problems(made, channel, {"path": "p" * (room + 1)})
        assert problem.startswith("the URL of button 1 on ")
        assert problem.endswith(" has 2,001 characters, at most 2,000 are allowed")
        (problem,) = problems(made, channel, {"path": "a b"})
        assert problem.endswith(" has a blank; encode it as %20")


def test_a_code_to_copy_has_15_characters_at_most() -> None:
    made = compiled(body=body("{{code}} is your code."), buttons=[{"type": "COPY_CODE", "props": {}}])
    assert problems(made, "whatsapp", {"code": "1" * 15}) == ()
    assert problems(made, "whatsapp", {"code": "1" * 16}) == (
        "the code of button 1 on WhatsApp has 16 characters, at most 15 are allowed",
    )
    assert problems(made, "sms", {"code": "1" * 16}) == ()


def test_the_address_of_a_medium_is_not_a_line_of_text() -> None:
    made = compiled(
        header={"type": "image", "template": "{{0:media}}", "variables": [variable("pic", "media")]}, body=body("x")
    )
    assert problems(made, "whatsapp", {"pic": "https://a.example/" + "p" * 500}) == ()


def test_whatsapp_refuses_values_that_the_others_take() -> None:
    made = compiled(body=body("Hi {{a}}, your code is {{b}} today."))
    values = {"a": "a\nb", "b": ""}
    assert problems(made, "sms", values) == problems(made, "rcs", values) == ()
    assert problems(made, "whatsapp", values) == (
        "'a' has a line break, which WhatsApp does not take",
        "'b' is blank, which WhatsApp does not take",
    )


def test_a_text_that_its_values_leave_blank_is_not_sent() -> None:
    made = compiled(body=body("{{a}}"))
    for channel, name in (("sms", "SMS"), ("rcs", "RCS")):
        for value in ("", "  ", "\u200b\ufe0f"):
            assert problems(made, channel, {"a": value}) == (f"the text on {name} is blank",)


def test_only_a_few_problems_are_named() -> None:
    made = compiled(body=body("".join(f"{{{{v{number}}}}}" for number in range(60))))
    found = problems(made, "sms", {})
    assert (len(found), found[0], found[-1]) == (6, "'v0' is missing", "and 55 more")


VALUES = st.builds(
    lambda character, length, end: character * length + end,
    st.sampled_from(["x", "€", "ж", EMOJI, "\u0301", "e\u0301", " ", "\n"]),
    st.integers(0, 1_024).filter(lambda length: length < 520 or length > 1_000),
    st.sampled_from(["", "a", EMOJI]),
)
EVERYTHING = compiled(
    header={"template": "{{h}}"},
    body=body("x{{a}}{{b}}{{c}}{{a}}"),
    footer={"template": "f"},
    buttons=[
        {"type": "URL", "props": {"text": "b", "url": "https://a.example/" + "u" * 1_000 + "{{u}}"}},
        {"id": 1, "type": "COPY_CODE", "props": {}},
    ],
)


@given(st.fixed_dictionaries(dict.fromkeys("abchu", VALUES)), st.integers(1, 255))
def test_what_passes_is_within_all_limits(values: dict[str, str], sms_max_segments: int) -> None:
    for channel, most in (("sms", None), ("whatsapp", 1_028), ("rcs", 3_072)):
        got = rendering.render(EVERYTHING, channel, values, sms_max_segments=sms_max_segments)
        if isinstance(got, InvalidParameters):
            continue
        if most is None:
            assert segments.count(got.content).segments <= sms_max_segments
        else:
            assert len(got.content) <= most
        assert len(got.header or "") <= 60
        assert len(got.footer or "") <= 60
        for button in got.buttons:
            assert len(button.value) <= (2_000 if button.type == "URL" else 15)


def test_a_text_that_is_far_too_long_is_never_put_together() -> None:
    made, values = compiled(body=body("{{v}}" * 60)), {"v": 1_024 * EMOJI}
    tracemalloc.start()
    try:
        for channel in made.channels:
            assert problems(made, channel, values) != ()
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 50_000  # the text would take 245,760
