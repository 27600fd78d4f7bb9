"""Webhooks as they arrive: is it from Sent, and what does it say? Knows no client and no network.

    event = webhooks.unwrap(request.headers, request.body, secret="whsec_...")

Signatures. The scheme of Sent, `v1`: `v1,` and the base64 of HMAC-SHA256 over `{id}.{timestamp}.{body}`; its key is
what follows `whsec_`, base64-decoded. It needs the headers X-Webhook-ID and X-Webhook-Timestamp. Simpler schemes sign
the body alone, with the secret as it is written for a key: hex, `sha256=` and hex, base64, `sha256=` and base64. A
webhook's `signature_mode` says which of them it uses.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sent_dm.exceptions import WebhookVerificationError
from sent_dm.models import INSTANT, Model, wrap
from sent_dm.types.webhook_events import (
    WebhookChannelEvent,
    WebhookContactEvent,
    WebhookInboundEvent,
    WebhookMessageEvent,
    WebhookTemplateEvent,
)

PREFIX = "whsec_"
DEFAULT_TOLERANCE_S = 300.0


class WebhookOtherEvent(Model):
    """An event of a kind that this version does not know, or that has no class of its own (`profile.completed`)."""

    field: str
    sub_type: str | None
    event: str | None
    timestamp: datetime
    payload: Any

    _parts = {"timestamp": INSTANT}


WebhookEvent = (
    WebhookMessageEvent
    | WebhookInboundEvent
    | WebhookContactEvent
    | WebhookTemplateEvent
    | WebhookChannelEvent
    | WebhookOtherEvent
)
_KINDS: dict[str, type[WebhookEvent]] = {
    "message": WebhookMessageEvent,
    "template": WebhookTemplateEvent,
    "contact": WebhookContactEvent,
    "channel": WebhookChannelEvent,
}


def verify_signature(
    payload: str | bytes,
    signature: str | None,
    secret: str,
    *,
    webhook_id: str | None = None,
    timestamp: str | int | None = None,
    headers: Mapping[str, str] | None = None,
    tolerance: float | None = DEFAULT_TOLERANCE_S,
) -> bool:
    """Whether `payload`, the body exactly as it arrived, was signed with `secret`.

    With `headers` (or `webhook_id` and `timestamp`) the scheme v1 is checked, else those over the body alone.
    `tolerance`: maximum difference in seconds between timestamp and now; None for any. A signature that is missing or
    malformed is False. Raises TypeError and ValueError for a secret or payload that cannot be one.
    """
    body = _bytes(payload)
    key = _secret(secret)
    found = _lower(headers)
    signature = signature or found.get("x-webhook-signature")
    webhook_id = webhook_id or found.get("x-webhook-id")
    moment = found.get("x-webhook-timestamp") if timestamp is None else str(timestamp)
    if not isinstance(signature, str) or not signature.isascii():
        return False
    if signature.startswith("v1,"):
        return _is_v1(body, signature, key, webhook_id, moment, tolerance)
    return _is_over_body(body, signature, key)


def unwrap(
    headers: Mapping[str, str],
    body: str | bytes,
    *,
    secret: str,
    tolerance: float | None = DEFAULT_TOLERANCE_S,
) -> WebhookEvent:
    """The event in a webhook's request, verified. Raises WebhookVerificationError."""
    if not verify_signature(body, None, secret, headers=headers, tolerance=tolerance):
        raise WebhookVerificationError("The signature is missing or wrong, or the timestamp is too far from now")
    return parse(body)


def parse(body: str | bytes) -> WebhookEvent:
    """The event in a body that you have verified yourself. Raises WebhookVerificationError for any other body."""
    try:
        raw: Any = json.loads(body)
    except (ValueError, RecursionError) as fault:
        raise WebhookVerificationError(f"The body is not JSON: {fault}") from None
    if not isinstance(raw, dict):
        raise WebhookVerificationError("The body is not a JSON object")
    told = cast("dict[str, Any]", raw)
    # Odd payloads pass as they are: an event that is refused would only come again.
    return wrap(_kind(told), told)


def _kind(raw: dict[str, Any]) -> type[WebhookEvent]:
    """From the event's own name; from the name that it was subscribed by (`*` may be one) only where it has none."""
    name = next((raw[key] for key in ("event", "sub_type", "type", "field") if isinstance(raw.get(key), str)), None)
    if name is None:
        raise WebhookVerificationError("The body has no `field`, `event` or `type`, so it is not an event")
    if name == "message.received":
        return WebhookInboundEvent
    return _KINDS.get(name.partition(".")[0].removesuffix("s"), WebhookOtherEvent)


def _is_v1(
    body: bytes, signature: str, key: str, webhook_id: str | None, moment: str | None, tolerance: float | None
) -> bool:
    if webhook_id is None or moment is None or not re.fullmatch("[0-9]{1,15}", moment):
        return False
    signed = f"{webhook_id}.{moment}.".encode() + body
    wanted = "v1," + _base64(hmac.digest(_decoded(key), signed, hashlib.sha256))
    if not hmac.compare_digest(wanted, signature):
        return False
    return tolerance is None or abs(time.time() - int(moment)) <= tolerance


def _is_over_body(body: bytes, signature: str, key: str) -> bool:
    digest = hmac.digest(key.encode(), body, hashlib.sha256)
    signature = signature.removeprefix("sha256=")
    # Compare both always: the time that it takes must not show which of them is nearer.
    is_hex = hmac.compare_digest(digest.hex(), signature.lower())
    is_base64 = hmac.compare_digest(_base64(digest), signature)
    return is_hex or is_base64


def _decoded(key: str) -> bytes:
    encoded = key.removeprefix(PREFIX)
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"`secret` must be {PREFIX} and base64, to verify signatures of v1") from None


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _secret(secret: Any) -> str:
    if not isinstance(secret, str):
        raise TypeError(f"`secret` must be a string, not {type(secret).__name__}")
    if not secret.strip():
        raise ValueError("`secret` must not be empty")
    return secret.strip()


def _bytes(payload: Any) -> bytes:
    if isinstance(payload, str):
        return payload.encode()
    if isinstance(payload, bytes | bytearray | memoryview):
        return bytes(cast("bytes", payload))
    raise TypeError(f"`payload` must be the body as it arrived, str or bytes, not {type(payload).__name__}")


def _lower(headers: Any) -> dict[str, str]:
    if headers is None:
        return {}
    if not hasattr(headers, "items"):
        raise TypeError(f"`headers` must be a mapping, not {type(headers).__name__}")
    return {str(name).lower(): value for name, value in headers.items()}
