"""The times at which a message may be sent: their form, and their bounds."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.errors import ApiError
from sent_server.messages import schedule

NOON_MS = 1_764_590_400_000  # 2025-12-01T12:00:00Z
OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("2025-12-01T12:00:00Z", NOON_MS),
        ("2025-12-01t12:00:00z", NOON_MS),
        ("2025-12-01 12:00:00Z", NOON_MS),
        ("2025-12-01T12:00Z", NOON_MS),
        ("2025-12-01T12:00:00+00:00", NOON_MS),
        ("2025-12-01T12:00:00-00:00", NOON_MS),
        ("2025-12-01T07:00:00-05:00", NOON_MS),
        ("2025-12-02T01:45:00+13:45", NOON_MS),
        ("2025-12-01T12:00:00.250Z", NOON_MS + 250),
        ("2025-12-01T12:00:00.123456+00:00", NOON_MS + 124),
        ("2025-12-01T12:00:00.0000001Z", NOON_MS),
        ("2025-12-01T12:00:00.123456789Z", NOON_MS + 124),
    ],
)
def test_rfc_3339_with_an_offset_is_a_time(text: str, at_ms: int) -> None:
    assert schedule.parse(text) == at_ms


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025-12-01",
        "12:00:00Z",
        "2025-12-01T12:00:00",
        "1764590400",
        "1764590400000",
        "tomorrow",
        "2025-13-01T12:00:00Z",
        "2025-02-29T12:00:00Z",
        "2025-12-01T24:00:01Z",
        "2025-12-01T12:00:60Z",
        "2025-12-01T12:00:00+0000",
        "2025-12-01T12:00:00+05",
        "2025-12-01T12:00:00 Europe/Berlin",
        "20251201T120000Z",
        "2025-12-01T12:00:00,5Z",
        " 2025-12-01T12:00:00Z",
        "٢٠٢٥-12-01T12:00:00Z",
        "2025-12-01T12:00:00." + "0" * 100 + "Z",
    ],
)
def test_other_texts_are_not_a_time(text: str) -> None:
    assert schedule.parse(text) is None


@given(st.datetimes(datetime(2000, 1, 2), datetime(2100, 1, 1)), OFFSETS)
def test_every_offset_names_the_same_moment_and_never_an_earlier_one(moment: datetime, offset: timezone) -> None:
    moment = moment.replace(tzinfo=UTC)
    at_ms = schedule.parse(moment.astimezone(offset).isoformat())
    assert at_ms is not None
    late = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at_ms) - moment
    assert timedelta(0) <= late < timedelta(milliseconds=1)


@pytest.mark.parametrize("ahead_ms", [55_000, 60_000, 3_600_000, 30 * 86_400_000])
def test_one_minute_to_thirty_days_ahead_is_in_range(ahead_ms: int) -> None:
    assert schedule.refusal(NOON_MS + ahead_ms, now_ms=NOON_MS) is None


@pytest.mark.parametrize("ahead_ms", [-86_400_000, 0, 54_999, 30 * 86_400_000 + 1])
def test_other_times_are_out_of_range(ahead_ms: int) -> None:
    refused = schedule.refusal(NOON_MS + ahead_ms, now_ms=NOON_MS)
    assert isinstance(refused, ApiError)
    assert (refused.code, refused.details) == (
        "VALIDATION_005",
        {"scheduled_at": ["Must be 1 minute to 30 days ahead"]},
    )
