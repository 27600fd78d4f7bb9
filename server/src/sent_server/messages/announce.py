"""Events about messages for webhooks. Source: contract/webhooks.md, sections 3 and 4."""

from collections.abc import Sequence
from typing import Any

from sent_server.carriers.base import Attachment
from sent_server.events import Event
from sent_server.kernel import timestamps
from sent_server.kernel.channels import RCS
from sent_server.messages.statuses import BLOCKED, DELIVERED, FAILED, FILTERED, QUEUED, READ, RECEIVED, ROUTED, SENT

# The statuses with an event name in the contract.
ANNOUNCED: frozenset[str] = frozenset({QUEUED, ROUTED, SENT, DELIVERED, READ, FAILED, FILTERED, BLOCKED})


MAX_BODY = 3_072
# The sources of a change of consent.
INBOUND_KEYWORD, PROVIDER_SIGNAL = "INBOUND_KEYWORD", "PROVIDER_SIGNAL"


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
    text: str | None,
    callback_url: str | None,
    reason: str | None,
    reason_code: str | None,
    at_ms: int,
    scheduled_at_ms: int | None = None,
    schedule_reason: str | None = None,
) -> Event:
    """`channel` and `sender` (our number) belong to the leg that the event is about. `phone` is the contact's number.

    The fields of contact and own number are the same in both directions. `text` is what the leg says. `reason` is a
    sentence about a failure. `scheduled_at_ms` belongs to SCHEDULED and CANCELLED, `schedule_reason` to
    SCHEDULED.
    """
    payload: dict[str, Any] = {
        "account_id": customer_id,
        "message_id": message_id,
        "message_status": status,
        "channel": channel,
        "inbound_number": phone,
        "outbound_number": sender,
        "template_id": template_id,
        "body": None if text is None else text[:MAX_BODY],
        "updated_at": timestamps.iso_seconds(at_ms),
    }
    if template_name is not None:
        payload["template_name"] = template_name
    if channel == RCS and sender is not None:
        payload["agent_id"] = sender
    if reason is not None:
        payload["reason"] = reason
        payload["reason_code"] = reason_code
    if scheduled_at_ms is not None:
        payload["scheduled_at"] = timestamps.iso_seconds(scheduled_at_ms)
    if schedule_reason is not None:
        payload["schedule_reason"] = schedule_reason
    return Event(customer_id, name_of(status), message_id, payload, at_ms, callback_url)


def received_event(
    *,
    customer_id: str,
    message_id: str,
    channel: str,
    phone: str,
    sender: str,
    text: str,
    media: Sequence[Attachment] = (),
    carrier: str,
    at_ms: int,
) -> Event:
    """The event of an inbound message, with both documented sets of field names. `text` is null for media alone."""
    payload: dict[str, Any] = {
        "account_id": customer_id,
        "message_id": message_id,
        "message_status": RECEIVED,
        "from": phone,
        "to": sender,
        "inbound_number": phone,
        "outbound_number": sender,
        "text": text or None,
        "channel": channel,
        "provider": carrier,
        "received_at": timestamps.iso_seconds(at_ms),
        "updated_at": timestamps.iso_seconds(at_ms),
    }
    if media:
        payload["media"] = [
            {
                "url": one.url,
                "mime_type": one.mime_type,
                "size_bytes": one.size_bytes,
                "hash_sha256": one.hash_sha256,
            }
            for one in media
        ]
    return Event(customer_id, "message.received", message_id, payload, at_ms)


def consent_event(
    *,
    customer_id: str,
    name: str,
    contact_id: str,
    message_id: str,
    template_id: str | None = None,
    channel: str,
    phone: str,
    sender: str,
    opted_out: bool,
    text: str | None = None,
    keyword: str | None = None,
    at_ms: int,
) -> Event:
    """The event of a consent keyword or signal, such as contact.opt_out. `opted_out` is the state after it.

    `message_id` is the message that contained the keyword, or whose failure was the signal of a provider.
    """
    payload: dict[str, Any] = {
        "account_id": customer_id,
        "contact_id": contact_id,
        "from": phone,
        "to": sender,
        "opt_out": opted_out,
        "source": PROVIDER_SIGNAL if keyword is None else INBOUND_KEYWORD,
        "channel": channel,
        "message_id": message_id,
        "template_id": template_id,
        "text": text,
        "inbound_number": phone,
        "outbound_number": sender,
        "received_at": timestamps.iso_seconds(at_ms),
        "updated_at": timestamps.iso_seconds(at_ms),
    }
    if keyword is not None:
        payload["keyword"] = keyword
    if channel == RCS:
        payload["agent_id"] = sender
    return Event(customer_id, name, contact_id, payload, at_ms)
