"""Templates exactly at their limits, in every spelling of a placeholder: what is accepted is never dead.

`{{name}}` is stored as the longer `{{0:variable}}`; the limits were once applied to that form too, when it was read.
"""

import string
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from harness import samples
from harness.client import Client, Response
from harness.server import Server
from sent_server.carriers.base import MessageContent
from sent_server.templates import definition as definitions
from sent_server.templates import parts, placeholders, rendering, stored_form

Json = dict[str, Any]
SPELLINGS = ["{{name}}", "{{ name }}", "{{1}}", "{{0}}", "{{v}}"]
CHANNELS = ["multiChannel", "sms", "whatsapp", "rcs"]


def _filled(length: int, placeholder: str) -> str:
    return "x" * (length - len(placeholder)) + placeholder


def _lives(http: Client, made: Response) -> None:
    """Read, listed, put back as it was read, renamed and sent."""
    assert made.status == 201, made.body
    path = f"/v3/templates/{made.data['id']}"
    read = http.get(path)
    assert read.status == 200
    assert http.get("/v3/templates", query={"page_size": "100"}).status == 200
    assert http.put(path, {"definition": read.data["definition"]}).status == 200
    assert http.get(path).data["definition"] == read.data["definition"]
    assert http.put(path, {"name": "renamed", "footer": None}).status == 200
    ref = {"id": made.data["id"], "parameters": dict.fromkeys(read.data["variables"], "a")}
    sent = http.post("/v3/messages", {"to": [samples.phone()], "template": ref, "sandbox": True})
    assert sent.status in (202, 422), sent.body  # a draft is not for WhatsApp


@pytest.mark.parametrize("placeholder", ["", *SPELLINGS])
@pytest.mark.parametrize("channel", CHANNELS)
def test_a_body_at_its_limit(server: Server, channel: str, placeholder: str) -> None:
    def body(length: int) -> Json:
        return {"definition": {"body": {channel: {"template": _filled(length, placeholder)}}}}

    _lives(server.http, server.http.post("/v3/templates", body(parts.MAX_BODY)))
    refused = server.http.post("/v3/templates", body(parts.MAX_BODY + 1))
    assert list(refused.details) == [f"definition.body.{channel}.template"]
    path = f"/v3/templates/{server.http.post('/v3/templates', samples.template()).data['id']}"
    assert server.http.put(path, body(parts.MAX_BODY)).status == 200
    assert server.http.get(path).status == 200
    assert list(server.http.put(path, body(parts.MAX_BODY + 1)).details) == list(refused.details)


@pytest.mark.parametrize("placeholder", ["", *SPELLINGS])
@pytest.mark.parametrize("part", ["header", "footer"])
def test_a_header_and_a_footer_at_their_limits(server: Server, part: str, placeholder: str) -> None:
    def body(length: int) -> Json:
        return {"definition": {"body": {"sms": {"template": "Hi"}}, part: {"template": _filled(length, placeholder)}}}

    _lives(server.http, server.http.post("/v3/templates", body(parts.MAX_HEADER)))
    refused = server.http.post("/v3/templates", body(parts.MAX_HEADER + 1))
    assert list(refused.details) == [f"definition.{part}.template"]
    path = f"/v3/templates/{server.http.post('/v3/templates', samples.template()).data['id']}"
    assert server.http.put(path, body(parts.MAX_HEADER)).status == 200
    assert server.http.get(path).status == 200


@pytest.mark.parametrize("placeholder", ["", "{{name}}", "{{v}}"])
def test_a_buttons_url_and_text_at_their_limits(server: Server, placeholder: str) -> None:
    def body(length: int, text: str = "t" * 25) -> Json:
        url = "https://a.example/" + _filled(length - 18, placeholder)
        return {
            "definition": {
                "body": {"sms": {"template": "Hi"}},
                "buttons": [{"type": "URL", "props": {"text": text, "url": url}}],
            }
        }

    _lives(server.http, server.http.post("/v3/templates", body(2_000)))
    for refused, name in ((body(2_001), "url"), (body(100, "t" * 26), "text")):
        assert list(server.http.post("/v3/templates", refused).details) == [f"definition.buttons[0].props.{name}"]


def test_as_many_placeholders_as_fit(server: Server) -> None:
    _lives(server.http, server.http.post("/v3/templates", samples.template("{{v}}" * 205)))


def test_the_flat_form_at_its_limits(server: Server) -> None:
    body = {
        "name": "flat",
        "header": {"content": _filled(60, "{{name}}")},
        "body": {"content": _filled(1_028, "{{name}}")},
        "footer": {"content": "f" * 60},
    }
    made = server.http.post("/v3/templates", body)
    _lives(server.http, made)
    path = f"/v3/templates/{made.data['id']}"
    assert server.http.put(path, {"body": {"content": "y" * 1_028}}).status == 200
    assert server.http.get(path).data["definition"]["header"]["template"].startswith("xxx")


@pytest.mark.parametrize("text", ["".join(f"{{{{n{number}}}}}" for number in range(101)), f"{{{{{'n' * 101}}}}}"])
def test_texts_that_declare_too_much_are_refused_in_words(http: Client, text: str) -> None:
    answer = http.post("/v3/templates", samples.template(text))
    assert list(answer.details) == ["definition.body.multiChannel.template"]


def test_the_stored_form_loads_whatever_limits_are_lowered_later() -> None:
    found = definitions.parse(
        {
            "header": {"type": "text", "template": "For {{who}}"},
            "body": {"sms": {"template": "Hi {{a}}"}, "whatsapp": {"template": "Hello"}},
            "footer": {"template": "Bye"},
            "buttons": [{"type": "URL", "props": {"text": "Go", "url": "https://a.example/{{path}}"}}],
        }
    )
    stored = orjson.loads(stored_form.dump(found))
    stored["header"] |= {"type": "hologram", "template": "h" * 5_000}
    stored["body"]["sms"]["template"] = "b" * 100_000
    stored["buttons"] *= 50
    stored["buttons"][3]["type"] = "HANDSHAKE"
    loaded = stored_form.load(orjson.dumps(stored).decode())
    assert stored_form.load(stored_form.dump(found)) == found
    assert loaded.header
    assert (loaded.header.type, len(loaded.body.parts[0].template), len(loaded.buttons or [])) == (
        "hologram",
        100_000,
        50,
    )
    assert orjson.loads(stored_form.dump(loaded)) == stored


@pytest.mark.parametrize(
    ("regex", "value", "expected"),
    [
        ("^(a|b){256}$", "ab" * 128, None),
        ("^(a|b){256}$", "ab", "'who' does not match ^(a|b){256}$"),
        ("(?=a)", "a", "'who' cannot be checked, change its regex in the template: "),
        ("(", "a", "'who' cannot be checked, change its regex in the template: "),
    ],
)
def test_a_stored_regex_beyond_the_rules_of_today_fails_messages_at_most(
    regex: str, value: str, expected: str | None
) -> None:
    stored = orjson.loads(stored_form.dump(definitions.parse({"body": {"sms": {"template": "Hi {{who}}"}}})))
    stored["body"]["sms"]["variables"][0]["props"]["regex"] = regex
    compiled = rendering.compile_stored(orjson.dumps(stored).decode())
    made = rendering.render(compiled, "sms", {"who": value})
    if expected is None:
        assert isinstance(made, MessageContent)
    else:
        assert isinstance(made, rendering.InvalidParameters)
        assert made.problems[0].startswith(expected)


NAMES = st.sampled_from(["a", "name", "Long_Name_of_a_variable", "x" * 100, "v1"])
PLACEHOLDERS = st.one_of(
    NAMES.map(lambda name: f"{{{{{name}}}}}"),
    st.integers(0, 12).map(lambda number: f"{{{{{number}}}}}"),
    st.integers(0, 3).map(lambda number: f"{{{{{number}:variable}}}}"),
)
FILLERS = st.integers(0, 1_100).map(lambda count: "x" * count)
TEXTS = st.lists(st.one_of(FILLERS, PLACEHOLDERS, st.text(string.printable, max_size=5)), min_size=1, max_size=30).map(
    "".join
)
VARIABLES = st.one_of(
    st.none(),
    st.lists(
        st.builds(
            lambda number, name: {"id": number, "name": name, "type": "variable"}, st.integers(0, 4) | st.none(), NAMES
        ),
        max_size=4,
    ),
)
PARTS = st.fixed_dictionaries({"template": TEXTS, "variables": VARIABLES})
SHORT = st.one_of(
    st.none(), st.fixed_dictionaries({"template": TEXTS.map(lambda text: text[-70:]), "variables": VARIABLES})
)
URLS = st.one_of(st.integers(0, 2_100).map(lambda count: "https://a.example/" + "x" * count), PLACEHOLDERS).flatmap(
    lambda start: PLACEHOLDERS.map(lambda end: ("https://a.example/" if start.startswith("{") else start) + end)
)
BUTTON = st.builds(lambda url: {"type": "URL", "props": {"text": "Go", "url": url}}, URLS)
# An enumeration has its members by its metaclass.
ANY_HEALTH: Any = [*HealthCheck]
DEFINITIONS = st.fixed_dictionaries(
    {"body": st.dictionaries(st.sampled_from(CHANNELS), PARTS, min_size=1), "header": SHORT, "footer": SHORT},
    optional={"buttons": st.lists(BUTTON, max_size=2)},
)


@pytest.mark.parametrize("number", [1, 2])
def test_a_url_with_a_variable_whose_name_occurs_twice_comes_back_as_the_same(number: int) -> None:
    variables = [
        {"id": place, "name": "a", "type": "variable", "props": {"regex": regex}}
        for place, regex in enumerate(("[0-9]+", "[a-z]+"))
    ]
    button = {"type": "URL", "props": {"text": "Go", "url": f"https://a.example/{{{{{number}}}}}"}}
    found = definitions.parse(
        {"body": {"multiChannel": {"template": "x", "variables": variables}}, "buttons": [button]}
    )
    shown = definitions.shown(found)
    assert shown["buttons"][0]["props"]["url"] == f"https://a.example/{{{{{number - 1}:variable}}}}"
    assert stored_form.dump(definitions.parse(shown)) == stored_form.dump(found)


@settings(max_examples=300, deadline=None, suppress_health_check=ANY_HEALTH)
@given(DEFINITIONS)
def test_what_is_accepted_can_be_stored_read_put_back_and_rendered(given_tree: Json) -> None:
    try:
        found = definitions.parse(given_tree)
    except ValidationError:
        return
    loaded = stored_form.load(stored_form.dump(found))
    assert loaded == found
    assert stored_form.dump(definitions.parse(definitions.shown(loaded))) == stored_form.dump(found)
    assert loaded.merged({"footer": None}).footer is None
    compiled = rendering.compile(loaded)
    parameters = {one.name: "https://a.example/x" if one.type == "media" else "a" for one in loaded.variables}
    for channel in compiled.channels:
        assert not isinstance(rendering.render(compiled, channel, parameters), rendering.InvalidParameters)


@settings(max_examples=25, deadline=None, suppress_health_check=ANY_HEALTH)
@given(DEFINITIONS)
def test_what_the_server_accepts_lives(server: Server, given_tree: Json) -> None:
    made = server.http.post("/v3/templates", {"definition": given_tree})
    if made.status != 400:
        _lives(server.http, made)


@given(TEXTS)
def test_a_rewritten_text_is_never_longer_than_the_given_one(text: str) -> None:
    found = placeholders.resolve(text, [])
    if not found.problems:
        assert placeholders.length(found.text) <= placeholders.length(text)
