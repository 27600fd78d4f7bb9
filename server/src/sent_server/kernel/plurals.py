"""Counts as people write them."""


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 event`, `2,000 events`; `many` for words whose plural is not one with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
