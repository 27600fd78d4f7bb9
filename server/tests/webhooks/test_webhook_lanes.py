"""How room is shared between endpoints."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from sent_server.webhooks.lanes import (
    FIRST_LIMIT,
    FIRST_PATIENCE_MS,
    LEAST_PATIENCE_MS,
    MAX_LIMIT,
    MAX_OPEN,
    SLOTS,
    SLOW_MAX_LIMIT,
    STUCK_LIMIT,
    Lanes,
    Pace,
)

_leases = map(str, itertools.count())


def open_all(lanes: Lanes, shares: dict[str, int], *, now_ms: int) -> None:
    for name, count in shares.items():
        for _ in range(count):
            lanes.open(name, next(_leases), now_ms=now_ms)


def close_all(lanes: Lanes, name: str, *, now_ms: int, ok: bool = True) -> None:
    for lease in list(lanes.lane(name).opened_at_ms):
        lanes.close(name, lease, now_ms=now_ms, ok=ok)


def answer(lanes: Lanes, name: str, *, after_ms: int, ok: bool = True, times: int = 1) -> None:
    for _ in range(times):
        lease = next(_leases)
        lanes.open(name, lease, now_ms=0)
        lanes.close(name, lease, now_ms=after_ms, ok=ok)


def test_a_new_endpoint_starts_narrow_and_widens_with_quick_answers():
    lanes = Lanes()
    assert lanes.share(["a"], now_ms=0) == {"a": FIRST_LIMIT}
    for round_ms in range(0, 200, 10):
        open_all(lanes, lanes.share(["a"], now_ms=round_ms), now_ms=round_ms)
        close_all(lanes, "a", now_ms=round_ms + 5)
    assert lanes.share(["a"], now_ms=200) == {"a": MAX_LIMIT}


def test_while_an_endpoint_is_busy_more_is_claimed_once_half_of_its_lane_is_free():
    lanes = Lanes()
    open_all(lanes, {"a": FIRST_LIMIT}, now_ms=0)
    first, second, *_ = lanes.lane("a").opened_at_ms
    lanes.lane("a").limit = FIRST_LIMIT + 1
    assert lanes.share(["a"], now_ms=1) == {}
    lanes.close("a", first, now_ms=2, ok=True)
    lanes.close("a", second, now_ms=2, ok=True)
    assert lanes.share(["a"], now_ms=3)["a"] >= FIRST_LIMIT // 2


def test_endpoints_that_suddenly_hang_leave_the_room_of_quick_ones_after_a_moment():
    lanes = Lanes()
    hanging = [f"hanging-{number}" for number in range(2 * SLOTS)]
    for name in [*hanging, "quick"]:
        answer(lanes, name, after_ms=5)
    moment_ms = 1_000
    for round_ms in (moment_ms, moment_ms + LEAST_PATIENCE_MS):
        open_all(lanes, lanes.share(hanging, now_ms=round_ms), now_ms=round_ms)
        assert "quick" not in lanes.share([*hanging, "quick"], now_ms=round_ms + 1)
    assert lanes.open_count == 2 * SLOTS
    shares = lanes.share([*hanging, "quick"], now_ms=moment_ms + 2 * LEAST_PATIENCE_MS)
    assert set(shares) == {"quick"}, "whoever hangs gets nothing more"


def test_endpoints_that_never_answered_are_given_up_on_as_quick_a_moment_later():
    lanes = Lanes()
    hanging = [f"hanging-{number}" for number in range(SLOTS)]
    open_all(lanes, lanes.share(hanging, now_ms=0), now_ms=0)
    assert "new" not in lanes.share([*hanging, "new"], now_ms=FIRST_PATIENCE_MS - 1)
    assert lanes.share([*hanging, "new"], now_ms=FIRST_PATIENCE_MS)["new"] == FIRST_LIMIT


def test_an_endpoint_is_overdue_by_what_it_usually_takes():
    lanes = Lanes()
    answer(lanes, "brisk", after_ms=10, times=5)
    answer(lanes, "steady", after_ms=200, times=5)
    for name in ("brisk", "steady"):
        lanes.open(name, next(_leases), now_ms=0)
    assert set(lanes.share(["brisk", "steady"], now_ms=400)) == {"steady"}
    assert set(lanes.share(["brisk", "steady"], now_ms=900)) == set()
    close_all(lanes, "steady", now_ms=900)
    assert lanes.lane("steady").pace is Pace.QUICK


def test_whoever_hung_until_the_end_starts_again_narrow_and_apart():
    lanes = Lanes()
    answer(lanes, "a", after_ms=5, times=40)
    answer(lanes, "a", after_ms=20_000, ok=False)
    assert (lanes.lane("a").pace, lanes.lane("a").limit) == (Pace.STUCK, STUCK_LIMIT)
    answer(lanes, "a", after_ms=5)
    assert (lanes.lane("a").pace, lanes.lane("a").limit) == (Pace.QUICK, STUCK_LIMIT + 1)


def test_slow_endpoints_that_answer_are_apart_and_widen_all_the_same():
    lanes = Lanes()
    answer(lanes, "a", after_ms=3_000, times=30)
    assert (lanes.lane("a").pace, lanes.lane("a").limit) == (Pace.SLOW, SLOW_MAX_LIMIT)
    slow = [f"slow-{number}" for number in range(SLOTS)]
    for name in slow:
        answer(lanes, name, after_ms=3_000)
        lanes.open(name, next(_leases), now_ms=0)
    shares = lanes.share(["a", "quick"], now_ms=10)
    assert shares == {"quick": FIRST_LIMIT}, "slow ones have room among themselves only"


def test_failures_narrow():
    lanes = Lanes()
    answer(lanes, "a", after_ms=5, times=40)
    answer(lanes, "a", after_ms=5, ok=False)
    assert lanes.lane("a").limit == (FIRST_LIMIT + 40) // 2
    answer(lanes, "a", after_ms=5, ok=False, times=10)
    assert lanes.lane("a").limit == STUCK_LIMIT


def test_more_endpoints_than_slots_take_turns():
    lanes = Lanes()
    names = [f"e-{number}" for number in range(3 * SLOTS)]
    served: set[str] = set()
    for now_ms in range(1, 10):
        shares = lanes.share(names, now_ms=now_ms)
        served |= set(shares)
        open_all(lanes, shares, now_ms=now_ms)
        for name in shares:
            close_all(lanes, name, now_ms=now_ms)
    assert served == set(names)


def test_idle_endpoints_are_forgotten_and_busy_ones_are_not():
    lanes = Lanes()
    answer(lanes, "idle", after_ms=5, times=20)
    lanes.open("busy", next(_leases), now_ms=0)
    lanes.share([], now_ms=100_000)
    assert lanes.lane("idle").limit == FIRST_LIMIT
    assert lanes.in_use() == {"busy"}


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from(["share", "ok", "fail"]), st.integers(0, 3_000)), max_size=60
    )
)
def test_whatever_happens_pools_and_lanes_keep_their_bounds(steps):
    lanes = Lanes()
    now_ms = 0
    for number, what, later_ms in steps:
        now_ms += later_ms
        names = [f"e-{other}" for other in range(number)]
        if what == "share":
            before = lanes.open_count
            shares = lanes.share(names, now_ms=now_ms)
            open_all(lanes, shares, now_ms=now_ms)
            assert lanes.open_count <= max(before, MAX_OPEN)
            assert all(0 < count <= lanes.lane(name).limit for name, count in shares.items())
        else:
            for name in names:
                close_all(lanes, name, now_ms=now_ms, ok=what == "ok")
    for name in lanes.in_use():
        close_all(lanes, name, now_ms=now_ms)
    assert (lanes.open_count, lanes.in_use()) == (0, set())
