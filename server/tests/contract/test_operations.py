"""Each row of the contract table over real HTTP, and the proof that no operation or error was forgotten."""

from collections.abc import Iterator

import pytest

from harness import contract, contract_examples
from harness.receiver import Receiver
from harness.rows import Row, World
from harness.server import Server

OPERATIONS = contract.operations()


@pytest.fixture(scope="session")
def world(server: Server) -> Iterator[World]:
    with Receiver() as receiver:
        yield World(server, receiver)


@pytest.mark.parametrize("row", contract_examples.ROWS, ids=lambda row: row.name)
def test_the_answer_is_the_documented_one(world: World, row: Row) -> None:
    row.judge(row.call(world))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_documented_answer_has_a_row_or_a_reason(operation: contract.Operation) -> None:
    rows = {(row.status, row.code) for row in contract_examples.ROWS if row.operation == operation.name}
    assert rows, "an operation without rows"
    for status, response in operation.responses.items():
        for code in contract.resolve(response).get("x-error-codes", [None]):
            if status in ("405", "413", "415"):
                continue  # http/test_strict_parser.py
            if code == "VALIDATION_001" and (int(status), code) not in rows:
                assert not operation.path.count("{"), f"no row for {status} {code}"
                continue  # a query that is not text: http/test_strict_parser.py
            known = (
                (int(status), code) in rows
                or code in contract_examples.SHARED
                or (operation.name, code) in contract_examples.NOT_REACHED
            )
            assert known, f"neither a row nor a reason for {status} {code}"


def test_reasons_are_still_needed() -> None:
    """A code in NOT_REACHED that a row does reach, or that is no longer documented, is a stale excuse."""
    documented = {
        (operation.name, code)
        for operation in OPERATIONS
        for response in operation.responses.values()
        for code in contract.resolve(response).get("x-error-codes", [])
    }
    reached = {(row.operation, row.code) for row in contract_examples.ROWS}
    assert set(contract_examples.NOT_REACHED) <= documented
    assert not set(contract_examples.NOT_REACHED) & reached
