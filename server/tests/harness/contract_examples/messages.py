"""Rows of the message operations."""

from typing import Any

from harness import samples
from harness.contract_examples.examples import BAD_KEY, example
from harness.rows import Row, World


def _send(**fields: Any) -> dict[str, Any]:
    return {"to": [samples.phone()], "template": {"name": "welcome"}, **fields}


def _example_send(world: World) -> Any:
    """The example's template belongs to the documents' account; ours stands in for it."""
    body = example("POST /v3/messages", "canonical")
    return {**body, "template": {**body["template"], "id": world.template(approved=True)["id"]}}


def _legacy_send(world: World) -> Any:
    return {**example("POST /v3/messages", "single_legacy"), "template_id": world.template()["id"]}


def _path(operation: str, row: str) -> str:
    return operation.partition(" ")[2].replace("{id}", f"{{{row}}}")


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
        "automatic: the channel is chosen later, and the text is that of the first one planned",
        "/v3/messages",
        202,
        body=lambda _: _send(),
        check=lambda data: (
            data["recipients"][0]["channel"] is None and data["recipients"][0]["body"].startswith("Welcome!")
        ),
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
    *(
        row
        for name in ("POST /v3/messages/{id}/cancel", "POST /v3/messages/{id}/resend")
        for row in (
            Row(name, "a malformed id", _path(name, "malformed"), 400, "VALIDATION_001", lambda _: {}),
            Row(name, "a bad key", _path(name, "unknown"), 400, "VALIDATION_007", lambda _: {}, headers=BAD_KEY),
            Row(name, "unknown", _path(name, "unknown"), 404, "RESOURCE_003", lambda _: {}),
        )
    ),
    Row(
        "POST /v3/messages/{id}/cancel",
        "a message that waits",
        "/v3/messages/{held_message}/cancel",
        200,
        body=lambda _: {},
        check=lambda data: data["status"] == "CANCELLED",
    ),
    Row(
        "POST /v3/messages/{id}/resend",
        "a message that has failed",
        "/v3/messages/{failed_message}/resend",
        202,
        body=lambda _: {},
        check=lambda data: data["status"] == "QUEUED",
    ),
    Row(
        "POST /v3/messages/{id}/cancel",
        "a message that never waited",
        "/v3/messages/{message}/cancel",
        409,
        "BUSINESS_006",
        lambda _: {},
    ),
]
