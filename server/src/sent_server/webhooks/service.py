"""The rules of webhooks: permitted values, and subscriptions that match the active webhooks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cryptography.exceptions import InvalidTag

from sent_server import events
from sent_server.accounts import service as accounts
from sent_server.db import Tx
from sent_server.egress import UrlRules, urls
from sent_server.errors import ApiError
from sent_server.events import Event, Filters, LogEntry, Span, filters
from sent_server.http.caller import Caller
from sent_server.kernel import ids, plurals
from sent_server.kernel.paging import Page
from sent_server.kernel.sealing import Sealer
from sent_server.kernel.values import value_object
from sent_server.webhooks import parking, signing, store, test_event
from sent_server.webhooks.model import EndpointHealth, SenderProfile, Webhook
from sent_server.webhooks.signing import SignatureMode

DISABLED = "webhook.disabled"
REPLAYED_AT_ONCE = 2_000
BOTH_STATES = ("active", "inactive")
NOT_AN_ORGANIZATION = "Only a webhook of an organization can receive events of its profiles"
GivenFilters = Mapping[str, Sequence[str] | None]


@value_object
class WebhookRules:
    """The operator's limits."""

    sealer: Sealer
    quota: int
    urls: UrlRules


@value_object
class SenderProfileDraft:
    """No `event_types` ends the events of profiles."""

    event_types: Sequence[str]
    event_filters: GivenFilters | None


@value_object
class WebhookDraft:
    """The values of a request. None keeps the current value or, on create, the default."""

    display_name: str | None
    endpoint_url: str | None
    event_types: Sequence[str] | None
    retry_count: int | None
    timeout_seconds: int | None
    signature_mode: str | None
    is_active: bool | None = None
    event_filters: GivenFilters | None = None
    sender_profile: SenderProfileDraft | None = None


@value_object
class WebhookStatus:
    """A webhook, its health, and the number of events kept until it is enabled."""

    webhook: Webhook
    health: EndpointHealth
    parked_events: int

    @property
    def state(self) -> str:
        if self.webhook.is_disabled_by_us:
            return "disabled"
        if not self.webhook.is_active:
            return "switched_off"
        return "unreachable" if self.health.parked_at_ms is not None else "active"

    @property
    def since_ms(self) -> int | None:
        return self.webhook.disabled_at_ms if not self.webhook.is_active else self.health.parked_at_ms


async def create(
    tx: Tx, customer_id: str, draft: WebhookDraft, rules: WebhookRules, *, quota: int, now_ms: int
) -> tuple[Webhook, str]:
    """Returns the new webhook and its secret in plain text, which is never shown again."""
    await store.hold_up_others(tx, customer_id)
    if await store.count(tx, customer_id) >= quota:
        raise ApiError("VALIDATION_001", f"An account may hold {plurals.counted(quota, 'webhook')}; delete one first")
    _check_complete(draft)
    webhook_id = ids.new_id(now_ms)
    secret = signing.new_secret()
    empty = Webhook(
        customer_id=customer_id,
        id=webhook_id,
        display_name="",
        endpoint_url="",
        event_types=(),
        retry_count=3,
        timeout_seconds=30,
        signature_mode=SignatureMode.V1,
        secret_sealed=rules.sealer.seal(secret, row_id=webhook_id),
        disabled_at_ms=None,
        disabled_reason=None,
        created_at_ms=now_ms,
        updated_at_ms=None,
    )
    webhook = _with(_at(empty, draft.endpoint_url, rules), draft)
    await store.insert(tx, webhook)
    await store.put_health(tx, {(customer_id, webhook_id): EndpointHealth()})
    await _follow(tx, webhook)
    return webhook, secret


async def check_sender_profile(tx: Tx, caller: Caller, draft: WebhookDraft) -> None:
    """Raises VALIDATION_001 if the webhook would get events of profiles and is not of an organization."""
    if draft.sender_profile is None or not draft.sender_profile.event_types:
        return
    account = await accounts.look_up(tx, caller.customer_id)
    if account is None or account.kind != "organization":
        raise ApiError("VALIDATION_001", details={"sender_profile": [NOT_AN_ORGANIZATION]})


async def get(tx: Tx, customer_id: str, webhook_id: str) -> tuple[Webhook, EndpointHealth]:
    return _found(await store.by_id(tx, customer_id, webhook_id))


async def list_page(
    tx: Tx, customer_id: str, *, page: Page, pattern: str | None, is_active: bool | None
) -> tuple[list[tuple[Webhook, EndpointHealth]], int]:
    """Newest first, one more than the page contains, and the number of matches."""
    states = BOTH_STATES if is_active is None else ("active",) if is_active else ("inactive",)
    rows = await store.list_page(tx, customer_id, page=page, pattern=pattern or "%", states=states)
    return rows, await store.count(tx, customer_id, pattern=pattern or "%", states=states)


async def standings(tx: Tx, customer_id: str) -> list[WebhookStatus]:
    """All webhooks of an account for an operator, newest first."""
    page = Page(1, await store.count(tx, customer_id) or 1)
    rows = await store.list_page(tx, customer_id, page=page, pattern="%", states=BOTH_STATES)
    return [
        WebhookStatus(webhook, health, await events.count_parked(tx, customer_id, webhook.id))
        for webhook, health in rows
    ]


async def update(
    tx: Tx, customer_id: str, webhook_id: str, draft: WebhookDraft, rules: WebhookRules, *, now_ms: int
) -> tuple[Webhook, EndpointHealth]:
    webhook, health = _found(await store.locked(tx, customer_id, webhook_id))
    changed = replace(_with(_at(webhook, draft.endpoint_url, rules), draft), updated_at_ms=now_ms)
    # A client that writes back the webhook it read does not switch it: only a different state is a change.
    if draft.is_active is not None and draft.is_active is not webhook.is_active:
        return await _switch(tx, changed, health, active=draft.is_active, now_ms=now_ms)
    await store.update(tx, changed)
    await _follow(tx, changed)
    if (changed.endpoint_url, changed.userinfo_sealed) != (webhook.endpoint_url, webhook.userinfo_sealed):
        health = await _forgive(tx, changed, health)
    return changed, health


async def delete(tx: Tx, customer_id: str, webhook_id: str) -> None:
    if not await store.delete(tx, customer_id, webhook_id):
        raise ApiError("RESOURCE_008")
    await events.forget_endpoint(tx, customer_id, webhook_id)


async def rotate_secret(tx: Tx, customer_id: str, webhook_id: str, rules: WebhookRules, *, now_ms: int) -> str:
    """Returns the new secret, which signs all requests after the commit. The old one is deleted."""
    webhook, _ = _found(await store.locked(tx, customer_id, webhook_id))
    secret = signing.new_secret()
    sealed = rules.sealer.seal(secret, row_id=webhook_id)
    await store.update(tx, replace(webhook, secret_sealed=sealed, updated_at_ms=now_ms))
    return secret


async def toggle(
    tx: Tx, customer_id: str, webhook_id: str, *, active: bool, now_ms: int
) -> tuple[Webhook, EndpointHealth]:
    """Switching on resets all failures and sends the waiting events. Switching off keeps them."""
    webhook, health = _found(await store.locked(tx, customer_id, webhook_id))
    return await _switch(tx, webhook, health, active=active, now_ms=now_ms)


async def log_page(
    tx: Tx, customer_id: str, webhook_id: str, *, page: Page, pattern: str | None
) -> tuple[list[LogEntry], int, bool]:
    """Returns the deliveries, newest first, their total, and whether the endpoint is parked."""
    _, health = await get(tx, customer_id, webhook_id)
    entries, total_count = await events.log_page(tx, customer_id, webhook_id, page=page, pattern=pattern)
    return entries, total_count, health.parked_at_ms is not None


async def replay_one(tx: Tx, customer_id: str, webhook_id: str, delivery_id: str, *, now_ms: int) -> int:
    """Send one delivery of the log again. Raises RESOURCE_008 for an unknown webhook or delivery."""
    webhook, _ = _found(await store.locked(tx, customer_id, webhook_id))
    if not await events.replay_one(
        tx, customer_id, webhook_id, delivery_id, parks=not webhook.is_active, never=DISABLED, now_ms=now_ms
    ):
        raise ApiError("RESOURCE_008", "The webhook's log has no event with this id")
    return 1


async def replay_span(tx: Tx, customer_id: str, webhook_id: str, span: Span, *, now_ms: int) -> tuple[int, str | None]:
    """Send a batch of deliveries again. They wait while the webhook is off.

    Returns their number and the id after which the next call continues.
    """
    webhook, _ = _found(await store.locked(tx, customer_id, webhook_id))
    return await events.replay_span(
        tx,
        customer_id,
        webhook_id,
        span,
        parks=not webhook.is_active,
        never=DISABLED,
        count=REPLAYED_AT_ONCE,
        now_ms=now_ms,
    )


async def disable(tx: Tx, customer_id: str, webhook_id: str, *, reason: str, now_ms: int) -> None:
    """Disable a failing webhook, note it in its log and keep its events. Does nothing if it is off or deleted."""
    found = await store.locked(tx, customer_id, webhook_id)
    if found is None or not found[0].is_active:
        return
    webhook = replace(found[0], disabled_at_ms=now_ms, disabled_reason=reason, updated_at_ms=now_ms)
    await store.update(tx, webhook)
    await store.set_releasing(tx, (customer_id, webhook_id), None)
    await _follow(tx, webhook)
    payload = {"account_id": customer_id, "webhook_id": webhook_id, "reason": reason}
    event = Event(customer_id, DISABLED, webhook_id, payload, now_ms)
    await events.note(tx, event, webhook_id, message=reason)


def _with(webhook: Webhook, draft: WebhookDraft) -> Webhook:
    """Returns the webhook with the draft's values. Raises VALIDATION_006 for filters that do not fit its events."""
    event_types = webhook.event_types if draft.event_types is None else tuple(draft.event_types)
    if draft.event_filters is None:
        event_filters = filters.still_subscribed(webhook.event_filters, event_types)
    else:
        event_filters = _filters("event_filters", draft.event_filters, event_types)
    sender_profile = webhook.sender_profile
    if (given := draft.sender_profile) is not None:
        of_profiles = _filters("sender_profile.event_filters", given.event_filters or {}, given.event_types)
        sender_profile = SenderProfile(tuple(given.event_types), of_profiles) if given.event_types else None
    return replace(
        webhook,
        display_name=draft.display_name or webhook.display_name,
        event_types=event_types,
        event_filters=event_filters,
        sender_profile=sender_profile,
        retry_count=draft.retry_count or webhook.retry_count,
        timeout_seconds=draft.timeout_seconds or webhook.timeout_seconds,
        signature_mode=SignatureMode(draft.signature_mode or webhook.signature_mode),
    )


def _filters(field: str, given: Mapping[str, Sequence[str] | None], event_types: Sequence[str]) -> Filters:
    settled, faults = filters.settle(given, event_types)
    if faults:
        raise ApiError("VALIDATION_006", details={field: faults})
    return settled


def _at(webhook: Webhook, given: str | None, rules: WebhookRules) -> Webhook:
    """Returns the webhook with this URL. Raises VALIDATION_001 for a URL that may not be called."""
    if not given:
        return webhook
    try:
        before = test_event.called_url(webhook, rules.sealer)
    except InvalidTag:  # sealed with another master key: the request must contain the credentials again
        before = webhook.endpoint_url
    url = rules.urls.settle("endpoint_url", given, stored=before)
    if url == before:
        return webhook
    credentials = urls.userinfo(url)
    sealed = None if credentials is None else rules.sealer.seal(credentials, row_id=f"{webhook.id}/url")
    return replace(webhook, endpoint_url=urls.masked(url), userinfo_sealed=sealed)


def _check_complete(draft: WebhookDraft) -> None:
    """A new webhook is active, so it needs a URL and events (contract/NOTES.md a, 31)."""
    details: dict[str, list[str]] = {}
    if not draft.endpoint_url:
        details["endpoint_url"] = ["'endpoint_url' is required"]
    if not draft.event_types:
        details["event_types"] = ["'event_types' is required"]
    if details:
        raise ApiError("VALIDATION_004", "Request validation failed", details=details)


async def _switch(
    tx: Tx, webhook: Webhook, health: EndpointHealth, *, active: bool, now_ms: int
) -> tuple[Webhook, EndpointHealth]:
    """Switch the locked webhook on or off."""
    disabled_at_ms = None if active else webhook.disabled_at_ms or now_ms
    changed = replace(webhook, disabled_at_ms=disabled_at_ms, disabled_reason=None, updated_at_ms=now_ms)
    await store.update(tx, changed)
    await _follow(tx, changed)
    if active:
        health = await _forgive(tx, changed, health)
        await parking.begin_release(tx, changed, now_ms=now_ms)
    else:
        await store.set_releasing(tx, (changed.customer_id, changed.id), None)
    return changed, health


async def _follow(tx: Tx, webhook: Webhook) -> None:
    """Update the subscriptions to match the webhook. A webhook that the sender disabled parks its events."""
    own = filters.expand(webhook.event_types, webhook.event_filters) if webhook.gets_events else {}
    key, parks = (webhook.customer_id, webhook.id), webhook.is_disabled_by_us
    await events.subscribe(tx, *key, own, parks=parks)
    wanted = webhook.sender_profile if webhook.gets_events else None
    of_profiles = filters.expand(wanted.event_types, wanted.event_filters) if wanted else {}
    await events.subscribe_to_profiles(tx, *key, of_profiles, parks=parks)


async def _forgive(tx: Tx, webhook: Webhook, health: EndpointHealth) -> EndpointHealth:
    fresh = EndpointHealth(last_attempt_at_ms=health.last_attempt_at_ms, last_success_at_ms=health.last_success_at_ms)
    await store.put_health(tx, {(webhook.customer_id, webhook.id): fresh})
    return fresh


def _found(found: tuple[Webhook, EndpointHealth] | None) -> tuple[Webhook, EndpointHealth]:
    if found is None:
        raise ApiError("RESOURCE_008")
    return found
