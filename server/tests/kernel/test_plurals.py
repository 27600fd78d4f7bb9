"""One of something is not many of it."""

import pytest

from sent_server.kernel import plurals


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 events"), (1, "1 event"), (2, "2 events"), (2_000, "2,000 events"), (-1, "-1 events")]
)
def test_a_count_and_its_word_agree(number: int, text: str) -> None:
    assert plurals.counted(number, "event") == text


def test_a_plural_of_its_own() -> None:
    assert [plurals.counted(number, "reply", "replies") for number in (1, 2)] == ["1 reply", "2 replies"]
