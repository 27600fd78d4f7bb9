"""The contract of API v3, first half, as requests: every documented example and every error that can be reached."""

from typing import Any

from harness import contract, samples
from harness.rows import Row, World

BAD_KEY = {"Idempotency-Key": "not a key!"}
NO_CATEGORY = "Category must be one of: MARKETING, UTILITY, AUTHENTICATION"


def _example(operation: str, name: str | None = None) -> Any:
    """The documented request body of an operation."""
    definition = next(item for item in contract.operations() if item.name == operation).definition
    media = contract.resolve(definition["requestBody"])["content"]["application/json"]
    return media["examples"][name]["value"] if name else media["example"]


def _send(**fields: Any) -> dict[str, Any]:
    return {"to": [samples.phone()], "template": {"name": "welcome"}, **fields}


def _example_contact(world: World) -> Any:
    body = _example("POST /v3/contacts")
    world.forget(body["phone_number"])
    return body


def _example_send(world: World) -> Any:
    """The example's template belongs to the documents' account; ours stands in for it."""
    body = _example("POST /v3/messages", "canonical")
    return {**body, "template": {**body["template"], "id": world.template(approved=True)["id"]}}


def _legacy_send(world: World) -> Any:
    return {**_example("POST /v3/messages", "single_legacy"), "template_id": world.template()["id"]}


ME = [
    Row("GET /v3/me", "the account", "/v3/me", 200, check=lambda me: me["type"] == "organization"),
]

CONTACTS = [
    Row("GET /v3/contacts", "the first page", "/v3/contacts", 200, check=lambda d: d["pagination"]["page"] == 1),
    Row("GET /v3/contacts", "page and size", "/v3/contacts?page=2&page_size=5", 200),
    Row("GET /v3/contacts", "by channel", "/v3/contacts?channel=whatsapp", 200),
    Row("GET /v3/contacts", "by text", "/v3/contacts?search=1415", 200),
    Row("GET /v3/contacts", "page 0", "/v3/contacts?page=0", 400, "VALIDATION_005", says="Page must be greater than 0"),
    Row("GET /v3/contacts", "size 101", "/v3/contacts?page_size=101", 400, "VALIDATION_001", details="page_size"),
    Row("GET /v3/contacts", "a channel unheard of", "/v3/contacts?channel=pigeon", 400, "VALIDATION_006"),
    Row(
        "GET /v3/contacts",
        "by a number nobody has",
        "/v3/contacts?phone=%2B14155550000",
        404,
        "RESOURCE_001",
        says="Contact not found with the specified phone number",
    ),
    Row("POST /v3/contacts", "documented example", "/v3/contacts", 201, body=_example_contact),
    Row("POST /v3/contacts", "no number", "/v3/contacts", 400, "VALIDATION_001", {}, "Phone number is required"),
    Row("POST /v3/contacts", "null", "/v3/contacts", 400, "VALIDATION_001", {"phone_number": None}),
    Row("POST /v3/contacts", "a bad number", "/v3/contacts", 400, "VALIDATION_002", {"phone_number": "123"}),
    Row("POST /v3/contacts", "a bad key", "/v3/contacts", 400, "VALIDATION_007", {}, headers=BAD_KEY),
    Row(
        "POST /v3/contacts",
        "a known number",
        "/v3/contacts",
        409,
        "RESOURCE_007",
        lambda world: {"phone_number": world.contact()["phone_number"]},
        "Contact with this phone number already exists for this customer",
    ),
    Row("GET /v3/contacts/{id}", "a contact", "/v3/contacts/{contact}", 200),
    Row(
        "GET /v3/contacts/{id}",
        "a malformed id",
        "/v3/contacts/{malformed}",
        400,
        "VALIDATION_003",
        says="Invalid ID format.",
    ),
    Row("GET /v3/contacts/{id}", "a query that is no text", "/v3/contacts/{contact}?x=%FF", 400, "VALIDATION_001"),
    Row("GET /v3/contacts/{id}", "unknown", "/v3/contacts/{unknown}", 404, "RESOURCE_001", says="Contact not found"),
    Row(
        "PATCH /v3/contacts/{id}",
        "documented example",
        "/v3/contacts/{contact}",
        200,
        body=_example("PATCH /v3/contacts/{id}"),
        check=lambda data: data["default_channel"] == "whatsapp" and data["opt_out"] is False,
    ),
    Row(
        "PATCH /v3/contacts/{id}",
        "opting out",
        "/v3/contacts/{contact}",
        200,
        body={"opt_out": True},
        check=lambda data: data["opt_out"] is True and data["updated_at"],
    ),
    Row(
        "PATCH /v3/contacts/{id}",
        "nulls change nothing",
        "/v3/contacts/{contact}",
        200,
        body={"default_channel": None, "opt_out": None, "phone_number": None},
    ),
    Row(
        "PATCH /v3/contacts/{id}",
        "a new number",
        "/v3/contacts/{contact}",
        200,
        body=lambda _: {"phone_number": "+447700" + samples.phone()[-6:]},
        check=lambda data: data["region_code"] == "GB" and data["country_code"] == "44",
    ),
    Row(
        "PATCH /v3/contacts/{id}",
        "not a channel",
        "/v3/contacts/{contact}",
        400,
        "VALIDATION_006",
        {"default_channel": "x"},
    ),
    Row(
        "PATCH /v3/contacts/{id}",
        "a bad number",
        "/v3/contacts/{contact}",
        400,
        "VALIDATION_002",
        {"phone_number": "1"},
    ),
    Row("PATCH /v3/contacts/{id}", "not a boolean", "/v3/contacts/{contact}", 400, "VALIDATION_001", {"opt_out": "no"}),
    Row(
        "PATCH /v3/contacts/{id}",
        "a malformed id",
        "/v3/contacts/{malformed}",
        400,
        "VALIDATION_001",
        {},
        "Invalid contact ID format.",
    ),
    Row("PATCH /v3/contacts/{id}", "a bad key", "/v3/contacts/{contact}", 400, "VALIDATION_007", {}, headers=BAD_KEY),
    Row("PATCH /v3/contacts/{id}", "unknown", "/v3/contacts/{unknown}", 404, "RESOURCE_001", {"opt_out": True}),
    Row(
        "PATCH /v3/contacts/{id}",
        "a number that another contact has",
        "/v3/contacts/{contact}",
        409,
        "RESOURCE_007",
        lambda world: {"phone_number": world.contact()["phone_number"]},
    ),
    Row("DELETE /v3/contacts/{id}", "documented example", "/v3/contacts/{contact}", 204, body={"sandbox": False}),
    Row(
        "DELETE /v3/contacts/{id}",
        "a malformed id",
        "/v3/contacts/{malformed}",
        400,
        "VALIDATION_001",
        {},
        "Invalid contact ID format.",
    ),
    Row("DELETE /v3/contacts/{id}", "a bad key", "/v3/contacts/{contact}", 400, "VALIDATION_007", {}, headers=BAD_KEY),
    Row("DELETE /v3/contacts/{id}", "unknown", "/v3/contacts/{unknown}", 404, "RESOURCE_001", {}),
]

MESSAGES = [
    Row(
        "POST /v3/messages",
        "documented example: a broadcast to two people on two channels",
        "/v3/messages",
        202,
        body=_example_send,
        check=lambda data: len(data["recipients"]) == 4 and len(data["messages"]) == 4,
    ),
    Row("POST /v3/messages", "documented legacy example", "/v3/messages", 202, body=_legacy_send),
    Row(
        "POST /v3/messages",
        "automatic: channel and text are chosen later",
        "/v3/messages",
        202,
        body=lambda _: _send(),
        check=lambda data: (data["recipients"][0]["channel"], data["recipients"][0]["body"]) == (None, None),
    ),
    Row(
        "POST /v3/messages",
        "the same person twice is one message",
        "/v3/messages",
        202,
        body=lambda _: {**_send(), "to": [samples.phone()] * 3},
        check=lambda data: len(data["recipients"]) == 1,
    ),
    Row(
        "POST /v3/messages",
        "nothing at all, as documented",
        "/v3/messages",
        400,
        "VALIDATION_004",
        {},
        "Request validation failed",
        details="template",
    ),
    Row(
        "POST /v3/messages",
        "nobody",
        "/v3/messages",
        400,
        "VALIDATION_004",
        {"to": [], "template": {"name": "x"}},
        details="to",
    ),
    Row(
        "POST /v3/messages",
        "a template without a name",
        "/v3/messages",
        400,
        "VALIDATION_004",
        lambda _: _send(template={}),
    ),
    Row("POST /v3/messages", "a bad number", "/v3/messages", 400, "VALIDATION_002", lambda _: _send(to=["123"])),
    Row(
        "POST /v3/messages",
        "an id that is none",
        "/v3/messages",
        400,
        "VALIDATION_003",
        lambda _: _send(template={"id": "order"}),
    ),
    Row(
        "POST /v3/messages",
        "a channel unheard of",
        "/v3/messages",
        400,
        "VALIDATION_006",
        lambda _: _send(channel=["email"]),
    ),
    Row(
        "POST /v3/messages",
        "a sandbox that is text",
        "/v3/messages",
        400,
        "VALIDATION_001",
        lambda _: _send(sandbox="true"),
    ),
    Row(
        "POST /v3/messages",
        "1,001 people",
        "/v3/messages",
        400,
        "VALIDATION_005",
        lambda _: _send(to=[f"+1415{n:07}" for n in range(3_000_000, 3_001_001)]),
    ),
    Row("POST /v3/messages", "a bad key", "/v3/messages", 400, "VALIDATION_007", lambda _: _send(), headers=BAD_KEY),
    Row(
        "POST /v3/messages",
        "an empty purse",
        "/v3/messages",
        402,
        "BUSINESS_003",
        lambda _: _send(template={"name": "ours"}, channel=["sms"]),
        "Insufficient balance to send message.",
        caller=lambda world: world.poor.http,
    ),
    Row(
        "POST /v3/messages",
        "an unknown template",
        "/v3/messages",
        404,
        "RESOURCE_002",
        lambda _: _send(template={"id": samples.UNKNOWN_ID}),
    ),
    Row(
        "POST /v3/messages",
        "an unknown name",
        "/v3/messages",
        404,
        "RESOURCE_002",
        lambda _: _send(template={"name": "nothing like it"}),
    ),
    Row(
        "POST /v3/messages",
        "nobody left who listens",
        "/v3/messages",
        422,
        "BUSINESS_004",
        lambda world: _send(to=[world.opted_out()]),
    ),
    Row(
        "POST /v3/messages",
        "a draft on WhatsApp",
        "/v3/messages",
        422,
        "BUSINESS_005",
        lambda world: _send(template={"id": world.template()["id"]}, channel=["whatsapp"]),
    ),
    Row(
        "POST /v3/messages",
        "SMS to a landline",
        "/v3/messages",
        422,
        "BUSINESS_007",
        lambda _: _send(to=[samples.magic_phone("12")], channel=["sms"]),
    ),
    Row(
        "GET /v3/messages/{id}",
        "a message",
        "/v3/messages/{message}",
        200,
        check=lambda data: data["events"][0]["status"] == "QUEUED",
    ),
    Row(
        "GET /v3/messages/{id}",
        "a malformed id",
        "/v3/messages/{malformed}",
        400,
        "VALIDATION_001",
        says="Invalid message ID format.",
    ),
    Row("GET /v3/messages/{id}", "unknown", "/v3/messages/{unknown}", 404, "RESOURCE_003", says="Message not found"),
    Row(
        "GET /v3/messages/{id}/activities",
        "a message",
        "/v3/messages/{message}/activities",
        200,
        check=lambda data: data["activities"][-1]["status"] == "QUEUED",
    ),
    Row(
        "GET /v3/messages/{id}/activities",
        "a malformed id",
        "/v3/messages/{malformed}/activities",
        400,
        "VALIDATION_001",
    ),
    Row("GET /v3/messages/{id}/activities", "unknown", "/v3/messages/{unknown}/activities", 404, "RESOURCE_003"),
]

FLAT_TEMPLATE = {
    "name": "flat_form",
    "category": "UTILITY",
    "language": "en_US",
    "body": {
        "content": "Hi {{name}}, order {{order}} left.",
        "variables": [
            {"name": "name", "type": "text", "example": "Jo"},
            {"name": "order", "type": "number", "example": "7"},
        ],
    },
    "header": {"type": "TEXT", "content": "News"},
    "footer": {"content": "Reply STOP to opt out"},
    "buttons": [{"type": "URL", "text": "Track", "url": "https://example.com/t"}],
    "channels": ["sms", "whatsapp"],
}

TEMPLATES = [
    Row("GET /v3/templates", "the first page", "/v3/templates", 200),
    Row("GET /v3/templates", "filtered", "/v3/templates?status=APPROVED&category=UTILITY&search=order", 200),
    Row("GET /v3/templates", "size 0", "/v3/templates?page_size=0", 400, "VALIDATION_001", details="page_size"),
    Row("GET /v3/templates", "page 0", "/v3/templates?page=0", 400, "VALIDATION_005"),
    Row("GET /v3/templates", "a status unheard of", "/v3/templates?status=LOST", 400, "VALIDATION_006"),
    Row(
        "POST /v3/templates",
        "documented example",
        "/v3/templates",
        201,
        body=_example("POST /v3/templates"),
        check=lambda data: (
            (data["status"], data["variables"], data["channels"]) == ("DRAFT", ["name", "company"], ["sms", "whatsapp"])
        ),
    ),
    Row(
        "POST /v3/templates",
        "the flat form",
        "/v3/templates",
        201,
        body=FLAT_TEMPLATE,
        check=lambda data: (data["name"], data["variables"]) == ("flat_form", ["name", "order"]),
    ),
    Row(
        "POST /v3/templates",
        "submitted for review",
        "/v3/templates",
        201,
        body=samples.template(submit_for_review=True),
        check=lambda data: data["status"] == "PENDING" and data["is_published"] is False,
    ),
    Row(
        "POST /v3/templates",
        "no definition",
        "/v3/templates",
        400,
        "VALIDATION_001",
        {"category": "UTILITY"},
        "Template definition is required",
        details="definition",
    ),
    Row("POST /v3/templates", "a bad key", "/v3/templates", 400, "VALIDATION_007", samples.template(), headers=BAD_KEY),
    Row("GET /v3/templates/{id}", "a template", "/v3/templates/{template}", 200),
    Row(
        "GET /v3/templates/{id}",
        "a malformed id",
        "/v3/templates/{malformed}",
        400,
        "VALIDATION_001",
        says="Invalid template ID format.",
    ),
    Row("GET /v3/templates/{id}", "unknown", "/v3/templates/{unknown}", 404, "RESOURCE_002", says="Template not found"),
    Row(
        "PUT /v3/templates/{id}",
        "documented example",
        "/v3/templates/{template}",
        200,
        body=_example("PUT /v3/templates/{id}"),
        check=lambda data: (
            (data["name"], data["category"], data["variables"])
            == ("Updated Welcome Message", "MARKETING", ["name", "company"])
        ),
    ),
    Row(
        "PUT /v3/templates/{id}",
        "only a name",
        "/v3/templates/{template}",
        200,
        body={"name": "renamed"},
        check=lambda data: data["name"] == "renamed" and data["category"] == "UTILITY",
    ),
    Row(
        "PUT /v3/templates/{id}",
        "a category unheard of",
        "/v3/templates/{template}",
        400,
        "VALIDATION_001",
        {"category": "OTHER"},
        NO_CATEGORY,
        details="category",
    ),
    Row(
        "PUT /v3/templates/{id}",
        "a malformed id",
        "/v3/templates/{malformed}",
        400,
        "VALIDATION_001",
        {},
        "Invalid template ID format.",
    ),
    Row("PUT /v3/templates/{id}", "a bad key", "/v3/templates/{template}", 400, "VALIDATION_007", {}, headers=BAD_KEY),
    Row("PUT /v3/templates/{id}", "unknown", "/v3/templates/{unknown}", 404, "RESOURCE_002", {"name": "x"}),
    Row(
        "DELETE /v3/templates/{id}",
        "documented example",
        "/v3/templates/{template}",
        204,
        body=_example("DELETE /v3/templates/{id}"),
    ),
    Row(
        "DELETE /v3/templates/{id}",
        "a malformed id",
        "/v3/templates/{malformed}",
        400,
        "VALIDATION_001",
        {},
        "Invalid template ID format.",
    ),
    Row(
        "DELETE /v3/templates/{id}", "a bad key", "/v3/templates/{template}", 400, "VALIDATION_007", {}, headers=BAD_KEY
    ),
    Row("DELETE /v3/templates/{id}", "unknown", "/v3/templates/{unknown}", 404, "RESOURCE_002", {}),
]

BAD_URL = "Endpoint URL must be a valid HTTP or HTTPS URL"
BAD_HOOK = "Invalid webhook ID format."


def _hook(**fields: Any) -> dict[str, Any]:
    return {**samples.webhook(), **fields}


WEBHOOKS = [
    Row("GET /v3/webhooks", "the first page", "/v3/webhooks", 200),
    Row("GET /v3/webhooks", "filtered", "/v3/webhooks?search=hook&is_active=true", 200),
    Row("GET /v3/webhooks", "size 101", "/v3/webhooks?page_size=101", 400, "VALIDATION_001", details="page_size"),
    Row("GET /v3/webhooks", "page 0", "/v3/webhooks?page=0", 400, "VALIDATION_005"),
    Row(
        "POST /v3/webhooks",
        "documented example",
        "/v3/webhooks",
        201,
        body=_example("POST /v3/webhooks"),
        check=lambda data: (
            data["signing_secret"].startswith("whsec_")
            and data["is_active"] is True
            and data["consecutive_failures"] == 0
        ),
    ),
    Row(
        "POST /v3/webhooks",
        "the alias url",
        "/v3/webhooks",
        201,
        body={
            "display_name": "x",
            "url": "https://example.com/a",
            "event_types": ["message.delivered"],
            "description": "ignored",
        },
        check=lambda data: data["endpoint_url"] == "https://example.com/a",
    ),
    Row(
        "POST /v3/webhooks",
        "defaults",
        "/v3/webhooks",
        201,
        body=_hook(),
        check=lambda data: (data["retry_count"], data["timeout_seconds"]) == (3, 30),
    ),
    Row(
        "POST /v3/webhooks",
        "every name of an event",
        "/v3/webhooks",
        201,
        body=_hook(
            event_types=[
                "messages",
                "message",
                "templates",
                "template",
                "message.read",
                "message.received",
                "message.status.updated",
                "*",
            ]
        ),
    ),
    Row(
        "POST /v3/webhooks",
        "an address that is none",
        "/v3/webhooks",
        400,
        "VALIDATION_001",
        _hook(endpoint_url="ftp://example.com"),
        BAD_URL,
    ),
    Row(
        "POST /v3/webhooks",
        "no name",
        "/v3/webhooks",
        400,
        "VALIDATION_004",
        {"endpoint_url": "https://example.com/a", "event_types": ["messages"]},
        details="display_name",
    ),
    Row(
        "POST /v3/webhooks",
        "six retries",
        "/v3/webhooks",
        400,
        "VALIDATION_005",
        _hook(retry_count=6),
        details="retry_count",
    ),
    Row(
        "POST /v3/webhooks",
        "four seconds",
        "/v3/webhooks",
        400,
        "VALIDATION_005",
        _hook(timeout_seconds=4),
        details="timeout_seconds",
    ),
    Row(
        "POST /v3/webhooks",
        "an event unheard of",
        "/v3/webhooks",
        400,
        "VALIDATION_006",
        _hook(event_types=["weather"]),
    ),
    Row("POST /v3/webhooks", "a bad key", "/v3/webhooks", 400, "VALIDATION_007", _hook(), headers=BAD_KEY),
    Row(
        "GET /v3/webhooks/event-types",
        "the list",
        "/v3/webhooks/event-types",
        200,
        check=lambda data: {"messages", "message.delivered"} <= {item["name"] for item in data["event_types"]},
    ),
    Row(
        "GET /v3/webhooks/{id}",
        "a webhook",
        "/v3/webhooks/{webhook}",
        200,
        check=lambda data: data["signing_secret"] is None,
    ),
    Row("GET /v3/webhooks/{id}", "a malformed id", "/v3/webhooks/{malformed}", 400, "VALIDATION_001", says=BAD_HOOK),
    Row("GET /v3/webhooks/{id}", "unknown", "/v3/webhooks/{unknown}", 404, "RESOURCE_008", says="Webhook not found"),
    Row(
        "PUT /v3/webhooks/{id}",
        "documented example",
        "/v3/webhooks/{webhook}",
        200,
        body=_example("PUT /v3/webhooks/{id}"),
        check=lambda data: (data["retry_count"], data["timeout_seconds"], data["signing_secret"]) == (5, 60, None),
    ),
    Row(
        "PUT /v3/webhooks/{id}",
        "an address that is none",
        "/v3/webhooks/{webhook}",
        400,
        "VALIDATION_001",
        _hook(endpoint_url="nowhere"),
        BAD_URL,
    ),
    Row("PUT /v3/webhooks/{id}", "no retries", "/v3/webhooks/{webhook}", 400, "VALIDATION_005", _hook(retry_count=0)),
    Row(
        "PUT /v3/webhooks/{id}",
        "an event unheard of",
        "/v3/webhooks/{webhook}",
        400,
        "VALIDATION_006",
        _hook(event_types=["x"]),
    ),
    Row(
        "PUT /v3/webhooks/{id}", "a malformed id", "/v3/webhooks/{malformed}", 400, "VALIDATION_001", _hook(), BAD_HOOK
    ),
    Row(
        "PUT /v3/webhooks/{id}", "a bad key", "/v3/webhooks/{webhook}", 400, "VALIDATION_007", _hook(), headers=BAD_KEY
    ),
    Row("PUT /v3/webhooks/{id}", "unknown", "/v3/webhooks/{unknown}", 404, "RESOURCE_008", _hook()),
    Row("DELETE /v3/webhooks/{id}", "without a body", "/v3/webhooks/{webhook}", 204),
    Row("DELETE /v3/webhooks/{id}", "a malformed id", "/v3/webhooks/{malformed}", 400, "VALIDATION_001", says=BAD_HOOK),
    Row("DELETE /v3/webhooks/{id}", "a bad key", "/v3/webhooks/{webhook}", 400, "VALIDATION_007", headers=BAD_KEY),
    Row("DELETE /v3/webhooks/{id}", "unknown", "/v3/webhooks/{unknown}", 404, "RESOURCE_008"),
    Row(
        "GET /v3/webhooks/{id}/events",
        "the log",
        "/v3/webhooks/{webhook}/events",
        200,
        check=lambda data: data["events"] == [],
    ),
    Row("GET /v3/webhooks/{id}/events", "page 0", "/v3/webhooks/{webhook}/events?page=0", 400, "VALIDATION_005"),
    Row(
        "GET /v3/webhooks/{id}/events",
        "a malformed id",
        "/v3/webhooks/{malformed}/events",
        400,
        "VALIDATION_001",
        says=BAD_HOOK,
    ),
    Row("GET /v3/webhooks/{id}/events", "unknown", "/v3/webhooks/{unknown}/events", 404, "RESOURCE_008"),
    Row(
        "POST /v3/webhooks/{id}/rotate-secret",
        "documented example",
        "/v3/webhooks/{webhook}/rotate-secret",
        200,
        body={"sandbox": False},
    ),
    Row(
        "POST /v3/webhooks/{id}/rotate-secret",
        "a malformed id",
        "/v3/webhooks/{malformed}/rotate-secret",
        400,
        "VALIDATION_001",
        {},
        BAD_HOOK,
    ),
    Row(
        "POST /v3/webhooks/{id}/rotate-secret",
        "a bad key",
        "/v3/webhooks/{webhook}/rotate-secret",
        400,
        "VALIDATION_007",
        {},
        headers=BAD_KEY,
    ),
    Row(
        "POST /v3/webhooks/{id}/rotate-secret",
        "unknown",
        "/v3/webhooks/{unknown}/rotate-secret",
        404,
        "RESOURCE_008",
        {},
    ),
    Row(
        "POST /v3/webhooks/{id}/test",
        "documented example",
        "/v3/webhooks/{webhook}/test",
        200,
        body=_example("POST /v3/webhooks/{id}/test"),
        check=lambda data: data["success"] is True,
    ),
    Row(
        "POST /v3/webhooks/{id}/test",
        "no event type",
        "/v3/webhooks/{webhook}/test",
        400,
        "VALIDATION_001",
        {},
        "Event type is required",
    ),
    Row(
        "POST /v3/webhooks/{id}/test",
        "an event unheard of",
        "/v3/webhooks/{webhook}/test",
        400,
        "VALIDATION_006",
        {"event_type": "weather"},
    ),
    Row(
        "POST /v3/webhooks/{id}/test",
        "a malformed id",
        "/v3/webhooks/{malformed}/test",
        400,
        "VALIDATION_001",
        {"event_type": "messages"},
        BAD_HOOK,
    ),
    Row(
        "POST /v3/webhooks/{id}/test",
        "a bad key",
        "/v3/webhooks/{webhook}/test",
        400,
        "VALIDATION_007",
        {"event_type": "messages"},
        headers=BAD_KEY,
    ),
    Row(
        "POST /v3/webhooks/{id}/test",
        "unknown",
        "/v3/webhooks/{unknown}/test",
        404,
        "RESOURCE_008",
        {"event_type": "messages"},
    ),
    Row(
        "PATCH /v3/webhooks/{id}/toggle-status",
        "documented example",
        "/v3/webhooks/{webhook}/toggle-status",
        200,
        body={"is_active": False, "sandbox": False},
        check=lambda data: data["is_active"] is False,
    ),
    Row(
        "PATCH /v3/webhooks/{id}/toggle-status",
        "no state",
        "/v3/webhooks/{webhook}/toggle-status",
        400,
        "VALIDATION_004",
        {},
        details="is_active",
    ),
    Row(
        "PATCH /v3/webhooks/{id}/toggle-status",
        "a malformed id",
        "/v3/webhooks/{malformed}/toggle-status",
        400,
        "VALIDATION_001",
        {"is_active": True},
        BAD_HOOK,
    ),
    Row(
        "PATCH /v3/webhooks/{id}/toggle-status",
        "a bad key",
        "/v3/webhooks/{webhook}/toggle-status",
        400,
        "VALIDATION_007",
        {"is_active": True},
        headers=BAD_KEY,
    ),
    Row(
        "PATCH /v3/webhooks/{id}/toggle-status",
        "unknown",
        "/v3/webhooks/{unknown}/toggle-status",
        404,
        "RESOURCE_008",
        {"is_active": True},
    ),
]

HEALTH = [
    Row("GET /v3/health", "well", "/v3/health", 200, caller=lambda world: world.server.anonymous()),
    Row("GET /healthcheck", "well", "/healthcheck", 204, caller=lambda world: world.server.anonymous()),
    Row("GET /health/live", "well", "/health/live", 204, caller=lambda world: world.server.anonymous()),
    Row("GET /health/ready", "well", "/health/ready", 204, caller=lambda world: world.server.anonymous()),
]

ROWS = [*ME, *CONTACTS, *MESSAGES, *TEMPLATES, *WEBHOOKS, *HEALTH]

# Answers that no row can get, each with the place where they are tested or the reason why they do not come.
SHARED = {
    "AUTH_001": "matrix",
    "AUTH_002": "matrix",
    "AUTH_004": "matrix",
    "AUTH_005": "http/test_account_gates.py",
    "AUTH_006": "http/test_account_gates.py",
    "AUTH_007": "http/test_account_gates.py",
    "BUSINESS_002": "http/test_rate_limits.py",
    "CONFLICT_001": "http/test_idempotency.py",
    "RESOURCE_011": "http/test_strict_parser.py",
    "INTERNAL_001": "a bug, by definition",
    "INTERNAL_002": "a bug, by definition",
    "INTERNAL_003": "sending is not synchronous, so no provider answers within the request",
    "INTERNAL_004": "sending is not synchronous, so no provider answers within the request",
    "INTERNAL_005": "the database is gone: tests of db and of the acceptance",
    "SERVICE_001": "there is no cache to lose in the embedded form",
    "BUSINESS_008": "contract/test_quotas.py",
    "BUSINESS_001": "contacts answer VALIDATION_001 for it, and inheritance comes with profiles (NOTES a11)",
}
OTHER_CODE = "the endpoint's own example uses the other code (NOTES a12, a13)"
NOT_REACHED = {
    ("POST /v3/contacts", "VALIDATION_004"): OTHER_CODE,
    ("PATCH /v3/contacts/{id}", "VALIDATION_003"): OTHER_CODE,
    ("DELETE /v3/contacts/{id}", "VALIDATION_003"): OTHER_CODE,
    ("GET /v3/messages/{id}", "VALIDATION_003"): OTHER_CODE,
    ("GET /v3/messages/{id}/activities", "VALIDATION_003"): OTHER_CODE,
    ("POST /v3/templates", "VALIDATION_004"): OTHER_CODE,
    ("POST /v3/templates", "VALIDATION_005"): OTHER_CODE,
    ("POST /v3/templates", "VALIDATION_006"): OTHER_CODE,
    ("GET /v3/templates/{id}", "VALIDATION_003"): OTHER_CODE,
    ("PUT /v3/templates/{id}", "VALIDATION_003"): OTHER_CODE,
    ("PUT /v3/templates/{id}", "VALIDATION_004"): OTHER_CODE,
    ("PUT /v3/templates/{id}", "VALIDATION_005"): OTHER_CODE,
    ("PUT /v3/templates/{id}", "VALIDATION_006"): OTHER_CODE,
    ("DELETE /v3/templates/{id}", "VALIDATION_003"): OTHER_CODE,
    ("GET /v3/webhooks/{id}", "VALIDATION_003"): OTHER_CODE,
    ("PUT /v3/webhooks/{id}", "VALIDATION_003"): OTHER_CODE,
    ("DELETE /v3/webhooks/{id}", "VALIDATION_003"): OTHER_CODE,
    ("GET /v3/webhooks/{id}/events", "VALIDATION_003"): OTHER_CODE,
    ("POST /v3/webhooks/{id}/rotate-secret", "VALIDATION_003"): OTHER_CODE,
    ("POST /v3/webhooks/{id}/test", "VALIDATION_003"): OTHER_CODE,
    ("POST /v3/webhooks/{id}/test", "VALIDATION_004"): OTHER_CODE,
    ("PATCH /v3/webhooks/{id}/toggle-status", "VALIDATION_003"): OTHER_CODE,
}
