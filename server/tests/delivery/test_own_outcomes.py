"""Every submission has a deadline and an outcome of its own: one that hangs or breaks costs one message."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from delivery import invariants
from harness import awkward_carrier, samples
from harness import server as servers
from harness.awkward_carrier import BREAKS, HANGS
from harness.backends import Backend
from harness.server import Server
from harness.waiting import wait_for

COUNT = 20
LOST, STOPPED = "the carrier did not answer in time", "this process stopped before the carrier answered"


class Awkward:
    """A server with an awkward carrier, and 20 messages on their way, one of them to the number that is awkward."""

    def __init__(self, server: Server, log: Path) -> None:
        self.server = server
        self.log = log
        self.ids: list[str] = []

    def send(self, awkward: str) -> str:
        """Returns the id of the awkward one."""
        phones = [samples.phone() for _ in range(COUNT - 1)]
        phones.insert(COUNT // 2, f"+1212555{awkward}")
        body = {"to": phones, "template": {"id": self.server.template_ids["welcome"]}, "channel": ["sms"]}
        answer = self.server.http.post("/v3/messages", body)
        assert answer.status == 202, answer.body
        self.ids = [one["message_id"] for one in answer.data["recipients"]]
        return self.ids[COUNT // 2]

    def query(self, sql: str) -> Any:
        return invariants.rows_of(self.server.database_url)(sql)

    def states(self) -> dict[str, tuple[str, str | None]]:
        """State and code of the one attempt of each message."""
        rows = self.query("SELECT message_id, state, error_code FROM attempts")
        assert len(rows) == len({row[0] for row in rows}), "a lost answer is asked for again, under the same attempt"
        return {row[0]: (row[1], row[2]) for row in rows if row[0] in self.ids}

    def submits(self) -> Counter[str]:
        return Counter(self.log.read_text().split())

    def others_are_recorded(self, awkward: str) -> bool:
        states = self.states()
        return len(states) == COUNT and all(
            state in ("SENT", "DELIVERED") for id, (state, _) in states.items() if id != awkward
        )

    def all_delivered(self) -> bool:
        return {state for state, _ in self.states().values()} == {"DELIVERED"}


@pytest.fixture
def start(backend: Backend, tmp_path: Path) -> Iterator[Callable[..., Awkward]]:
    running: list[Server] = []

    def start(*, timeout_ms: int = 20_000) -> Awkward:
        home, log = backend.new_home(), tmp_path / "submits"
        log.touch()
        env = {"TEST_SUBMIT_LOG": str(log), "TEST_SUBMIT_TIMEOUT_MS": str(timeout_ms)}
        url = backend.url_for(home)
        server = servers.start(home, backend.name, database_url=url, env=env, program=awkward_carrier.command)
        running.append(server)
        return Awkward(server, log)

    yield start
    for server in running:
        server.stop()


def test_one_that_hangs_is_unknown_after_its_deadline_and_the_others_are_recorded_at_once(
    start: Callable[..., Awkward],
) -> None:
    awkward = start(timeout_ms=15_000)
    hung = awkward.send(HANGS)
    lease = lambda: awkward.query(f"SELECT due_at_ms, kind FROM jobs WHERE id = '{hung}'")  # noqa: E731
    wait_for(lambda: awkward.others_are_recorded(hung), 10, what="the others to be recorded")
    assert awkward.states()[hung] == ("SUBMITTING", None)
    assert len(awkward.query("SELECT id FROM jobs WHERE kind LIKE 'dispatch:%'")) == 1, "nothing else keeps its lease"
    [(first_ms, _)] = lease()
    wait_for(lambda: lease()[0][0] > first_ms, 10, every_s=0.05, what="the lease to be renewed while it hangs")
    wait_for(lambda: awkward.states()[hung] != ("SUBMITTING", None), 20, every_s=0.05, what="the deadline")
    wait_for(awkward.all_delivered, 20, what="all to be delivered")
    submits = awkward.submits()
    assert (len(submits), submits.total()) == (COUNT, COUNT + 1)
    assert submits[f"{hung}-0-1"] == 2


def test_a_submit_that_breaks_costs_one_message(start: Callable[..., Awkward]) -> None:
    awkward = start()
    broken = awkward.send(BREAKS)
    # Far below the lease of 12 s: what is known to have failed is not left to it.
    wait_for(awkward.all_delivered, 11, exactly=True, what="all to be delivered")
    submits = awkward.submits()
    assert (len(submits), submits.total(), submits[f"{broken}-0-1"]) == (COUNT, COUNT + 1, 2)


def test_a_process_that_stops_records_unknown_for_the_one_that_hangs_and_no_other(
    start: Callable[..., Awkward],
) -> None:
    awkward = start()
    hung = awkward.send(HANGS)
    wait_for(lambda: awkward.others_are_recorded(hung), 10, what="the others to be recorded")
    assert awkward.server.stop() == 0
    states = awkward.states()
    assert states.pop(hung) == ("UNKNOWN", STOPPED)
    assert {state for state, _ in states.values()} <= {"SENT", "DELIVERED"}
    assert awkward.submits().total() == COUNT
