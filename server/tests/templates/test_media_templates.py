"""What newer templates hold: copy for MMS, media and places as headers, variables of buttons, names and ids."""

from typing import Any

import pytest

from harness.client import Client
from sent_server.carriers.base import Attachment, HeaderMedia, Location, MessageContent
from sent_server.templates import definition, rendering, stored_form
from sent_server.templates.rendering import InvalidParameters

Json = dict[str, Any]
PIN = {"latitude": "52.52", "longitude": "13.405", "name": "Shop", "address": "Main Street 1"}
PICTURE = "https://cdn.example.com/menu.jpg"


def body(**parts: Any) -> Json:
    return {"definition": {"body": {"multiChannel": {"template": "Hello there"}, **parts}}}


def with_header(**header: Any) -> Json:
    made = body()
    made["definition"]["header"] = header
    return made


def stored(http: Client, wanted: Json) -> Json:
    """The definition as it is read back, which can be written back and changes nothing."""
    made = http.post("/v3/templates", wanted)
    assert made.status == 201, made.body
    path = f"/v3/templates/{made.data['id']}"
    read = http.get(path).data
    assert http.put(path, read).data == made.data
    return read["definition"]


def refused(http: Client, wanted: Json) -> list[str]:
    answer = http.post("/v3/templates", wanted)
    assert (answer.status, answer.code) == (400, "VALIDATION_001"), answer.body
    return [name.removeprefix("definition.") for name in answer.details]


def rendered(wanted: Json, channel: str, **parameters: str) -> MessageContent | InvalidParameters:
    text = stored_form.dump(definition.parse(wanted["definition"]))
    return rendering.render(rendering.compile_stored(text), channel, parameters)


def test_the_copy_for_mms_is_kept_with_its_media_and_subject(http: Client) -> None:
    mms = {"template": "Our menu, {{name}}", "subject": "Menu", "media": [{"url": PICTURE, "mediaType": "image"}]}
    wanted = body(mms=mms)
    kept = stored(http, wanted)["body"]["mms"]
    assert (kept["subject"], kept["media"]) == ("Menu", [{"url": PICTURE, "mediaType": "image"}])
    content = rendered(wanted, "mms", name="Jo")
    assert content == MessageContent("Our menu, Jo", media=(Attachment(PICTURE, "image"),), subject="Menu")
    assert rendered(wanted, "sms") == MessageContent("Hello there")


def test_the_copy_for_mms_may_be_media_alone(http: Client) -> None:
    wanted = body(mms={"template": "", "type": "", "variables": [], "media": [{"url": PICTURE}]})
    assert stored(http, wanted)["body"]["mms"]["template"] == ""
    assert rendered(wanted, "mms") == MessageContent("", media=(Attachment(PICTURE),))


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        ({"mms": {"template": "", "subject": "x"}}, ["body.mms.template"]),
        ({"mms": {"template": "x", "media": [{"url": "http://a.example/x"}]}}, ["body.mms.media[0].url"]),
        ({"mms": {"template": "x", "media": [{"url": f"https://a.example/{'x' * 2_048}"}]}}, ["body.mms.media[0].url"]),
        ({"mms": {"template": "x", "media": [{"url": PICTURE}] * 11}}, ["body.mms.media"]),
        ({"mms": {"template": "x", "subject": "x" * 256}}, ["body.mms.subject"]),
        ({"mms": {"template": "x {{9:variable}}"}}, ["body.mms.template"]),
        ({"multiChannel": None, "mms": {"template": "x", "media": [{"url": PICTURE}]}}, ["body"]),
    ],
)
def test_a_copy_for_mms_that_cannot_go_is_refused(http: Client, parts: Json, place: list[str]) -> None:
    assert refused(http, body(**parts)) == place


def test_channels_are_those_with_a_body_and_variables_follow_their_order(http: Client) -> None:
    wanted: Json = {
        "definition": {
            "header": {"template": "{{h}}"},
            "body": {"mms": {"template": "{{m}}"}, "sms": {"template": "{{s}}"}, "rcs": {"template": "{{r}}"}},
            "footer": {"template": "f"},
        }
    }
    made = http.post("/v3/templates", wanted).data
    assert (made["channels"], made["variables"]) == (["sms", "rcs", "mms"], ["h", "s", "r", "m"])
    assert http.post("/v3/templates", body()).data["channels"] == ["sms", "whatsapp", "rcs", "mms"]


@pytest.mark.parametrize("kind", ["image", "video", "gif", "document"])
def test_the_medium_of_a_header_is_the_parameter_of_its_kind(kind: str) -> None:
    wanted, name = with_header(type=kind, template=""), f"header_{kind}"
    content = rendered(wanted, "whatsapp", **{name: PICTURE})
    assert isinstance(content, MessageContent)
    assert (content.header_media, content.header) == (HeaderMedia(kind, PICTURE), PICTURE)
    assert rendered(wanted, "whatsapp") == InvalidParameters((f"'{name}' is missing",))
    assert rendered(wanted, "sms") == MessageContent("Hello there")
    for bad in ("http://a.example/x", "cid:7", "https://", "https://a.example/a b", "x"):
        assert rendered(wanted, "whatsapp", **{name: bad}) == InvalidParameters((f"'{name}' must be an https URL",))
    named = with_header(type=kind, template="{{pic}}", variables=[{"name": "pic", "type": "media", "props": {}}])
    for parameter in ("pic", name):
        content = rendered(named, "rcs", **{parameter: PICTURE})
        assert isinstance(content, MessageContent)
        assert content.header_media == HeaderMedia(kind, PICTURE)


def test_the_file_of_a_template_stands_in_for_a_parameter() -> None:
    own: Json = {"name": "pic", "type": "media", "props": {"url": PICTURE}}
    content = rendered(with_header(type="image", template="", variables=[own]), "whatsapp")
    assert isinstance(content, MessageContent)
    assert content.header_media == HeaderMedia("image", PICTURE)


def test_a_place_is_a_header_without_a_text(http: Client) -> None:
    wanted = with_header(type="location", template="", location=PIN)
    kept = stored(http, wanted)["header"]
    assert (kept["type"], kept["template"], kept["location"]) == ("location", "", PIN)
    content = rendered(wanted, "whatsapp")
    assert content == MessageContent("Hello there", header="Shop, Main Street 1", location=Location(**PIN))


@pytest.mark.parametrize(
    ("header", "place"),
    [
        ({"type": "location"}, "header.location"),
        ({"type": "location", "location": {**PIN, "latitude": "91"}}, "header.location.latitude"),
        ({"type": "location", "location": {**PIN, "longitude": "east"}}, "header.location.longitude"),
        ({"type": "location", "location": {**PIN, "name": ""}}, "header.location.name"),
        ({"type": "text", "template": "x", "location": PIN}, "header.location"),
        ({"type": "text", "template": ""}, "header.template"),
        ({"type": "hologram", "template": "x"}, "header.type"),
    ],
)
def test_a_header_that_cannot_be_shown_is_refused(http: Client, header: Json, place: str) -> None:
    assert refused(http, with_header(**header)) == [place]


def test_settings_of_a_header_without_effect_are_kept(http: Client) -> None:
    wanted = with_header(type="image", template="", static_resource=True, example_url="https://a.example/x.png")
    assert stored(http, wanted)["header"]["static_resource"] is True
    assert "static_resource" not in stored(http, with_header(type="text", template="x"))["header"]


def test_the_variables_of_a_button_belong_to_its_url(http: Client) -> None:
    variable = {"id": 3, "name": "order", "type": "variable", "props": {}}
    props: Json = {"text": "Track", "url": "https://a.example/{{3:variable}}", "variables": [variable]}
    made = body()
    made["definition"]["buttons"] = [{"id": 1, "type": "URL", "props": props}]
    (button,) = stored(http, made)["buttons"]
    assert button["props"]["url"] == "https://a.example/{{order}}"
    assert [(one["id"], one["name"]) for one in button["props"]["variables"]] == [(3, "order")]
    for wrong, place in (
        ({"url": "https://a.example/{{3:variable}}/x"}, "buttons[0].props.url"),
        ({"url": "https://a.example/{{4:variable}}"}, "buttons[0].props.url"),
    ):
        made["definition"]["buttons"][0]["props"] = {**props, **wrong}
        assert refused(http, made) == [place]
    made["definition"]["buttons"] = [{"type": "QUICK_REPLY", "props": {"text": "Yes", "variables": [variable]}}]
    assert refused(http, made) == ["buttons[0].props.variables"]


def test_an_omitted_id_is_0_and_two_equal_ids_are_refused(http: Client) -> None:
    def two(first: int | None, second: int | None) -> Json:
        variables = [
            {**({} if number is None else {"id": number}), "name": name, "type": "variable", "props": {}}
            for number, name in ((first, "a"), (second, "b"))
        ]
        return body(multiChannel={"template": "{{a}} {{b}}", "variables": variables})

    for given, ids in ((two(None, 7), [0, 7]), (two(4, 0), [4, 0])):
        kept = stored(http, given)["body"]["multiChannel"]["variables"]
        assert [one["id"] for one in kept] == ids
    for given in (two(None, None), two(None, 0), two(5, 5)):
        assert refused(http, given) == ["body.multiChannel.variables[1].id"]
    made = body()
    made["definition"]["buttons"] = [{"type": "QUICK_REPLY", "props": {"text": text}} for text in "ab"]
    assert refused(http, made) == ["buttons[1].id"]


@pytest.mark.parametrize("name", ["sent_otp", "Sent_News", "SENT_"])
def test_names_of_the_provider_are_refused(http: Client, name: str) -> None:
    made = http.post("/v3/templates", {**body(), "name": "mine"}).data
    for answer in (
        http.post("/v3/templates", {**body(), "name": name}),
        http.put(f"/v3/templates/{made['id']}", {"name": name}),
    ):
        assert (answer.status, answer.code, list(answer.details)) == (400, "VALIDATION_001", ["name"])
    derived = http.post("/v3/templates", body(multiChannel={"template": "Sent to you"})).data
    assert derived["name"].startswith("template_sent_to_you")


def test_a_template_names_the_account_that_asks(http: Client) -> None:
    made = http.post("/v3/templates", body()).data
    listed = next(one for one in http.get("/v3/templates").data["templates"] if one["id"] == made["id"])
    us = http.get("/v3/me").data["id"]
    assert [one["customer_id"] for one in (made, listed, http.get(f"/v3/templates/{made['id']}").data)] == [us] * 3
    assert "auto_reply_action" not in made
