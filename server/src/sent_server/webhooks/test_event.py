"""POST /v3/webhooks/{id}/test: one signed request with sample data, without retries or a log row."""

from collections.abc import Mapping
from typing import Any, assert_never

import orjson

from sent_server.egress import Egress, EgressResponse, RequestFailed, RequestRefused, urls
from sent_server.events import EventContent, filters, names
from sent_server.kernel import ids, timestamps
from sent_server.kernel.channels import SMS, WHATSAPP
from sent_server.kernel.sealing import Sealer
from sent_server.kernel.values import value_object
from sent_server.messages import announce
from sent_server.messages.statuses import BLOCKED, CANCELLED, FAILED, FILTERED, SCHEDULED
from sent_server.webhooks import body as bodies
from sent_server.webhooks.headers import signed_headers
from sent_server.webhooks.model import Target, Webhook

DELIVERED = "Test event delivered successfully"
_SAMPLE_CONTACT, _SAMPLE_OWN, _SAMPLE_TEMPLATE = "+15555550123", "+15555550100", "order_confirmation"
_SAMPLE_KEYWORDS = {names.OPT_OUT: "STOP", "contact.opt_in": "START", "contact.help": "HELP"}
_SAMPLE_REASONS: Mapping[str, tuple[str, str]] = {
    FAILED: ("DELIVERY_003", "INVALID_NUMBER: The number does not exist"),
    FILTERED: ("BUSINESS_004", "The contact has opted out"),
    BLOCKED: ("BUSINESS_003", "Insufficient account balance"),
}


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
        orjson.dumps(dict(_sample(webhook.customer_id, name, now_ms))).decode(),
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


def _sample(customer_id: str, name: str, now_ms: int) -> Mapping[str, Any]:
    """A payload like that of a real event."""
    message_id, template_id = ids.new_id(now_ms), ids.new_id(now_ms)
    if name == names.TEMPLATES:
        return {
            "account_id": customer_id,
            "template_id": template_id,
            "template_name": _SAMPLE_TEMPLATE,
            "whatsapp_template_id": None,
            "status": "APPROVED",
            "language": "en_US",
            "category": "UTILITY",
            "channel": WHATSAPP,
            "reason": None,
        }
    if name in names.CHANNELS:
        return {
            "account_id": customer_id,
            "channel": SMS,
            "country": "US",
            "number_type": "TEN_DLC",
            "sender_value": _SAMPLE_OWN,
            "status": "ACTIVE" if name == names.CHANNEL_ACTIVATED else "PENDING_REVIEW",
            "compliance": None,
            "updated_at": timestamps.iso_seconds(now_ms),
        }
    if name in names.CONTACTS:
        keyword = _SAMPLE_KEYWORDS.get(name, "JOIN")
        return announce.consent_event(
            customer_id=customer_id,
            name=name,
            contact_id=ids.new_id(now_ms),
            message_id=message_id,
            channel=SMS,
            phone=_SAMPLE_CONTACT,
            sender=_SAMPLE_OWN,
            opted_out=name == names.OPT_OUT,
            text=keyword,
            keyword=keyword,
            at_ms=now_ms,
        ).payload
    if name == names.RECEIVED:
        return announce.received_event(
            customer_id=customer_id,
            message_id=message_id,
            channel=SMS,
            phone=_SAMPLE_CONTACT,
            sender=_SAMPLE_OWN,
            text="Hello",
            carrier="simulator",
            at_ms=now_ms,
        ).payload
    status = name.partition(".")[2].upper()
    code, reason = _SAMPLE_REASONS.get(status, (None, None))
    schedule: dict[str, str] = {}
    if status in (SCHEDULED, CANCELLED):
        schedule["scheduled_at"] = timestamps.iso_seconds(now_ms + 3_600_000)
    if status == SCHEDULED:
        schedule["schedule_reason"] = "USER_SCHEDULED"
    sample = announce.status_event(
        customer_id=customer_id,
        message_id=message_id,
        status=status,
        channel=SMS,
        phone=_SAMPLE_CONTACT,
        sender=_SAMPLE_OWN,
        template_id=template_id,
        template_name=_SAMPLE_TEMPLATE,
        text="Your order is on its way.",
        callback_url=None,
        reason=reason,
        reason_code=code,
        at_ms=now_ms,
    )
    return {**sample.payload, **schedule}
