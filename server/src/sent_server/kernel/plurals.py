"""Counts with their nouns, in singular or plural."""


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 event`, `2,000 events`. `many` is the plural of words that do not take an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
