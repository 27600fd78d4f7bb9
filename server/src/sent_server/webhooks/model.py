"""Values of the slice."""

from collections.abc import Sequence
from dataclasses import field

from sent_server.events import ClaimedDelivery, Filters
from sent_server.kernel.values import value_object
from sent_server.outbound import Breaker
from sent_server.webhooks.signing import SignatureMode


@value_object
class SenderProfile:
    """The events of all profiles that a webhook of their organization gets."""

    event_types: tuple[str, ...]
    event_filters: Filters


@value_object
class Webhook:
    """`disabled_at_ms` None means active. `disabled_reason` is set if the sender disabled the webhook.

    User and password of an `endpoint_url` are sealed separately, and the URL contains a mask instead.
    """

    customer_id: str
    id: str
    display_name: str
    endpoint_url: str
    event_types: tuple[str, ...]
    retry_count: int
    timeout_seconds: int
    signature_mode: SignatureMode
    secret_sealed: str
    disabled_at_ms: int | None
    disabled_reason: str | None
    created_at_ms: int
    updated_at_ms: int | None
    userinfo_sealed: str | None = None
    event_filters: Filters = field(default_factory=dict[str, Sequence[str]])
    sender_profile: SenderProfile | None = None

    @property
    def is_active(self) -> bool:
        return self.disabled_at_ms is None

    @property
    def is_disabled_by_us(self) -> bool:
        return self.disabled_at_ms is not None and self.disabled_reason is not None

    @property
    def gets_events(self) -> bool:
        """Events of a webhook that the sender disabled are kept for it."""
        return self.is_active or self.is_disabled_by_us


@value_object
class EndpointHealth:
    """The recent results of an endpoint.

    `consecutive_failures` counts failed attempts, `unreachable_in_row` those that move the breaker, and
    `failed_events_in_row` events that failed for good. While `parked_at_ms` is set, only probes are sent.
    """

    consecutive_failures: int = 0
    unreachable_in_row: int = 0
    failed_events_in_row: int = 0
    parked_at_ms: int | None = None
    probe_at_ms: int | None = None
    last_attempt_at_ms: int | None = None
    last_success_at_ms: int | None = None

    @property
    def breaker(self) -> Breaker:
        """An endpoint is parked while its breaker is open."""
        return Breaker(self.unreachable_in_row, self.parked_at_ms, self.probe_at_ms)


@value_object
class Target:
    """Where and how to send, as of the claim. `header_id` is X-Webhook-ID: for callbacks, the account's id."""

    customer_id: str
    endpoint_id: str
    header_id: str
    url: str | None
    secret: str
    mode: SignatureMode
    retry_count: int
    timeout_seconds: int


@value_object
class DeliveryOutcome:
    """One finished attempt. `status` None means no response. `refused` means that no request was made."""

    claimed: ClaimedDelivery
    retry_count: int
    started_at_ms: int
    finished_at_ms: int
    status: int | None
    text: str | None
    error: str | None
    retry_after_s: int | None = None
    refused: bool = False

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def unreachable(self) -> bool:
        """Whether the failure is the endpoint's and not the event's."""
        if self.status is None:
            return not self.refused
        return self.status >= 500 or self.status == 429
