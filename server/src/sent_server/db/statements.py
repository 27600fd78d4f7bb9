"""Turns the shared SQL text into each engine's dialect. Pure; the results are cached by the engines."""

import re
from dataclasses import dataclass

_LIST = re.compile(r"IN \(:(\w+)\[(int)?\]\)")
_NAME = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")
_PG_ONLY = re.compile(r"/\*pg: (.*?)\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Statement:
    sql: str
    names: tuple[str, ...]
    lists: frozenset[str]


def for_sqlite(sql: str) -> Statement:
    lists = frozenset(match.group(1) for match in _LIST.finditer(sql))
    text = _LIST.sub(r"IN (SELECT value FROM json_each(:\1))", _PG_ONLY.sub("", sql))
    return Statement(text, tuple(dict.fromkeys(_NAME.findall(text))), lists)


def for_postgres(sql: str) -> Statement:
    lists = frozenset(match.group(1) for match in _LIST.finditer(sql))
    text = _PG_ONLY.sub(r"\1", sql)
    text = _LIST.sub(lambda m: f"= ANY(:{m.group(1)}::{'bigint' if m.group(2) else 'text'}[])", text)
    names = tuple(dict.fromkeys(_NAME.findall(text)))
    order = {name: position for position, name in enumerate(names, 1)}
    return Statement(_NAME.sub(lambda m: f"${order[m.group(1)]}", text), names, lists)


def for_sqlite_schema(sql: str) -> str:
    return _PG_ONLY.sub("", sql)


def for_postgres_schema(sql: str) -> str:
    """WITHOUT ROWID (a clustered table) is SQLite's; the rest of the DDL is common to both."""
    return _PG_ONLY.sub(r"\1", sql).replace(" WITHOUT ROWID", "")
