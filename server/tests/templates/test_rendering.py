"""From a template and parameters to what a carrier gets."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.carriers.base import Button, Content
from sent_server.templates import definition, rendering
from sent_server.templates.rendering import Compiled, InvalidParameters


def compiled(**tree: Any) -> Compiled:
    return rendering.compile(definition.parse(tree))


def body(text: str, *variables: dict[str, Any]) -> dict[str, Any]:
    return {"multiChannel": {"template": text, "variables": list(variables) or None}}


def variable(name: str, kind: str = "variable", **props: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "props": props}


def test_sms_has_the_body_only_and_the_others_have_everything() -> None:
    made = compiled(
        header={"template": "For {{name}}"},
        body=body("Hi {{name}}"),
        footer={"template": "Bye"},
        buttons=[{"type": "QUICK_REPLY", "props": {"text": "Yes"}}],
    )
    rich = Content("Hi Jo", "For Jo", "Bye", (Button("QUICK_REPLY", "Yes", "Yes"),))
    assert rendering.render(made, "sms", {"name": "Jo"}) == Content("Hi Jo")
    assert rendering.render(made, "whatsapp", {"name": "Jo"}) == rich
    assert rendering.render(made, "rcs", {"name": "Jo"}) == rich


def test_a_channels_own_body_overrides_the_common_one() -> None:
    made = compiled(body={"multiChannel": {"template": "all"}, "sms": {"template": "short"}})
    said = {channel: rendering.render(made, channel, {}) for channel in made.channels}
    assert said == {"sms": Content("short"), "whatsapp": Content("all"), "rcs": Content("all")}


def test_rcs_does_not_borrow_the_body_of_whatsapp() -> None:
    assert compiled(body={"whatsapp": {"template": "x"}}).channels == {"whatsapp"}
    assert compiled(body={"sms": {"template": "x"}, "rcs": {"template": "y"}}).channels == {"sms", "rcs"}


def test_every_missing_or_refused_value_is_named_once_and_unknown_ones_are_ignored() -> None:
    made = compiled(body=body("{{a}} {{b}} {{a}} {{c}}", variable("a"), variable("b", regex=r"^\d+$"), variable("c")))
    got = rendering.render(made, "sms", {"b": "x", "c": "ok", "z": "?"})
    assert got == InvalidParameters(("'a' is missing", r"'b' does not match ^\d+$"))
    assert rendering.render(made, "sms", {"a": "1", "b": "2", "c": "3"}) == Content("1 2 1 3")


def test_values_have_a_greatest_length() -> None:
    made = compiled(body=body("{{a}} {{b}}", variable("a"), variable("b", regex=".")))
    got = rendering.render(made, "sms", {"a": "x" * 1_025, "b": "y" * 257})
    assert isinstance(got, InvalidParameters)
    assert [problem.split(" than ")[1].split(" char")[0] for problem in got.problems] == ["1024", "the 256"]


def test_a_value_is_never_read_as_a_placeholder() -> None:
    made = compiled(body=body("{{a}} {{b}}"))
    assert rendering.render(made, "sms", {"a": "{{b}}", "b": "{{0:variable}}"}) == Content("{{b}} {{0:variable}}")


def test_numbered_placeholders_take_the_number_as_a_name_too() -> None:
    made = compiled(body=body("{{1}} and {{2}}"))
    assert rendering.render(made, "sms", {"1": "x", "var_2": "y"}) == Content("x and y")


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
    assert rendering.render(made, "whatsapp", {}) == Content("See https://a.example/s", "https://a.example/p.png")
    assert rendering.render(made, "sms", {"page": "https://b.example"}) == Content("See https://b.example")


def test_the_extras_of_authentication() -> None:
    made = compiled(
        body=body("{{code}} is your code."),
        buttons=[{"type": "COPY_CODE", "props": {"otpType": "COPY_CODE"}}],
        authenticationConfig={"addSecurityRecommendation": True, "codeExpirationMinutes": 1},
    )
    text = "123456 is your code. For your security, do not share this code."
    assert rendering.render(made, "sms", {"code": "123456"}) == Content(text)
    assert rendering.render(made, "whatsapp", {"code": "123456"}) == Content(
        text, None, "This code expires in 1 minute.", (Button("COPY_CODE", "Copy code", "123456"),)
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
    assert isinstance(got, Content)
    assert got.buttons == (Button(button["type"], "b", value),)


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
    if not "".join(literals).strip():
        literals[0] = "x"
    named = [f"v{number}" for number in range(len(literals) - 1)]
    text = literals[0] + "".join(f"{{{{{name}}}}}{literal}" for name, literal in zip(named, literals[1:], strict=True))
    values = {name: data.draw(st.text(max_size=30)) for name in named}
    expected = literals[0] + "".join(values[n] + literal for n, literal in zip(named, literals[1:], strict=True))
    assert rendering.render(compiled(body=body(text)), "sms", values) == Content(expected)
