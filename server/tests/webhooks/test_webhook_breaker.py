"""Retries, parking, probing, disabling: pure decisions."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.events import ClaimedDelivery
from sent_server.webhooks import breaker
from sent_server.webhooks.model import DeliveryOutcome, EndpointHealth

NOW_MS = 1_000_000_000
MINUTE_MS = 60_000


def outcome(
    status: int | None = 500, *, retries_used: int = 0, retry_count: int = 3, **changes: object
) -> DeliveryOutcome:
    claimed = ClaimedDelivery("c", "e", "d", "ev", "message.sent", "messages", 0, None, retries_used, retries_used, 1)
    base = DeliveryOutcome(claimed, retry_count, NOW_MS - 5, NOW_MS, status, None, None)
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("retries_used", "minutes"), [(0, 1), (1, 5), (2, 15), (3, 60), (4, 60)])
def test_retries_come_after_1_5_15_60_60_minutes(retries_used: int, minutes: int) -> None:
    progress = breaker.judge(outcome(404, retries_used=retries_used, retry_count=5), EndpointHealth()).progress
    assert (progress.status, progress.due_at_ms) == ("retrying", NOW_MS + minutes * MINUTE_MS)


@pytest.mark.parametrize("retry_count", [1, 3, 5])
def test_the_event_fails_after_the_first_attempt_and_retry_count_more(retry_count: int) -> None:
    before = breaker.judge(
        outcome(404, retries_used=retry_count - 1, retry_count=retry_count), EndpointHealth()
    ).progress
    after = breaker.judge(outcome(404, retries_used=retry_count, retry_count=retry_count), EndpointHealth()).progress
    assert (before.status, after.status, after.due_at_ms) == ("retrying", "failed", None)
    assert after.attempts == retry_count + 1


def test_retry_after_is_respected_when_it_is_later() -> None:
    assert breaker.judge(outcome(429, retry_after_s=600), EndpointHealth()).progress.due_at_ms == NOW_MS + 600_000
    assert breaker.judge(outcome(429, retry_after_s=5), EndpointHealth()).progress.due_at_ms == NOW_MS + MINUTE_MS


@pytest.mark.parametrize("status", [None, 500, 503, 429])
def test_five_unreachable_attempts_in_a_row_park_the_endpoint(status: int | None) -> None:
    health = EndpointHealth()
    for _ in range(4):
        health = breaker.judge(outcome(status), health).health
    assert health.parked_at_ms is None
    health = breaker.judge(outcome(status), health).health
    assert (health.parked_at_ms, health.probe_at_ms) == (NOW_MS, NOW_MS + 30_000)
    assert health.consecutive_failures == 5


@pytest.mark.parametrize("status", [302, 400, 404, 410])
def test_other_answers_spend_retries_and_never_park(status: int) -> None:
    health = EndpointHealth()
    for _ in range(20):
        health = breaker.judge(outcome(status), health).health
    assert health.parked_at_ms is None
    assert breaker.judge(outcome(status), health).progress.retries_used == 1


def test_an_address_we_do_not_call_spends_retries() -> None:
    verdict = breaker.judge(outcome(None, refused=True), EndpointHealth(unreachable_in_row=4))
    assert (verdict.progress.retries_used, verdict.health.parked_at_ms) == (1, None)


def test_a_parked_endpoint_spends_no_retries_and_keeps_the_event_pending() -> None:
    parked = EndpointHealth(unreachable_in_row=5, parked_at_ms=NOW_MS - 1, probe_at_ms=NOW_MS)
    verdict = breaker.judge(outcome(None, retries_used=3), parked)
    assert (verdict.progress.status, verdict.progress.retries_used, verdict.progress.attempts) == ("pending", 3, 4)
    assert verdict.health.parked_at_ms == NOW_MS - 1
    assert verdict.health.probe_at_ms == NOW_MS + 30_000


def test_a_success_reopens_and_forgets_everything() -> None:
    parked = EndpointHealth(9, 9, 9, NOW_MS - 1, NOW_MS, NOW_MS - 1, None)
    verdict = breaker.judge(outcome(204), parked)
    assert verdict.health == EndpointHealth(last_attempt_at_ms=NOW_MS, last_success_at_ms=NOW_MS)
    assert (verdict.progress.status, verdict.progress.completed_at_ms) == ("delivered", NOW_MS)


def test_gone_fails_the_event_at_once_and_disables() -> None:
    verdict = breaker.judge(outcome(410), EndpointHealth())
    assert (verdict.progress.status, verdict.progress.due_at_ms) == ("failed", None)
    assert verdict.disable == "Disabled because the endpoint answered 410 Gone"


def test_the_tenth_failed_event_in_a_row_disables() -> None:
    nine = EndpointHealth(failed_events_in_row=9)
    assert breaker.judge(outcome(404, retries_used=3), nine).disable
    assert not breaker.judge(outcome(404, retries_used=3), replace(nine, failed_events_in_row=8)).disable
    assert not breaker.judge(outcome(404, retries_used=2), nine).disable


@given(st.lists(st.sampled_from([200, 204, 301, 404, 429, 500, None]), max_size=60), st.integers(1, 5))
def test_an_event_is_always_finished_or_due_again(statuses: list[int | None], retry_count: int) -> None:
    health, retries_used = EndpointHealth(), 0
    for status in statuses:
        verdict = breaker.judge(outcome(status, retries_used=retries_used, retry_count=retry_count), health)
        progress, health = verdict.progress, verdict.health
        assert (progress.due_at_ms is None) == (progress.status in ("delivered", "failed"))
        assert (progress.completed_at_ms is None) == (progress.due_at_ms is not None)
        assert progress.retries_used <= retry_count + 1
        assert (health.parked_at_ms is None) == (health.probe_at_ms is None)
        if progress.due_at_ms is None:
            retries_used = 0
        else:
            assert progress.due_at_ms >= NOW_MS
            retries_used = progress.retries_used
