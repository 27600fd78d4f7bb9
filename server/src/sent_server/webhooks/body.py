"""The body of a delivery. Pure. Source: contract/webhooks.md, section 3.

The default is the superset of all documented forms. `clean` omits the older spellings (forms D and E).
The same event and field always give the same bytes, so that retries and the log show the body that was sent.
"""

from typing import Any

import orjson

from sent_server.events import EventContent
from sent_server.kernel import timestamps
from sent_server.messages.statuses import WITH_REASON

# States that have a name in form E. All others are message.status.updated there.
_FORM_E = frozenset({"message.sent", "message.delivered", "message.read", "message.failed", "message.received"})


def build(content: EventContent, field: str, *, clean: bool) -> dict[str, Any]:
    """The JSON object to post for an event under the parent name `field`."""
    payload: dict[str, Any] = orjson.loads(content.payload_json)
    at = timestamps.iso_seconds(content.at_ms)
    body: dict[str, Any] = {"field": field}
    if content.name != field:  # templates have no sub-type
        body["sub_type"] = content.name
        body["event"] = content.name
    body["timestamp"] = at
    body["request_id"] = content.id
    body["payload"] = payload
    body["meta"] = {"request_id": content.id}
    if content.name.startswith("profile."):  # flat, as webhooks.md recommends for completions
        body.update(payload)
    if content.name.startswith("message.") and not clean:
        body.update(_older_forms(content, payload, at))
    return body


def encode(content: EventContent, field: str, *, clean: bool) -> bytes:
    return orjson.dumps(build(content, field, clean=clean))


def _older_forms(content: EventContent, payload: dict[str, Any], at: str) -> dict[str, Any]:
    message_id = payload.get("message_id", content.subject_id)
    status: str = payload.get("message_status", "")
    contact, own = payload.get("inbound_number"), payload.get("outbound_number")
    inbound = content.name == "message.received"
    sender, recipient = (contact, own) if inbound else (own, contact)
    error = None
    if status in WITH_REASON:
        error = {"code": payload.get("reason_code"), "message": payload.get("reason")}
    data: dict[str, Any] = {
        "id": message_id,
        "message_id": message_id,
        "messageId": message_id,
        "status": status.lower(),
        "channel": payload.get("channel"),
        "from": sender,
        "to": recipient,
        "timestamp": at,
        "error": error,
    }
    if inbound:
        data["text"] = payload.get("text")
    return {
        "type": content.name if content.name in _FORM_E else "message.status.updated",
        "data": data,
        "id": message_id,
        "status": status,
        "channel": payload.get("channel"),
        "to": recipient,
        "from": sender,
        "template_id": payload.get("template_id"),
        "error": error,
    }
