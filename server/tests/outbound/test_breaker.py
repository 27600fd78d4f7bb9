"""When a target that does not answer is left alone."""

from sent_server.outbound import Breaker, BreakerPolicy

POLICY = BreakerPolicy(opens_after=3, probe_every_ms=1_000)
NOW_MS = 50_000


def test_it_opens_after_so_many_unreachable_attempts_in_a_row() -> None:
    breaker = Breaker()
    for _ in range(2):
        breaker = breaker.after_unreachable(POLICY, now_ms=NOW_MS)
        assert (breaker.open_since_ms, breaker.may_attempt(NOW_MS)) == (None, True)
    breaker = breaker.after_unreachable(POLICY, now_ms=NOW_MS)
    assert breaker == Breaker(3, NOW_MS, NOW_MS + 1_000)


def test_while_it_is_open_a_probe_may_go_out_now_and_then() -> None:
    breaker = Breaker(3, NOW_MS, NOW_MS + 1_000)
    assert not breaker.may_attempt(NOW_MS + 999)
    assert breaker.may_attempt(NOW_MS + 1_000)
    again = breaker.after_unreachable(POLICY, now_ms=NOW_MS + 1_000)
    assert again == Breaker(4, NOW_MS, NOW_MS + 2_000), "open since the first time"


def test_the_next_probe_waits_as_long_as_the_target_asked_for() -> None:
    breaker = Breaker(2).after_unreachable(POLICY, now_ms=NOW_MS, retry_after_ms=60_000)
    assert breaker.probe_at_ms == NOW_MS + 60_000


def test_it_knows_for_how_long_it_has_been_open() -> None:
    assert not Breaker(2).open_for(0, now_ms=NOW_MS)
    assert not Breaker(3, NOW_MS, NOW_MS).open_for(10, now_ms=NOW_MS + 9)
    assert Breaker(3, NOW_MS, NOW_MS).open_for(10, now_ms=NOW_MS + 10)
