"""The headers of a delivery. Pure. Source: contract/webhooks.md, section 1."""

from sent_server.events import names
from sent_server.events.names import Label
from sent_server.webhooks import signing
from sent_server.webhooks.model import Target
from sent_server.webhooks.signing import SignatureMode


def signed_headers(
    target: Target, *, label: Label, event_name: str, event_id: str, body: bytes, wall_ms: int
) -> dict[str, str]:
    """Signed with the current wall clock time. X-Webhook-Event-ID is the same for all retries.

    The headers in lower case are those of the Standard Webhooks rules, whose libraries verify every delivery.
    """
    timestamp_s = wall_ms // 1000
    return {
        "Content-Type": "application/json; charset=utf-8",
        "X-Webhook-ID": target.header_id,
        "X-Webhook-Timestamp": str(timestamp_s),
        "X-Webhook-Signature": signing.sign(
            target.mode, secret=target.secret, webhook_id=target.header_id, timestamp_s=timestamp_s, body=body
        ),
        "X-Webhook-Event-Type": names.header_of(event_name, label),
        "X-Webhook-Event": event_name,
        "X-Webhook-Event-ID": event_id,
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": signing.sign(
            SignatureMode.V1, secret=target.secret, webhook_id=event_id, timestamp_s=timestamp_s, body=body
        ),
    }
