"""Request bodies, and the JSON of values."""

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, StringConstraints, model_validator

from sent_server.egress import BAD_URL, urls
from sent_server.events import LogEntry, Span, names
from sent_server.http import unserved
from sent_server.http.fields import Moment, PostUrl, RequestBody, Uuid, between, fault, one_of
from sent_server.http.lengths import AtMost
from sent_server.http.zero_values import ZeroValues
from sent_server.kernel import timestamps, typed_text
from sent_server.webhooks import body as bodies
from sent_server.webhooks.model import EndpointHealth, Webhook
from sent_server.webhooks.signing import SignatureMode

EVENT_TYPE_REQUIRED = "Event type is required"
KEPT = "Kept until the webhook is enabled"
MAX_EVENT_TYPES = 100
DEFAULT_RETRIES = 3
DEFAULT_TIMEOUT_SECONDS = 30


def _check_name(value: str) -> str:
    if typed_text.is_blank(value):
        raise fault("VALIDATION_001", "Display name must not be empty")
    return value.strip()


def _check_event_type(value: str) -> str:
    if not value:
        raise fault("VALIDATION_001", EVENT_TYPE_REQUIRED)
    if not names.is_known(value):
        raise fault("VALIDATION_006", f"Unknown event type {value[:80]!r}; GET /v3/webhooks/event-types lists them")
    return value


def _check_some(value: list[str]) -> list[str]:
    if not value:
        raise fault("VALIDATION_001", "Name at least one event type")
    return list(dict.fromkeys(value))


Name = Annotated[str, StringConstraints(max_length=255), AfterValidator(_check_name)]
EventTypes = Annotated[
    list[Annotated[str, AfterValidator(_check_event_type)]],
    AfterValidator(_check_some),
    AtMost(MAX_EVENT_TYPES, "event types"),
    ZeroValues(),
]
Retries = Annotated[int, between(1, 5)]
TimeoutSeconds = Annotated[int, between(5, 120)]
Mode = Annotated[str, one_of([mode.value for mode in SignatureMode])]


class _Described(RequestBody):
    """`url` is the older spelling of `endpoint_url`, which takes precedence."""

    missing: ClassVar[dict[str, tuple[str, str]]] = {"endpoint_url": ("VALIDATION_001", BAD_URL)}
    not_served: ClassVar[frozenset[str]] = unserved.WEBHOOK

    endpoint_url: Annotated[PostUrl | None, ZeroValues()] = None
    event_types: EventTypes | None = None
    retry_count: Retries | None = None
    timeout_seconds: TimeoutSeconds | None = None
    signature_mode: Mode | None = None

    @model_validator(mode="before")
    @classmethod
    def _older_spelling(cls, value: dict[str, Any]) -> dict[str, Any]:
        if value.get("endpoint_url") is None and value.get("url", "") != "":
            return {**value, "endpoint_url": value["url"]}
        return value


class CreateWebhook(_Described):
    """URL and events are required, although the data-model page requires only the name: a new webhook is active."""

    display_name: Name


class UpdateWebhook(_Described):
    """Absent, null and empty fields keep the current value. Fields that a new webhook requires cannot become empty."""

    display_name: Annotated[Name | None, ZeroValues()] = None
    is_active: bool | None = None


class ToggleWebhook(RequestBody):
    is_active: bool


class TestWebhook(RequestBody):
    __test__ = False  # pytest collects by name
    missing: ClassVar[dict[str, tuple[str, str]]] = {"event_type": ("VALIDATION_001", EVENT_TYPE_REQUIRED)}

    event_type: Annotated[str, AfterValidator(_check_event_type)]


class Replay(RequestBody):
    """One log entry by `event_id`, or all with `delivery_status` that were created from `since` until `until`."""

    event_id: Uuid | None = None
    since: Moment | None = None
    until: Moment | None = None
    delivery_status: Annotated[str | None, one_of(("failed", "delivered", "all"))] = None
    after: Uuid | None = None

    @model_validator(mode="after")
    def _one_or_many(self) -> "Replay":
        if self.event_id and self.model_fields_set & {"since", "until", "delivery_status", "after"}:
            raise fault("VALIDATION_001", "Name one event_id, or a range, not both")
        return self

    def span(self, now_ms: int) -> Span:
        wanted = self.delivery_status or "failed"
        states = ("failed", "delivered") if wanted == "all" else (wanted,)
        return Span(self.since or 0, min(self.until or now_ms, now_ms), states, self.after)


def webhook(value: Webhook, health: EndpointHealth, *, secret: str | None = None) -> dict[str, Any]:
    """`secret` is the plain text, which only the responses to create and rotate contain."""
    return {
        "id": value.id,
        "display_name": value.display_name,
        "endpoint_url": urls.masked(value.endpoint_url),
        "signing_secret": secret,
        "signature_mode": value.signature_mode.value,
        "is_active": value.is_active,
        "event_types": list(value.event_types),
        "retry_count": value.retry_count,
        "timeout_seconds": value.timeout_seconds,
        "last_delivery_attempt_at": timestamps.iso_or_none(health.last_attempt_at_ms),
        "last_successful_delivery_at": timestamps.iso_or_none(health.last_success_at_ms),
        "consecutive_failures": health.consecutive_failures,
        "created_at": timestamps.iso(value.created_at_ms),
        "updated_at": timestamps.iso_or_none(value.updated_at_ms),
    }


def delivery(entry: LogEntry, *, parked: bool, current_names_only: bool) -> dict[str, Any]:
    """A log row. A delivery that waits for a parked endpoint is shown as pending, even after attempts."""
    status = "pending" if parked and entry.status == "retrying" else entry.status
    return {
        "id": entry.id,
        "event_type": entry.event_name,
        "event_data": bodies.build(entry.content, entry.field, clean=current_names_only),
        "delivery_status": status,
        "http_status_code": entry.http_status_code,
        "response_body": entry.response_body,
        "delivery_attempts": entry.attempts,
        "error_message": entry.error_message or (KEPT if entry.is_parked else None),
        "created_at": timestamps.iso(entry.created_at_ms),
        "processing_started_at": timestamps.iso_or_none(entry.started_at_ms),
        "processing_completed_at": timestamps.iso_or_none(entry.completed_at_ms),
    }


def event_type(described: names.Described) -> dict[str, Any]:
    return {
        "name": described.name,
        "display_name": described.display_name,
        "description": described.description,
        "is_active": described.is_raised,
    }
