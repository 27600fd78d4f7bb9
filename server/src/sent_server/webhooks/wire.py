"""Request bodies, and the JSON of values."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, model_validator

from sent_server.egress import BAD_URL, urls
from sent_server.events import LogEntry, Span, filters, names
from sent_server.http import unserved
from sent_server.http.fields import Moment, PostUrl, RequestBody, Uuid, between, fault, one_of
from sent_server.http.lengths import AtMost
from sent_server.http.zero_values import ZeroValues
from sent_server.kernel import timestamps, typed_text
from sent_server.webhooks import body as bodies
from sent_server.webhooks.model import EndpointHealth, Webhook
from sent_server.webhooks.signing import SignatureMode

EVENT_TYPE_REQUIRED = "Event type is required"
NO_EVENTS_OF_PROFILES = "Name the events of profiles, or send an empty list to get none"
KEPT = "Kept until the webhook is enabled"
MAX_EVENT_TYPES = 100
MAX_SUB_TYPES = 100
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


def _check_families(value: Any) -> Any:
    """Unknown keys are refused first: the names of other faults would contain them."""
    if value == []:
        return {}
    unknown = filters.unknown_family(cast(dict[str, Any], value)) if isinstance(value, dict) else None
    if unknown is not None:
        raise fault("VALIDATION_006", unknown)
    return cast(Any, value)


Name = Annotated[str, StringConstraints(max_length=255), AfterValidator(_check_name)]
EventTypes = Annotated[
    list[Annotated[str, AfterValidator(_check_event_type)]],
    AfterValidator(_check_some),
    AtMost(MAX_EVENT_TYPES, "event types"),
    ZeroValues(),
]
Retries = Annotated[int, between(1, 5)]
TimeoutSeconds = Annotated[int, between(5, 120)]
# {} and [] clear the filters of a webhook, so only null is absent. PHP writes an empty map as [].
EventFilters = Annotated[
    dict[str, Annotated[list[str], AtMost(MAX_SUB_TYPES, "sub-types")] | None],
    BeforeValidator(_check_families),
    ZeroValues(),
]
Mode = Annotated[str, one_of([mode.value for mode in SignatureMode])]


class SenderProfile(BaseModel):
    """No event types end the events of profiles, so an empty list is not absent."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    event_types: Annotated[
        list[Annotated[str, AfterValidator(_check_event_type)]],
        AfterValidator(lambda value: list(dict.fromkeys(value))),
        AtMost(MAX_EVENT_TYPES, "event types"),
    ]
    event_filters: EventFilters | None = None

    @classmethod
    def is_absent(cls, value: Mapping[str, Any]) -> bool:
        """Whether a typed client wrote only what its type requires."""
        return value.get("event_types") is None and not value.get("event_filters")


class _Described(RequestBody):
    """`url` is the older spelling of `endpoint_url`, which takes precedence."""

    missing: ClassVar[dict[str, tuple[str, str]]] = {
        "endpoint_url": ("VALIDATION_001", BAD_URL),
        "sender_profile.event_types": ("VALIDATION_001", NO_EVENTS_OF_PROFILES),
    }
    not_served: ClassVar[frozenset[str]] = unserved.WEBHOOK

    endpoint_url: Annotated[PostUrl | None, ZeroValues()] = None
    event_types: EventTypes | None = None
    retry_count: Retries | None = None
    timeout_seconds: TimeoutSeconds | None = None
    signature_mode: Mode | None = None
    event_filters: EventFilters | None = None
    sender_profile: SenderProfile | None = None

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
        "customer_id": value.customer_id,
        "display_name": value.display_name,
        "endpoint_url": urls.masked(value.endpoint_url),
        "signing_secret": secret,
        "signature_mode": value.signature_mode.value,
        "is_active": value.is_active,
        "event_types": list(value.event_types),
        "event_filters": value.event_filters or None,
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
        "event_type": described.family,
        "sub_types": None if described.sub_types is None else [event_type(one) for one in described.sub_types],
    }
