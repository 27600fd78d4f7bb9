"""Translates the shared SQL text into each engine's dialect. Pure. The engines cache the results.

`EACH(:list) AS n` is a list as rows (`n.value`), and `LOOKUP table AS t BY (key = ...)` fetches by complete keys.
For `customer_id = ... AND id IN (...)`, both planners tend to read all rows of a customer: SQLite because of a
secondary index, PostgreSQL until it has statistics (measured: 24,684 rows read for 500 results).
"""

import re
from collections.abc import Sequence

from sent_server.kernel.values import value_object

_EACH = re.compile(r"EACH\(:(\w+)\)")
_LOOKUP = re.compile(r"LOOKUP (\w+) AS (\w+) BY \(([^()]*)\)( FOR UPDATE)?")
_LIST = re.compile(r"IN \(:(\w+)\[(int)?\]\)")
_NAME = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")
_NUMBERED = re.compile(r"\$(\d+)")
_INSERT = re.compile(r"(\s*INSERT INTO \w+\s*\([^()]*\))\s*VALUES\s*\(([^()]*)\)(.*)", re.DOTALL)
_CHANGE = re.compile(r"(\s*(?:UPDATE \w+\s+SET|DELETE FROM)\s.*?)\sWHERE\s(.*)", re.DOTALL)
_PG_ONLY = re.compile(r"/\*pg: (.*?)\*/", re.DOTALL)
_SQLITE_ONLY = re.compile(r"/\*sqlite:\s(.*?)\*/", re.DOTALL)


@value_object
class Statement:
    sql: str
    names: tuple[str, ...]
    lists: frozenset[str]


def for_sqlite(sql: str) -> Statement:
    lists = _lists(sql)
    text = _LIST.sub(r"IN (SELECT value FROM json_each(:\1))", _PG_ONLY.sub("", sql))
    # SQLite keeps the left side of a CROSS JOIN as the outer loop: its documented way to fix the join order.
    text = _LOOKUP.sub(r"CROSS JOIN \1 AS \2 ON \3", _EACH.sub(r"json_each(:\1)", text))
    return Statement(text, tuple(dict.fromkeys(_NAME.findall(text))), lists)


def for_postgres(sql: str) -> Statement:
    lists = _lists(sql)
    text = _PG_ONLY.sub(r"\1", sql)
    # OFFSET 0 prevents the planner from flattening the lookup into a join of its choice.
    text = _LOOKUP.sub(r"CROSS JOIN LATERAL (SELECT * FROM \1 AS \2 WHERE \3 OFFSET 0\4) AS \2", text)
    text = re.sub(r"EACH\(:(\w+)\) AS (\w+)", r"unnest(:\1::text[]) AS \2(value)", text)
    text = _LIST.sub(lambda m: f"= ANY(:{m.group(1)}::{'bigint' if m.group(2) else 'text'}[])", text)
    names = tuple(dict.fromkeys(_NAME.findall(text)))
    order = {name: position for position, name in enumerate(names, 1)}
    return Statement(_NAME.sub(lambda m: f"${order[m.group(1)]}", text), names, lists)


def for_postgres_set(statement: str, types: Sequence[str]) -> str | None:
    """The statement over arrays, one per parameter, instead of one execution per row: a third of the work.

    `statement` is PostgreSQL's text with $1, $2 and so on. Returns None for an unsupported form.
    """
    arrays = ", ".join(f"${number}::{name}[]" for number, name in enumerate(types, 1))
    rows = f"unnest({arrays}) AS n({', '.join(f'p{number}' for number in range(1, len(types) + 1))})"
    text = _NUMBERED.sub(r"n.p\1", statement)
    if found := _INSERT.fullmatch(text):
        head, values, rest = found.groups()
        return f"{head} SELECT {values} FROM {rows} {rest}"
    if found := _CHANGE.fullmatch(text):
        head, where = found.groups()
        return f"{head} {'USING' if head.lstrip().startswith('DELETE') else 'FROM'} {rows} WHERE {where}"
    return None


def may_repeat(statement: str) -> bool:
    """Whether the statement over arrays has the same effect if several of their rows name the same table row."""
    return "UPDATE" not in statement


def _lists(sql: str) -> frozenset[str]:
    return frozenset(match.group(1) for pattern in (_LIST, _EACH) for match in pattern.finditer(sql))


def for_sqlite_schema(sql: str) -> str:
    return _SQLITE_ONLY.sub(r"\1", _PG_ONLY.sub("", sql))


def for_postgres_schema(sql: str) -> str:
    """Only SQLite has WITHOUT ROWID (a clustered table)."""
    return _PG_ONLY.sub(r"\1", _SQLITE_ONLY.sub("", sql)).replace(" WITHOUT ROWID", "")
