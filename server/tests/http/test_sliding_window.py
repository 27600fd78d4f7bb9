"""The windows themselves, in a time that the test tells: exact when they close, exact when they open again."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from sent_server.http.caller import Caller, Role, Tier
from sent_server.http.limits import LimitClass, LimitVerdict, RateLimiter
from sent_server.kernel.clock import FixedClock

STANDARD, MESSAGES, SENSITIVE = LimitClass.STANDARD, LimitClass.MESSAGES, LimitClass.SENSITIVE


def caller(tier: Tier = Tier.STARTER, organization_id: str = "acme", per_minute: int | None = None) -> Caller:
    return Caller(organization_id, organization_id, organization_id, "key", Role.ADMIN, tier, per_minute, None)


class Door:
    """A limiter and the clock it looks at."""

    def __init__(self, who: Caller | None = None, limit_class: LimitClass = MESSAGES) -> None:
        self.clock = FixedClock(5_000_000)
        self.limiter = RateLimiter(self.clock.now_ms)
        self.who, self.limit_class = who or caller(), limit_class

    def hit(self) -> LimitVerdict:
        return asyncio.run(self.limiter.hit(self.who, self.limit_class))

    def peek(self) -> LimitVerdict:
        return asyncio.run(self.limiter.peek(self.who, self.limit_class))


def test_each_request_makes_room_60_seconds_after_it_came():
    door = Door()
    for _ in range(60):
        assert door.hit().allowed
        door.clock.advance(500)
    # 30 s have passed; the first one leaves the window 30 s from now, the second half a second later.
    assert not door.hit().allowed
    assert door.hit().retry_after_s == 30
    door.clock.advance(29_999)
    assert (door.hit().allowed, door.hit().retry_after_s) == (False, 1)
    door.clock.advance(1)
    assert (door.hit().allowed, door.hit().allowed) == (True, False)
    door.clock.advance(500)
    assert (door.hit().allowed, door.hit().allowed) == (True, False)


def test_a_minute_across_two_clock_minutes_holds_no_more_than_any_other():
    door = Door()
    door.clock.advance(59_000 - door.clock.now_ms() % 60_000)
    assert sum(door.hit().allowed for _ in range(60)) == 60
    door.clock.advance(2_000)
    assert sum(door.hit().allowed for _ in range(60)) == 0


def test_refused_requests_do_not_keep_the_window_closed():
    door = Door()
    for _ in range(60):
        door.hit()
    for _ in range(59):
        door.clock.advance(1_000)
        assert not door.hit().allowed
    door.clock.advance(1_000)
    assert door.hit().remaining == 59


def test_a_burst_reopens_a_second_later_within_the_same_minute():
    door = Door(limit_class=STANDARD)
    for _ in range(3):
        assert [door.hit().allowed for _ in range(51)] == [True] * 50 + [False]
        assert door.hit().retry_after_s == 1
        door.clock.advance(999)
        assert not door.hit().allowed
        door.clock.advance(1)
    assert [door.hit().allowed for _ in range(51)] == [True] * 50 + [False]
    assert door.hit().retry_after_s == 57, "the minute is full, too"


def test_looking_takes_nothing():
    door = Door(limit_class=SENSITIVE)
    assert [door.peek().remaining for _ in range(20)] == [10] * 20
    assert door.hit().remaining == 9


def test_a_tier_and_a_number_of_its_own_say_how_many():
    for who, wanted in (
        (caller(Tier.STARTER), 60),
        (caller(Tier.GROWTH), 300),
        (caller(Tier.ENTERPRISE), 3_000),
        (caller(Tier.ENTERPRISE, per_minute=7), 7),
    ):
        door = Door(who)
        assert sum(door.hit().allowed for _ in range(wanted + 5)) == wanted
        assert door.hit().limit == wanted


@given(st.lists(st.integers(0, 20_000), max_size=120))
def test_no_minute_holds_more_than_the_limit_and_no_request_is_refused_without_need(pauses_ms):
    door = Door(caller(Tier.ENTERPRISE, per_minute=7))
    allowed_at_ms: list[int] = []
    for pause_ms in pauses_ms:
        door.clock.advance(pause_ms)
        now_ms = door.clock.now_ms()
        in_window = [at_ms for at_ms in allowed_at_ms if at_ms > now_ms - 60_000]
        verdict = door.hit()
        assert verdict.allowed == (len(in_window) < 7)
        if verdict.allowed:
            allowed_at_ms.append(now_ms)
        else:
            opens_in_ms = in_window[0] + 60_000 - now_ms
            assert verdict.retry_after_s == -(-opens_in_ms // 1_000)
