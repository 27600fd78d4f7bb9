"""How room is shared between targets."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from sent_server.outbound.limiter import ADAPTIVE, LimitPolicy, TargetLimiter
from sent_server.outbound.pace import FIRST_PATIENCE_MS, LEAST_PATIENCE_MS, Pace

FIRST_LIMIT, STUCK_LIMIT = ADAPTIVE.first_limit, ADAPTIVE.stuck_limit
SLOTS, MAX_OPEN = ADAPTIVE.slots, ADAPTIVE.max_open

_attempts = map(str, itertools.count())


def open_all(limiter: TargetLimiter, shares: dict[str, int], *, now_ms: int) -> None:
    for name, count in shares.items():
        for _ in range(count):
            limiter.open(name, next(_attempts), now_ms=now_ms)


def close_all(limiter: TargetLimiter, name: str, *, now_ms: int, ok: bool = True) -> None:
    for attempt in list(limiter.target(name).opened_at_ms):
        limiter.close(name, attempt, now_ms=now_ms, ok=ok)


def answer(limiter: TargetLimiter, name: str, *, after_ms: int, ok: bool = True, times: int = 1) -> None:
    for _ in range(times):
        attempt = next(_attempts)
        limiter.open(name, attempt, now_ms=0)
        limiter.close(name, attempt, now_ms=after_ms, ok=ok)


def test_a_new_target_starts_narrow_and_widens_with_quick_answers():
    limiter = TargetLimiter()
    assert limiter.share(["a"], now_ms=0) == {"a": FIRST_LIMIT}
    for round_ms in range(0, 200, 10):
        open_all(limiter, limiter.share(["a"], now_ms=round_ms), now_ms=round_ms)
        close_all(limiter, "a", now_ms=round_ms + 5)
    assert limiter.share(["a"], now_ms=200) == {"a": ADAPTIVE.max_limit}


def test_while_an_target_is_busy_more_is_claimed_once_half_of_its_limit_is_free():
    limiter = TargetLimiter()
    open_all(limiter, {"a": FIRST_LIMIT}, now_ms=0)
    first, second, *_ = limiter.target("a").opened_at_ms
    limiter.target("a").limit = FIRST_LIMIT + 1
    assert limiter.share(["a"], now_ms=1) == {}
    limiter.close("a", first, now_ms=2, ok=True)
    limiter.close("a", second, now_ms=2, ok=True)
    assert limiter.share(["a"], now_ms=3)["a"] >= FIRST_LIMIT // 2


def test_targets_that_suddenly_hang_leave_the_room_of_quick_ones_after_a_moment():
    limiter = TargetLimiter()
    hanging = [f"hanging-{number}" for number in range(2 * SLOTS)]
    for name in [*hanging, "quick"]:
        answer(limiter, name, after_ms=5)
    moment_ms = 1_000
    for round_ms in (moment_ms, moment_ms + LEAST_PATIENCE_MS):
        open_all(limiter, limiter.share(hanging, now_ms=round_ms), now_ms=round_ms)
        assert "quick" not in limiter.share([*hanging, "quick"], now_ms=round_ms + 1)
    assert limiter.open_count == 2 * SLOTS
    shares = limiter.share([*hanging, "quick"], now_ms=moment_ms + 2 * LEAST_PATIENCE_MS)
    assert set(shares) == {"quick"}, "whoever hangs gets nothing more"


def test_targets_that_never_answered_are_given_up_on_as_quick_a_moment_later():
    limiter = TargetLimiter()
    hanging = [f"hanging-{number}" for number in range(SLOTS)]
    open_all(limiter, limiter.share(hanging, now_ms=0), now_ms=0)
    assert "new" not in limiter.share([*hanging, "new"], now_ms=FIRST_PATIENCE_MS - 1)
    assert limiter.share([*hanging, "new"], now_ms=FIRST_PATIENCE_MS)["new"] == FIRST_LIMIT


def test_an_target_is_overdue_by_what_it_usually_takes():
    limiter = TargetLimiter()
    answer(limiter, "brisk", after_ms=10, times=5)
    answer(limiter, "steady", after_ms=200, times=5)
    for name in ("brisk", "steady"):
        limiter.open(name, next(_attempts), now_ms=0)
    assert set(limiter.share(["brisk", "steady"], now_ms=400)) == {"steady"}
    assert set(limiter.share(["brisk", "steady"], now_ms=900)) == set()
    close_all(limiter, "steady", now_ms=900)
    assert limiter.target("steady").pace is Pace.QUICK


def test_whoever_hung_until_the_end_starts_again_narrow_and_apart():
    limiter = TargetLimiter()
    answer(limiter, "a", after_ms=5, times=40)
    answer(limiter, "a", after_ms=20_000, ok=False)
    assert (limiter.target("a").pace, limiter.target("a").limit) == (Pace.STUCK, STUCK_LIMIT)
    answer(limiter, "a", after_ms=5)
    assert (limiter.target("a").pace, limiter.target("a").limit) == (Pace.QUICK, STUCK_LIMIT + 1)


def test_slow_targets_that_answer_are_apart_and_widen_all_the_same():
    limiter = TargetLimiter()
    answer(limiter, "a", after_ms=3_000, times=30)
    assert (limiter.target("a").pace, limiter.target("a").limit) == (Pace.SLOW, ADAPTIVE.slow_max_limit)
    slow = [f"slow-{number}" for number in range(SLOTS)]
    for name in slow:
        answer(limiter, name, after_ms=3_000)
        limiter.open(name, next(_attempts), now_ms=0)
    shares = limiter.share(["a", "quick"], now_ms=10)
    assert shares == {"quick": FIRST_LIMIT}, "slow ones have room among themselves only"


def test_failures_narrow():
    limiter = TargetLimiter()
    answer(limiter, "a", after_ms=5, times=40)
    answer(limiter, "a", after_ms=5, ok=False)
    assert limiter.target("a").limit == (FIRST_LIMIT + 40) // 2
    answer(limiter, "a", after_ms=5, ok=False, times=10)
    assert limiter.target("a").limit == STUCK_LIMIT


def test_more_targets_than_slots_take_turns():
    limiter = TargetLimiter()
    names = [f"e-{number}" for number in range(3 * SLOTS)]
    served: set[str] = set()
    for now_ms in range(1, 10):
        shares = limiter.share(names, now_ms=now_ms)
        served |= set(shares)
        open_all(limiter, shares, now_ms=now_ms)
        for name in shares:
            close_all(limiter, name, now_ms=now_ms)
    assert served == set(names)


def test_idle_targets_are_forgotten_and_busy_ones_are_not():
    limiter = TargetLimiter()
    answer(limiter, "idle", after_ms=5, times=20)
    limiter.open("busy", next(_attempts), now_ms=0)
    limiter.share([], now_ms=100_000)
    assert limiter.target("idle").limit == FIRST_LIMIT
    assert limiter.in_use() == {"busy"}


def test_a_fixed_limit_stays_what_it_is_however_the_target_answers():
    limiter = TargetLimiter(LimitPolicy.fixed(10))
    assert limiter.share(["carrier"], now_ms=0) == {"carrier": 10}
    open_all(limiter, {"carrier": 10}, now_ms=0)
    hung, *others = limiter.target("carrier").opened_at_ms
    assert limiter.share(["carrier"], now_ms=60_000) == {}
    for number, attempt in enumerate(others):
        limiter.close("carrier", attempt, now_ms=60_000, ok=bool(number % 2))
        assert limiter.share(["carrier"], now_ms=60_000) == {"carrier": number + 1}, "one that hangs costs its own room"
    limiter.close("carrier", hung, now_ms=60_000, ok=False)
    assert limiter.share(["carrier"], now_ms=60_000) == {"carrier": 10}


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from(["share", "ok", "fail"]), st.integers(0, 3_000)), max_size=60
    )
)
def test_whatever_happens_pools_and_limits_keep_their_bounds(steps):
    limiter = TargetLimiter()
    now_ms = 0
    for number, what, later_ms in steps:
        now_ms += later_ms
        names = [f"e-{other}" for other in range(number)]
        if what == "share":
            before = limiter.open_count
            shares = limiter.share(names, now_ms=now_ms)
            open_all(limiter, shares, now_ms=now_ms)
            assert limiter.open_count <= max(before, MAX_OPEN)
            assert all(0 < count <= limiter.target(name).limit for name, count in shares.items())
        else:
            for name in names:
                close_all(limiter, name, now_ms=now_ms, ok=what == "ok")
    for name in limiter.in_use():
        close_all(limiter, name, now_ms=now_ms)
    assert (limiter.open_count, limiter.in_use()) == (0, set())
