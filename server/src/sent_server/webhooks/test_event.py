"""POST /v3/webhooks/{id}/test: one signed request with sample data, without retries or a log row."""

from typing import Any, assert_never

import orjson

from sent_server.egress import Egress, EgressResponse, RequestFailed, RequestRefused, urls
from sent_server.events import EventContent, filters, names
from sent_server.kernel import ids, timestamps
from sent_server.kernel.channels import SMS, WHATSAPP
from sent_server.kernel.sealing import Sealer
from sent_server.kernel.values import value_object
from sent_server.messages.statuses import RECEIVED
from sent_server.webhooks import body as bodies
from sent_server.webhooks.headers import signed_headers
from sent_server.webhooks.model import Target, Webhook

DELIVERED = "Test event delivered successfully"
_SAMPLE_CONTACT, _SAMPLE_OWN = "+15555550123", "+15555550100"


@value_object
class PreparedTest:
    customer_id: str
    url: str
    body: bytes
    headers: dict[str, str]
    timeout_seconds: int


def called_url(webhook: Webhook, sealer: Sealer) -> str:
    """The URL with user and password, if any. Raises cryptography's InvalidTag if another master key sealed them."""
    if webhook.userinfo_sealed is None:
        return webhook.endpoint_url
    return urls.with_userinfo(webhook.endpoint_url, sealer.open(webhook.userinfo_sealed, row_id=f"{webhook.id}/url"))


def target(webhook: Webhook, sealer: Sealer) -> Target:
    return Target(
        customer_id=webhook.customer_id,
        endpoint_id=webhook.id,
        header_id=webhook.id,
        url=called_url(webhook, sealer),
        secret=sealer.open(webhook.secret_sealed, row_id=webhook.id),
        mode=webhook.signature_mode,
        retry_count=webhook.retry_count,
        timeout_seconds=webhook.timeout_seconds,
    )


def prepare(
    webhook: Webhook, subscribed_as: str, sealer: Sealer, *, now_ms: int, wall_ms: int, clean: bool
) -> PreparedTest:
    """A sample event for `subscribed_as`. For a parent name, the sample is its best-known event."""
    covered = names.COVERED[subscribed_as]
    name = "message.delivered" if "message.delivered" in covered else covered[0]
    label = filters.expand(webhook.event_types).get(name) or names.label_of(name, (subscribed_as,))
    content = EventContent(
        ids.new_id(now_ms),
        name,
        ids.new_id(now_ms),
        orjson.dumps(_sample(webhook.customer_id, name, now_ms)).decode(),
        now_ms,
    )
    body = bodies.encode(content, label.field, clean=clean)
    to = target(webhook, sealer)
    assert to.url is not None
    headers = signed_headers(to, label=label, event_name=name, event_id=content.id, body=body, wall_ms=wall_ms)
    return PreparedTest(webhook.customer_id, to.url, body, headers, webhook.timeout_seconds)


async def send(egress: Egress, prepared: PreparedTest) -> dict[str, Any]:
    result = await egress.post(
        prepared.url,
        prepared.body,
        prepared.headers,
        timeout_seconds=prepared.timeout_seconds,
        tenant=prepared.customer_id,
    )
    match result:
        case EgressResponse() if result.ok:
            return {"success": True, "message": DELIVERED}
        case EgressResponse():
            return {"success": False, "message": f"Test event failed: the endpoint answered HTTP {result.status}"}
        case RequestFailed() | RequestRefused():
            return {"success": False, "message": f"Test event failed: {result.reason}"}
        case _:
            assert_never(result)


def _sample(customer_id: str, name: str, now_ms: int) -> dict[str, Any]:
    at = timestamps.iso_seconds(now_ms)
    numbers = {"inbound_number": _SAMPLE_CONTACT, "outbound_number": _SAMPLE_OWN}
    if name == names.TEMPLATES:
        return {
            "account_id": customer_id,
            "template_id": ids.new_id(now_ms),
            "template_name": "order_confirmation",
            "whatsapp_template_id": None,
            "status": "APPROVED",
            "language": "en_US",
            "category": "UTILITY",
            "channel": WHATSAPP,
            "reason": None,
        }
    if name in names.CONTACTS:
        return {"account_id": customer_id, "contact_id": ids.new_id(now_ms), "phone_number": _SAMPLE_CONTACT}
    common = {"account_id": customer_id, "message_id": ids.new_id(now_ms), "channel": SMS, **numbers}
    if name == names.RECEIVED:
        text = {"from": _SAMPLE_CONTACT, "to": _SAMPLE_OWN, "text": "Hello", "received_at": at}
        return {**common, **text, "message_status": RECEIVED, "provider": None, "updated_at": at}
    status = name.partition(".")[2].upper()
    return {**common, "message_status": status, "template_id": ids.new_id(now_ms), "updated_at": at}
