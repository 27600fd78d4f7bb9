"""How room is shared between endpoints."""

from sent_server.webhooks.lanes import FAST_SLOTS, FIRST_LIMIT, MAX_LIMIT, SLOW_AFTER_MS, SLOW_SLOTS, Lanes


def open_all(lanes: Lanes, shares: dict[str, int], *, now_ms: int) -> None:
    for name, count in shares.items():
        for number in range(count):
            lanes.lane(name).open(f"{name}-{now_ms}-{number}", now_ms=now_ms)


def test_a_new_endpoint_starts_narrow_and_widens_with_quick_answers() -> None:
    lanes = Lanes()
    for round_ms in range(10):
        shares = lanes.share(["a"], now_ms=round_ms)
        open_all(lanes, shares, now_ms=round_ms)
        assert shares["a"] <= MAX_LIMIT
        for delivery in list(lanes.lane("a").opened_at_ms):
            lanes.lane("a").close(delivery, now_ms=round_ms, ok=True)
    assert lanes.share(["a"], now_ms=11) == {"a": MAX_LIMIT}
    assert Lanes().share(["a"], now_ms=0) == {"a": FIRST_LIMIT}


def test_hanging_endpoints_never_take_the_room_of_quick_ones() -> None:
    lanes = Lanes()
    hanging = [f"slow-{number}" for number in range(500)]
    now_ms = 0
    for _ in range(20):
        open_all(lanes, lanes.share(hanging, now_ms=now_ms), now_ms=now_ms)
        now_ms += SLOW_AFTER_MS
    shares = lanes.share([*hanging, "quick"], now_ms=now_ms)
    assert shares["quick"] == FIRST_LIMIT
    assert lanes.open_count <= FAST_SLOTS + SLOW_SLOTS


def test_more_endpoints_than_slots_take_turns() -> None:
    lanes = Lanes()
    names = [f"e-{number}" for number in range(3 * FAST_SLOTS)]
    served: set[str] = set()
    for now_ms in range(1, 10):
        shares = lanes.share(names, now_ms=now_ms)
        served |= set(shares)
        open_all(lanes, shares, now_ms=now_ms)
        for name in shares:
            for delivery in list(lanes.lane(name).opened_at_ms):
                lanes.lane(name).close(delivery, now_ms=now_ms, ok=True)
    assert served == set(names)


def test_a_slow_answer_narrows_and_a_quick_one_widens_again() -> None:
    lane = Lanes().lane("a")
    lane.open("1", now_ms=0)
    lane.close("1", now_ms=SLOW_AFTER_MS, ok=True)
    assert (lane.slow, lane.limit) == (True, 2)
    lane.open("2", now_ms=5_000)
    lane.close("2", now_ms=5_010, ok=True)
    assert (lane.slow, lane.limit) == (False, 3)
