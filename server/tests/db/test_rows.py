"""Rows travel as NamedTuples: their fields are the parameters of the statement that writes them, in order.

`execute_many` takes values by position, so two that are swapped would be written without a word.
"""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import sent_server
from sent_server.db import statements

ROOT = Path(sent_server.__file__).parent
STORES = sorted({*ROOT.rglob("store.py"), *ROOT.rglob("*_store.py"), ROOT / "db" / "counters.py"})


def _module(path: Path) -> ModuleType:
    return importlib.import_module(".".join(("sent_server", *path.relative_to(ROOT).with_suffix("").parts)))


def _row_types(function: ast.AsyncFunctionDef) -> dict[str, str]:
    """The element's type of each parameter and local that is a sequence of rows: `Sequence[JobRow]`, `list[...]`."""
    annotated = [(one.arg, one.annotation) for one in (*function.args.args, *function.args.kwonlyargs)]
    for node in ast.walk(function):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            annotated.append((node.target.id, node.annotation))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and (built := _built(node.value)):
            annotated.append((node.targets[0].id, ast.Subscript(ast.Name("list"), ast.Name(built))))
    return {
        name: annotation.slice.id
        for name, annotation in annotated
        if isinstance(annotation, ast.Subscript) and isinstance(annotation.slice, ast.Name)
    }


def _built(rows: ast.expr) -> str | None:
    """`JobRow` of `[JobRow(...) for one in ...]` and of `rows := [JobRow(...) for ...]`."""
    if isinstance(rows, ast.ListComp) and isinstance(rows.elt, ast.Call) and isinstance(rows.elt.func, ast.Name):
        return rows.elt.func.id
    return None


def _writes(path: Path) -> Iterator[tuple[str, str | None]]:
    """(statement, row type) of each `execute_many` in the module; None where the rows are plain tuples."""
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(function, ast.AsyncFunctionDef):
            continue
        known = _row_types(function)
        for node in ast.walk(function):
            if isinstance(node, ast.NamedExpr) and (built := _built(node.value)):
                known[node.target.id] = built
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "execute_many":
                statement, rows = call.args
                assert isinstance(statement, ast.Name), f"{path}: name the statement at line {call.lineno}"
                yield statement.id, known.get(rows.id) if isinstance(rows, ast.Name) else _built(rows)


def _cases() -> list[tuple[ModuleType, str, str | None]]:
    return [(_module(path), *write) for path in STORES for write in _writes(path)]


def _is_insert(sql: str) -> bool:
    return sql.lstrip().startswith("INSERT")


@pytest.mark.parametrize(
    ("store", "statement", "row"), [pytest.param(*case, id=f"{case[0].__name__[12:]}-{case[1]}") for case in _cases()]
)
def test_the_fields_of_a_row_are_the_parameters_of_its_statement(
    store: ModuleType, statement: str, row: str | None
) -> None:
    sql: str = getattr(store, statement)
    if row is None:
        assert not _is_insert(sql), (
            f"{statement} takes plain tuples; give it a NamedTuple with its parameters as fields"
        )
        return
    kind: Any = getattr(store, row)
    fields: tuple[str, ...] = kind._fields
    assert issubclass(kind, tuple)
    assert fields == statements.for_sqlite(sql).names == statements.for_postgres(sql).names


def test_every_insert_that_takes_rows_is_found() -> None:
    """A new store is walked by its name alone; these are the hot ones, as a guard against a walk that finds nothing."""
    found = {(store.__name__, statement) for store, statement, _ in _cases() if _is_insert(getattr(store, statement))}
    assert ("sent_server.messages.store", "INSERT_MESSAGE") in found
    assert ("sent_server.delivery.attempt_store", "INSERT") in found
    assert ("sent_server.jobs.store", "ENQUEUE") in found
    assert len(found) >= 20
