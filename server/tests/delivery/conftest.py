"""Servers for messages that are played through by hand, see `playing`."""

from collections.abc import Iterator, Mapping

import pytest

from delivery import invariants
from delivery.playing import HOUR_MS, Stage
from harness import samples
from harness import server as servers
from harness.backends import Backend
from harness.receiver import Receiver


def _play(backend: Backend, env: Mapping[str, str] | None = None) -> Iterator[Stage]:
    home = backend.new_home()
    with Receiver() as receiver:
        running = servers.start(home, backend.name, database_url=backend.url_for(home), env=env)
        hook = samples.webhook(receiver.url(), "messages")
        assert running.http.post("/v3/webhooks", hook).status == 201
        staged = Stage(running, receiver)
        yield staged
        query = invariants.rows_of(running.database_url)
        wrong = [
            *invariants.i2_a_message_costs_what_it_shows(query),
            *invariants.i3_books_balance(query),
            *invariants.i5_a_message_shows_its_best_leg(query),
        ]
        assert running.stop() == 0
        assert [line for line in wrong if not any(line.startswith(id) for id in staged.settled_before)] == []


@pytest.fixture(scope="session")
def stage(backend: Backend) -> Iterator[Stage]:
    """With the usual receipt timeout of 10 s."""
    yield from _play(backend)


@pytest.fixture(scope="session")
def patient_stage(backend: Backend) -> Iterator[Stage]:
    """Waits an hour for a receipt: what happens within seconds does not happen by timeout."""
    yield from _play(backend, {"SENT_SIMULATOR_RECEIPT_TIMEOUT_MS": str(HOUR_MS)})
