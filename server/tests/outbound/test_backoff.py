"""When a failed attempt is made again."""

from sent_server.outbound import Backoff


def test_each_retry_has_its_delay_and_the_last_one_repeats() -> None:
    backoff = Backoff((1, 5, 15))
    assert [backoff.delay_ms(retry) for retry in range(1, 6)] == [1, 5, 15, 15, 15]


def test_what_the_target_asked_for_is_respected_when_it_is_later() -> None:
    assert Backoff((1_000,)).delay_ms(1, at_least_ms=5_000) == 5_000
    assert Backoff((1_000,)).delay_ms(1, at_least_ms=10) == 1_000


def test_a_linear_backoff_grows_by_a_step_up_to_its_last() -> None:
    backoff = Backoff.linear(1_000, steps=3)
    assert [backoff.delay_ms(retry) for retry in (1, 2, 3, 50)] == [1_000, 2_000, 3_000, 3_000]
