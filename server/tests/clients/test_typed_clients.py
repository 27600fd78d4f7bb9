"""What clients send whose types demand a value for every field: "", 0, [] and {} where nothing is meant.

Go and C# write every field, Java and Ruby those their builders ask for, PHP an empty map as []. Each body is followed
by what it must have made: read back, and sent.
"""

from typing import Any

import pytest

from harness import brands, samples
from harness.client import Client
from harness.server import Server

Json = dict[str, Any]
ZERO_PROPS = {"variableType": "", "mediaType": "", "url": "", "shortUrl": "", "alt": "", "regex": "", "sample": ""}
ZERO_BUTTON = {
    "activeFor": 0, "countryCode": "", "offerCode": "", "phoneNumber": "", "quickReplyType": "", "url": "",
    "urlType": "", "text": "", "otpType": "", "autofillText": "", "packageName": "", "signatureHash": "",
    "variables": [],
}  # fmt: skip
BUTTONS: dict[str, Json] = {
    "QUICK_REPLY": {"text": "Yes"},
    "URL": {"text": "Go", "url": "https://a.example/"},
    "PHONE_NUMBER": {"text": "Call", "phoneNumber": "+14155550100"},
    "VOICE_CALL": {"text": "Call"},
    "COPY_CODE": {},
}


def _body(template: str, *variables: Json, **others: Any) -> Json:
    part = {"type": "", "template": template, "variables": list(variables)}
    return {"category": "UTILITY", "language": "en_US", "definition": {"body": {"multiChannel": part}, **others}}


def _variable(number: int, name: str, kind: str = "variable", **props: Any) -> Json:
    return {"id": number, "name": name, "type": kind, "props": {**ZERO_PROPS, **props}}


def _made(http: Client, body: Json) -> Json:
    """The definition, after it was created, read, put back as it was read, and read again."""
    made = http.post("/v3/templates", body)
    assert made.status == 201, made.body
    path = f"/v3/templates/{made.data['id']}"
    read = http.get(path).data
    again = http.put(path, {"definition": read["definition"]})
    assert again.status == 200, again.body
    assert http.get(path).data["definition"] == read["definition"]
    return {**read["definition"], "id": made.data["id"]}


def _sent(http: Client, template_id: str, **parameters: Any) -> str | None:
    """The text of an SMS."""
    ref = {"id": template_id, "name": "", "parameters": parameters or []}
    body = {"to": [samples.phone()], "template": ref, "channel": ["sms"], "sandbox": True}
    answer = http.post("/v3/messages", body)
    assert answer.status == 202, answer.body
    text: str | None = answer.data["recipients"][0]["body"]
    return text


@pytest.mark.parametrize("media_type", ["", "text", "none", "TEXT", "whatever"])
def test_a_text_variable_with_all_other_props_zero(server: Server, media_type: str) -> None:
    variable = _variable(0, "name", variableType="text", sample="Jo", mediaType=media_type)
    made = _made(server.http, _body("Hello {{0:variable}}", variable))
    props = made["body"]["multiChannel"]["variables"][0]["props"]
    assert props == {
        **dict.fromkeys(ZERO_PROPS),
        "variableType": "text",
        "sample": "Jo",
        "mediaType": media_type or None,
    }
    assert _sent(server.http, made["id"], name="Ann") == "Hello Ann"


def test_a_link_and_a_medium_with_all_other_props_zero(server: Server) -> None:
    link = _variable(0, "track", "link", url="https://a.example/t")
    medium = _variable(1, "picture", "media", url="https://a.example/p.png", mediaType="image")
    made = _made(server.http, _body("See {{0:link}} and {{1:media}}", link, medium))
    assert _sent(server.http, made["id"]) == "See https://a.example/t and https://a.example/p.png"


@pytest.mark.parametrize("kind", BUTTONS)
@pytest.mark.parametrize("number", [0, 1, 7])
def test_every_type_of_button_with_all_other_props_zero(server: Server, kind: str, number: int) -> None:
    button = {"id": number, "type": kind, "props": {**ZERO_BUTTON, **BUTTONS[kind]}}
    made = _made(server.http, _body("Hello there", buttons=[button]))["buttons"]
    props = made[0]["props"]
    assert made[0]["id"] == (number or 1)
    assert {name: value for name, value in props.items() if value is not None} == BUTTONS[kind]


def test_a_button_without_a_number_gets_a_free_one_and_two_are_refused(server: Server) -> None:
    def button(number: int, text: str) -> Json:
        return {"id": number, "type": "QUICK_REPLY", "props": {**ZERO_BUTTON, "text": text}}

    made = _made(server.http, _body("Hi", buttons=[button(0, "a"), button(1, "b")]))["buttons"]
    assert [one["id"] for one in made] == [2, 1]
    twice = server.http.post("/v3/templates", _body("Hi", buttons=[button(0, "a"), button(0, "b")]))
    assert (twice.status, list(twice.details)) == (400, ["definition.buttons[1].id"])


def test_two_variables_with_one_number_stay_refused(http: Client) -> None:
    answer = http.post("/v3/templates", _body("{{a}} {{b}}", _variable(0, "a"), _variable(0, "b")))
    assert (answer.status, answer.code) == (400, "VALIDATION_001")


@pytest.mark.parametrize("kind", ["image", "video", "gif", "document"])
@pytest.mark.parametrize("variables", [[], None, [_variable(3, "photo", "media")]], ids=["[]", "null", "its own"])
def test_a_header_of_a_medium_has_an_empty_text(server: Server, kind: str, variables: Any) -> None:
    header = {"type": kind, "template": "", "variables": variables}
    made = _made(server.http, _body("Hello there", header=header))
    name = "photo" if variables else f"header_{kind}"
    assert (made["header"]["type"], [one["name"] for one in made["header"]["variables"]]) == (kind, [name])
    ref = {"id": made["id"], "parameters": {name: "https://a.example/p"}}
    answer = server.http.post("/v3/messages", {"to": [samples.phone()], "template": ref, "sandbox": True})
    assert answer.status == 202


def test_a_header_without_a_type_is_text_and_without_a_text_is_none(server: Server) -> None:
    text = _made(server.http, _body("Hello", header={"type": "", "template": "News", "variables": []}))
    assert (text["header"]["type"], text["header"]["template"]) == (None, "News")
    assert _made(server.http, _body("Hello", header={"type": "", "template": "", "variables": []}))["header"] is None
    refused = server.http.post("/v3/templates", _body("Hello", header={"type": "text", "template": ""}))
    assert list(refused.details) == ["definition.header.template"]


@pytest.mark.parametrize("footer", [{"template": ""}, {"type": "", "template": "", "variables": []}, {}, [], None])
def test_an_empty_footer_is_none(server: Server, footer: Any) -> None:
    assert _made(server.http, _body("Hello there", footer=footer))["footer"] is None


def test_a_footer_of_a_type_needs_its_text(http: Client) -> None:
    answer = http.post("/v3/templates", _body("Hello", footer={"type": "text", "template": ""}))
    assert list(answer.details) == ["definition.footer.template"]


def test_a_part_of_the_body_of_a_type_needs_its_text(http: Client) -> None:
    for part, place in (({"type": "text", "template": ""}, "body.sms.template"), ({"template": ""}, "body")):
        body = {"category": "UTILITY", "language": "en_US", "definition": {"body": {"sms": part}}}
        answer = http.post("/v3/templates", body)
        assert (answer.status, list(answer.details)) == (400, [f"definition.{place}"])


def test_everything_of_a_template_zero_but_its_text(server: Server) -> None:
    made = _body("Hello there", header=None, footer={"template": ""}, buttons=[], definitionVersion="")
    made["definition"]["authenticationConfig"] = {}
    made["definition"]["body"] |= {
        "sms": {},
        "whatsapp": {"type": "", "template": "", "variables": []},
        "rcs": None,
        "mms": {"template": "", "media": []},
    }
    zero = {"name": "", "category": "", "language": "", "creation_source": "", "auto_create_for_sp": False}
    answer = server.http.post("/v3/templates", {**made, **zero, "channels": []})
    assert answer.status == 201, answer.body
    assert (answer.data["category"], answer.data["language"]) == ("MARKETING", "en_US")
    kept = server.http.put(f"/v3/templates/{answer.data['id']}", zero).data
    assert {name: kept[name] for name in ("name", "category", "language", "status")} == {
        name: answer.data[name] for name in ("name", "category", "language", "status")
    }
    definition = {**made["definition"], "authenticationConfig": {"codeExpirationMinutes": 0}}
    assert (
        server.http.post("/v3/templates", {**made, "definition": {**definition, "authenticationConfig": []}}).status
        == 201
    )
    assert server.http.post("/v3/templates", {**made, "definition": definition}).status == 201


def test_a_flat_template_with_zero_values(server: Server) -> None:
    body = {
        "name": "", "category": "", "language": "", "channels": [], "header": {"type": "", "content": ""},
        "body": {"content": "Hi {{name}}", "variables": [{"name": "name", "type": "", "example": ""}]},
        "footer": {"content": ""}, "buttons": [{"type": "QUICK_REPLY", "text": "Yes", "url": "", "phone_number": ""}],
    }  # fmt: skip
    made = _made(server.http, body)
    assert (made["header"], made["footer"]) == (None, None)
    assert _sent(server.http, made["id"], name="Ann") == "Hi Ann"


SENDS: dict[str, Json] = {
    "an id beside no name": {"template": {"id": "ID", "name": ""}},
    "a name beside no id": {"template": {"id": "", "name": "welcome"}},
    "parameters as PHP writes none": {"template": {"name": "welcome", "parameters": []}},
    "lists, texts and times": {
        "template": {"name": "welcome", "parameters": {}}, "channel": [], "channels": [], "media_urls": [],
        "subject": "", "text": "", "scheduled_at": None, "webhook_url": "", "callback_url": "", "template_id": "",
        "variables": [], "phone_number": "", "sandbox": None,
    },
    "a channel without a name": {"template": {"name": "welcome"}, "channel": "", "channels": {}},
    "the older form, and an empty reference": {
        "template": {"id": "", "name": "", "parameters": []}, "template_id": "ID", "phone_number": "+14155550100",
    },
    "the older form": {"template": {}, "template_id": "ID", "variables": [], "phone_number": "+14155550100", "to": []},
}  # fmt: skip


@pytest.mark.parametrize("case", SENDS)
def test_a_send_with_zero_values(server: Server, case: str) -> None:
    body = {"to": [samples.phone()], **SENDS[case]}
    template = dict(body["template"])
    if template.get("id") == "ID":
        template["id"] = server.template_ids["welcome"]
    body |= {"template": template} | (
        {"template_id": server.template_ids["welcome"]} if body.get("template_id") else {}
    )
    sent = server.http.post("/v3/messages", body)
    assert sent.status == 202, sent.body
    assert sent.data["template_name"] == "welcome"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"to": []}, "to"),
        ({"to": [""]}, "to[0]"),
        ({"to": ""}, "to"),
        ({"template": {"id": "", "name": ""}}, "template"),
        ({"template": {}}, "template"),
        ({"template": []}, "template"),
        ({"channel": [""]}, "channel"),
        ({"sandbox": ""}, "sandbox"),
        ({"sandbox": 0}, "sandbox"),
    ],
    ids=str,
)
def test_what_a_send_needs_cannot_be_empty(http: Client, change: Json, named: str) -> None:
    answer = http.post("/v3/messages", {"to": [samples.phone()], "template": {"name": "welcome"}, **change})
    assert (answer.status, list(answer.details)) == (400, [named])


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (b"5", "5"), (b"-7", "-7"), (b"0", "0"), (b"true", "true"), (b"false", "false"), (b"1.5", "1.5"),
        (b"19.90", "19.90"), (b"10.0", "10.0"), (b"1e2", "100"), (b"1.0E7", "10000000"), (b"1e-7", "0.0000001"),
        (b"9007199254740993", "9007199254740993"), (b"9223372036854775807", "9223372036854775807"), (b'""', ""),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("form", ["today's", "older"])
def test_a_number_or_boolean_is_taken_as_its_text(server: Server, written: bytes, text: str, form: str) -> None:
    made = _made(server.http, _body("[{{amount}}]"))["id"].encode()
    to = samples.phone().encode()
    body = {
        "today's": b'{"to":["%s"],"template":{"id":"%s","parameters":{"amount":%s}},"channel":["sms"],"sandbox":true}',
        "older": b'{"phone_number":"%s","template_id":"%s","variables":{"amount":%s},"channel":["sms"],"sandbox":true}',
    }[form] % (to, made, written)
    answer = server.http.request("POST", "/v3/messages", body=body, headers={"content-type": "application/json"})
    assert answer.status == 202, answer.body
    assert answer.data["recipients"][0]["body"] == f"[{text}]"


def test_a_number_with_a_huge_exponent_stays_as_it_was_written(server: Server) -> None:
    made = _made(server.http, _body("[{{amount}}]"))["id"]
    for written in (b"1e300", b"1e-300", b"1E-99999999"):
        body = b'{"to":["%s"],"template":{"id":"%s","parameters":{"amount":%s}},"channel":["sms"],"sandbox":true}'
        sent = server.http.request(
            "POST", "/v3/messages", body=body % (samples.phone().encode(), made.encode(), written)
        )
        assert sent.data["recipients"][0]["body"] == f"[{written.decode()}]"


def test_a_number_beyond_64_bits_is_refused_with_the_way_out(http: Client) -> None:
    """A tracking number has 22 digits; the parser would round it, or the client has already done so."""
    body = b'{"to":["+14155550100"],"template":{"name":"welcome","parameters":{"track":9400111899223397000000}}}'
    answer = http.request("POST", "/v3/messages", body=body, headers={"content-type": "application/json"})
    assert (answer.status, answer.code) == (400, "VALIDATION_001")
    assert answer.details == {"body": ["A number is outside the 64-bit range; send it as a string"]}


def test_a_value_that_is_null_is_missing(server: Server) -> None:
    made = _made(server.http, _body("Hi {{name}}"))["id"]
    assert _sent(server.http, made, name=None, other=None) is None


@pytest.mark.parametrize("value", [[], {}, [1], {"a": 1}], ids=str)
def test_a_value_that_has_no_text_is_refused_by_name(http: Client, value: Any) -> None:
    ref = {"name": "welcome", "parameters": {"name": value, "well": "x"}}
    answer = http.post("/v3/messages", {"to": [samples.phone()], "template": ref})
    assert (answer.status, answer.details) == (400, {"template.parameters.name": ["Expected a string"]})


def test_a_webhook_with_zero_values(server: Server) -> None:
    zero = {"retry_count": 0, "timeout_seconds": 0, "signature_mode": "", "event_filters": {}, "sender_profile": None}
    made = server.http.post("/v3/webhooks", {**samples.webhook(), **zero, "url": ""})
    assert made.status == 201, made.body
    assert (made.data["retry_count"], made.data["timeout_seconds"]) == (3, 30)
    path = f"/v3/webhooks/{made.data['id']}"
    assert server.http.put(path, {"retry_count": 5, "timeout_seconds": 60}).status == 200
    kept = server.http.put(path, {**zero, "event_filters": [], "sender_profile": {}}).data
    assert (kept["retry_count"], kept["timeout_seconds"], kept["signature_mode"]) == (
        5,
        60,
        made.data["signature_mode"],
    )
    for name, empty in (("display_name", ""), ("endpoint_url", ""), ("event_types", [])):
        assert list(server.http.put(path, {name: empty}).details) == [name]


def test_a_contact_with_zero_values(http: Client) -> None:
    made = http.post("/v3/contacts", {"phone_number": samples.phone()}).data
    path = f"/v3/contacts/{made['id']}"
    assert http.patch(path, {"default_channel": "whatsapp"}).status == 200
    assert http.patch(path, {"default_channel": "", "opt_out": False}).data["default_channel"] == "whatsapp"
    assert list(http.patch(path, {"phone_number": ""}).details) == ["phone_number"]


ZERO_PROFILE: Json = {
    "billing_model": "", "short_name": "", "icon": "", "description": "", "brand": {}, "payment_details": {},
    "billing_contact": {}, "settings": [],
}  # fmt: skip


def test_a_profile_with_zero_values(server: Server) -> None:
    made = server.http.post("/v3/profiles", {"name": "Typed", **ZERO_PROFILE})
    assert made.status == 201, made.body
    assert (made.data["billing_model"], made.data["icon"], made.data["short_name"]) == ("profile", None, None)
    path = f"/v3/profiles/{made.data['id']}"
    contact = {"name": "Ann", "email": "ann@example.com", "phone": "", "address": ""}
    full = {"short_name": "TYPED", "icon": "https://a.example/i.png", "description": "d", "billing_contact": contact}
    before = server.http.patch(path, full).data
    zero = {**ZERO_PROFILE, "brand": [], "payment_details": [], "billing_contact": [], "sending_phone_number": ""}
    after = server.http.patch(path, {**zero, "sending_phone_number_profile_id": ""})
    assert after.status == 200, after.body
    assert {**after.data, "updated_at": None} == {**before, "updated_at": None}
    assert list(server.http.patch(path, {"name": ""}).details) == ["name"]
    refused = server.http.patch(path, {"billing_contact": {"name": "", "email": ""}})
    assert set(refused.details) == {"billing_contact.name", "billing_contact.email"}


def test_a_brand_and_a_campaign_with_zero_values(server: Server) -> None:
    http = server.create_account("Typed", tier="unlimited").http
    brand = brands.own(http)
    zero_business = dict.fromkeys(("taxId", "taxIdType", "entityType", "street", "city", "country"), "")
    nested = samples.nested_brand(destinationCountries=[], notes="", phoneNumberPrefix="")
    body = {"brand": {**nested, "business": {**zero_business, "url": "", "legalName": ""}}}
    assert http.put(f"/v3/brands/{brand['id']}", body).status == 200
    flat = samples.brand(**zero_business, destinationCountries=[], notes="", businessUrl="")
    assert http.put(f"/v3/brands/{brand['id']}", flat).status == 200
    links = dict.fromkeys(("privacyPolicyLink", "termsAndConditionsLink", "optinMessage", "helpKeywords"), "")
    made = http.post(f"/v3/brands/{brand['id']}/campaigns", samples.campaign(**links, type="", volume=""))
    assert made.status == 201, made.body
    assert (made.data["type"], made.data["privacyPolicyLink"]) == ("App", None)
    refused = http.post(f"/v3/brands/{brand['id']}/campaigns", samples.campaign(name=""))
    assert list(refused.details) == ["campaign.name"]


@pytest.mark.parametrize("body", [b"{}", b"[]", b" [ ] ", b'{"_":true}', b""], ids=repr)
def test_mutations_that_need_nothing_take_any_empty_body(server: Server, body: bytes) -> None:
    http = server.http
    contact = http.post("/v3/contacts", {"phone_number": samples.phone()}).data["id"]
    template = http.post("/v3/templates", samples.template()).data["id"]
    webhook = http.post("/v3/webhooks", samples.webhook()).data["id"]
    user = http.post("/v3/users", samples.user()).data["id"]
    calls = [
        ("PATCH", f"/v3/contacts/{contact}"), ("DELETE", f"/v3/contacts/{contact}"),
        ("PUT", f"/v3/templates/{template}"), ("DELETE", f"/v3/templates/{template}"),
        ("PUT", f"/v3/webhooks/{webhook}"), ("POST", f"/v3/webhooks/{webhook}/rotate-secret"),
        ("DELETE", f"/v3/webhooks/{webhook}"), ("DELETE", f"/v3/users/{user}"),
    ]  # fmt: skip
    for method, path in calls:
        answer = http.request(method, path, body=body, headers={"content-type": "application/json"})
        assert answer.status in (200, 204), (method, path, answer.body)


LISTS = {
    "/v3/contacts": ["search", "channel", "phone"],
    "/v3/templates": ["search", "status", "category", "is_welcome_playground"],
    "/v3/webhooks": ["search", "is_active"],
    "/v3/webhooks/event-types": [],
    "/v3/users": [],
    "/v3/profiles": [],
    "/v3/webhooks/{id}/events": ["search", "status", "event_type"],
}


@pytest.mark.parametrize("path", LISTS)
def test_lists_take_empty_filters_and_a_page_that_is_always_sent(server: Server, path: str) -> None:
    if "{id}" in path:
        path = path.replace("{id}", server.http.post("/v3/webhooks", samples.webhook()).data["id"])
    names = [name for known, names in LISTS.items() for name in names if known.split("/")[2] == path.split("/")[2]]
    plain = server.http.get(path, query={"page": "1", "page_size": "20"})
    empty = server.http.get(path, query={"page": "1", "page_size": "20", **dict.fromkeys(names, "")})
    assert (plain.status, empty.status) == (200, 200)
    assert server.http.get(path, query={"page": "", "page_size": "", "limit": ""}).status == 200
