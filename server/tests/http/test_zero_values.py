"""Empty forms that typed clients write for what they do not set: each means the same as leaving the field out.

One row per form that a published client is known to send. `server/tests/contract/test_faults.py` tests the fields of
the schema in general; here are those that belong together, and values of another kind.
"""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from harness import contract, samples
from harness.routes import Entry, entries
from harness.server import Server

Json = dict[str, Any]
Change = Callable[[Json], None]
MEDIA = [{"url": "https://cdn.example.com/menu.jpg"}]
ENTRIES = {entry.name: entry for entry in entries()}


def _template() -> Json:
    body = samples.template("Hello {{0:variable}}", "name")
    definition = body["definition"]
    definition["header"] = {"type": "text", "template": "Hi"}
    definition["footer"] = {"type": "text", "template": "Bye"}
    definition["buttons"] = [{"id": 1, "type": "QUICK_REPLY", "props": {"text": "Yes", "quickReplyType": "custom"}}]
    return body


def _send() -> Json:
    return {"to": [samples.phone()], "template": {"name": "welcome", "parameters": {"name": "Ann"}}}


def _profile() -> Json:
    return {"name": "A profile of zero values"}


BODIES: dict[str, Callable[[], Json]] = {
    "POST /v3/templates": _template,
    "PUT /v3/templates/{id}": _template,
    "POST /v3/messages": _send,
    "POST /v3/webhooks": samples.webhook,
    "PUT /v3/webhooks/{id}": samples.webhook,
    "PATCH /v3/contacts/{id}": lambda: {"opt_out": True},
    "POST /v3/profiles": _profile,
    "PATCH /v3/profiles/{profileId}": lambda: {"description": "described"},
    "POST /v3/brands": samples.brand,
    "POST /v3/brands/{brandId}/campaigns": samples.campaign,
    "POST /v3/channels/sms": lambda: {"country": "GB", "number_type": "LOCAL"},
    "POST /v3/sender-profiles": lambda: {"name": "Shop", "short_name": "SHOP"},
}
TEMPLATES = ("POST /v3/templates", "PUT /v3/templates/{id}")
WEBHOOKS = ("POST /v3/webhooks", "PUT /v3/webhooks/{id}")
PROFILES = ("POST /v3/profiles", "PATCH /v3/profiles/{profileId}")
VARIABLE = "definition.body.multiChannel.variables.0"
BUTTON = "definition.buttons.0"
# Where, and the values that stand for nothing there.
FORMS: list[tuple[tuple[str, ...], str, list[Any]]] = [
    *[
        (TEMPLATES, f"{VARIABLE}.props.{name}", [None, ""])
        for name in ("mediaType", "url", "sample", "variableType", "shortUrl", "alt", "regex")
    ],
    (TEMPLATES, f"{VARIABLE}.props.mediaType", ["text", "none"]),
    (TEMPLATES, f"{VARIABLE}.id", [0]),
    (TEMPLATES, f"{BUTTON}.props.activeFor", [0, None]),
    *[
        (TEMPLATES, f"{BUTTON}.props.{name}", ["", None])
        for name in ("countryCode", "offerCode", "phoneNumber", "quickReplyType", "url", "urlType", "otpType")
    ],
    (TEMPLATES, f"{BUTTON}.props.variables", [[], None]),
    (TEMPLATES, f"{BUTTON}.id", [0]),
    (TEMPLATES, "definition.header.type", ["", None]),
    (TEMPLATES, "definition.header.variables", [[], None]),
    (TEMPLATES, "definition.header.location", [None, {}]),
    (TEMPLATES, "definition.header.example_url", ["", None]),
    (TEMPLATES, "definition.header", [None, {}, []]),
    (TEMPLATES, "definition.footer", [None, {}, [], {"template": ""}, {"template": "", "type": "", "variables": []}]),
    (TEMPLATES, "definition.body.multiChannel.type", ["", None]),
    (TEMPLATES, "definition.body.mms", [None, {}, {"template": "", "media": []}]),
    (TEMPLATES, "definition.buttons", [[], None]),
    (TEMPLATES, "definition.authenticationConfig", [None, {}, []]),
    (TEMPLATES, "definition.definitionVersion", ["", None]),
    *[(TEMPLATES, name, ["", None]) for name in ("category", "language", "creation_source", "name")],
    (("POST /v3/templates",), "auto_create_for_sp", [False]),
    (("POST /v3/messages",), "template.id", ["", None]),
    (("POST /v3/messages",), "text", ["", None]),
    (("POST /v3/messages",), "channel", [[], None, ""]),
    (("POST /v3/messages",), "channels", [{}, [], None, ""]),
    (("POST /v3/messages",), "channels", [{"sms": []}, {"sms": [{"country": "", "strategy": "", "from": []}]}]),
    (("POST /v3/messages",), "media_urls", [[], None]),
    (("POST /v3/messages",), "subject", ["", None]),
    (("POST /v3/messages",), "scheduled_at", [None, ""]),
    (WEBHOOKS, "event_filters", [{}, [], None]),
    (WEBHOOKS, "sender_profile", [{}, [], None]),
    (WEBHOOKS, "retry_count", [0, None]),
    (WEBHOOKS, "timeout_seconds", [0, None]),
    (("PATCH /v3/contacts/{id}",), "default_channel", ["", None]),
    *[(PROFILES, name, ["", None]) for name in ("billing_model", "short_name", "icon", "description")],
    *[(PROFILES, name, [{}, [], None]) for name in ("brand", "payment_details", "billing_contact")],
    *[
        (("POST /v3/brands",), name, ["", None])
        for name in ("taxIdType", "entityType", "notes", "phoneNumberPrefix", "businessUrl", "street", "city")
    ],
    (("POST /v3/brands",), "destinationCountries", [[], None]),
    *[
        (("POST /v3/brands/{brandId}/campaigns",), f"campaign.{name}", ["", None])
        for name in (
            "volume",
            "messageFlow",
            "privacyPolicyLink",
            "termsAndConditionsLink",
            "optinMessage",
            "optoutKeywords",
        )
    ],
    (("POST /v3/brands/{brandId}/campaigns",), "campaign.type", [""]),
    *[(("POST /v3/channels/sms",), name, [[], None]) for name in ("area_codes", "numbers")],
    (("POST /v3/channels/sms",), "sender_value", ["", None]),
    (("POST /v3/channels/sms",), "compliance", [{}, [], None]),
    *[(("POST /v3/sender-profiles",), name, [{}, [], None]) for name in ("billing", "channels", "compliance")],
    (("POST /v3/sender-profiles",), "description", ["", None]),
]
ROWS = [
    pytest.param(ENTRIES[name], at, value, id=f"{name} {at} {value!r}")
    for names, at, values in FORMS
    for name in names
    for value in values
    if name in ENTRIES
]


ONCE = {"POST /v3/brands", "POST /v3/channels/whatsapp", "POST /v3/channels/rcs"}


def _with(body: Json, at: str, value: Any) -> Json:
    changed = copy.deepcopy(body)
    inner: Any = changed
    *steps, last = at.split(".")
    for step in steps:
        inner = inner[int(step)] if step.isdecimal() else inner.setdefault(step, {})
    inner[last] = value
    return changed


def _answer(server: Server, entry: Entry, body: Json) -> Any:
    path = entry.path_for(entry.make(server) if entry.owned else samples.UNKNOWN_ID)
    # An account has one of these, and other tests may have made that of the shared account.
    http = server.create_account().http if entry.name in ONCE else server.http
    return http.request(entry.method, path, json={**body, "sandbox": True})


@pytest.mark.parametrize(("entry", "at", "value"), ROWS)
def test_an_empty_form_is_as_good_as_nothing(server: Server, entry: Entry, at: str, value: Any) -> None:
    answer = _answer(server, entry, _with(BODIES[entry.name](), at, value))
    assert answer.status in (200, 201, 202), answer.body


def test_a_name_that_is_empty_beside_an_id(server: Server) -> None:
    template_id = server.http.post("/v3/templates", samples.template()).data["id"]
    for extra in ({"name": ""}, {"name": None}, {"parameters": []}, {"parameters": {}}, {"parameters": None}):
        body = {"to": [samples.phone()], "template": {"id": template_id, **extra}, "sandbox": True}
        assert server.http.post("/v3/messages", body).status == 202, extra


def test_the_text_of_a_header_with_media_is_empty(server: Server) -> None:
    body = _template()
    body["definition"]["header"] = {"type": "image", "template": "", "variables": [], "location": None}
    assert server.http.post("/v3/templates", {**body, "sandbox": True}).status == 201


def test_a_campaign_without_a_type_is_one_of_an_app(server: Server) -> None:
    entry = ENTRIES["POST /v3/brands/{brandId}/campaigns"]
    answer = server.http.post(
        entry.path_for(entry.make(server)), {**_with(samples.campaign(), "campaign.type", ""), "sandbox": True}
    )
    assert answer.data["type"] == "App"


MUTATIONS = [entry for entry in ENTRIES.values() if entry.body is not None and entry.body() == {}]


@pytest.mark.parametrize("entry", MUTATIONS, ids=lambda entry: entry.name)
def test_a_body_that_says_nothing(server: Server, entry: Entry) -> None:
    if not entry.path.startswith("/v3/"):
        return
    path, headers = entry.path_for(samples.UNKNOWN_ID), {"content-type": "application/json"}
    statuses = {
        body: server.http.request(entry.method, path, body=body, headers=headers).status
        for body in (b"", b"{}", b"[]", b'{"_":true}')
    }
    assert len(set(statuses.values())) == 1, statuses
    assert set(statuses.values()) <= {200, 202, 204, 404}


LISTS = [operation for operation in contract.operations() if operation.method == "GET"]
TEXTS = {"search", "status", "category", "channel", "phone", "direction", "contact_id", "template_id"}


@pytest.mark.parametrize("operation", LISTS, ids=lambda operation: operation.name)
def test_an_empty_query_is_no_filter(server: Server, operation: contract.Operation) -> None:
    if "{" in operation.path or operation.path == "/v3/compliance/requirements":  # its parameters are required
        return
    parameters = map(contract.resolve, operation.definition.get("parameters", ()))
    names = {one["name"] for one in parameters if one["in"] == "query" and not one.get("required")} & TEXTS
    if names:
        answer = server.http.get(operation.path, query=dict.fromkeys(names, ""))
        assert answer.status == 200, (names, answer.body)
