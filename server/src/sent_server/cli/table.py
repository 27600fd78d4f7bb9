"""Prints the result of an operation: JSON for scripts, aligned columns for people."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson

Record = Mapping[str, Any]


def show(done: Any, *, as_json: bool) -> None:
    """`done` is one record or a list of records with the same fields."""
    if as_json:
        print(orjson.dumps(done).decode())
    elif isinstance(done, list):
        _show_rows(cast(Sequence[Record], done))
    else:
        _show_fields(cast(Record, done))


def _show_fields(record: Record) -> None:
    width = max(map(len, record))
    for name, shown in record.items():
        print(f"{name:<{width}}  {_text(shown)}")


def _show_rows(records: Sequence[Record]) -> None:
    if not records:
        print("none")
        return
    rows = [list(records[0]), *([_text(shown) for shown in record.values()] for record in records)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def _text(shown: Any) -> str:
    match shown:
        case None:
            return "-"
        case Mapping() | list():
            return orjson.dumps(shown).decode()
        case _:
            return str(shown)
