"""Events about messages for webhooks. Source: contract/webhooks.md, sections 3 and 4."""

from typing import Any

from sent_server.events import Event
from sent_server.kernel import timestamps
from sent_server.messages.statuses import DELIVERED, FAILED, QUEUED, READ, RECEIVED, ROUTED, SENT

# The statuses with an event name in the contract.
ANNOUNCED: frozenset[str] = frozenset({QUEUED, ROUTED, SENT, DELIVERED, READ, FAILED})


def name_of(status: str) -> str:
    return f"message.{status.lower()}"


def status_event(
    *,
    customer_id: str,
    message_id: str,
    status: str,
    channel: str,
    phone: str,
    sender: str | None,
    template_id: str | None,
    template_name: str | None,
    callback_url: str | None,
    reason: str | None,
    reason_code: str | None,
    at_ms: int,
) -> Event:
    """`channel` and `sender` (our number) belong to the leg that the event is about. `phone` is the contact's number.

    The fields of contact and own number are the same in both directions. `reason` is the history's text of a failure.
    """
    payload: dict[str, Any] = {
        "account_id": customer_id,
        "message_id": message_id,
        "message_status": status,
        "channel": channel,
        "inbound_number": phone,
        "outbound_number": sender,
        "template_id": template_id,
        "template_name": template_name,
        "updated_at": timestamps.iso_seconds(at_ms),
    }
    if reason is not None:
        payload["reason"] = reason
        payload["reason_code"] = reason_code
    return Event(customer_id, name_of(status), message_id, payload, at_ms, callback_url)


def received_event(
    *, customer_id: str, message_id: str, channel: str, phone: str, sender: str, text: str, carrier: str, at_ms: int
) -> Event:
    """The event of an inbound message, with both documented sets of field names."""
    payload = {
        "account_id": customer_id,
        "message_id": message_id,
        "message_status": RECEIVED,
        "from": phone,
        "to": sender,
        "inbound_number": phone,
        "outbound_number": sender,
        "text": text,
        "channel": channel,
        "provider": carrier,
        "received_at": timestamps.iso_seconds(at_ms),
        "updated_at": timestamps.iso_seconds(at_ms),
    }
    return Event(customer_id, "message.received", message_id, payload, at_ms)


def consent_event(
    *,
    customer_id: str,
    name: str,
    contact_id: str,
    message_id: str,
    channel: str,
    phone: str,
    sender: str,
    keyword: str,
    at_ms: int,
) -> Event:
    """The event of a consent keyword, such as contact.opt_out. `message_id` is the message that contained it."""
    payload = {
        "account_id": customer_id,
        "contact_id": contact_id,
        "message_id": message_id,
        "inbound_number": phone,
        "outbound_number": sender,
        "channel": channel,
        "keyword": keyword,
        "received_at": timestamps.iso_seconds(at_ms),
        "updated_at": timestamps.iso_seconds(at_ms),
    }
    return Event(customer_id, name, contact_id, payload, at_ms)
