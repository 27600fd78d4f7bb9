"""Fixtures of the whole suite. Everything that takes `backend` runs on SQLite and on PostgreSQL."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness import backends, postgres
from harness import browser as browsers
from harness import client as clients
from harness import server as servers
from harness.backends import Backend
from harness.client import Client
from harness.receiver import Receiver
from harness.server import Account, OwnServer, Server
from harness.waiting import wait_for as wait

NOT_TESTED: list[str] = []


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Postgres | None]:
    try:
        found = postgres.find()
    except postgres.NoPostgresError as reason:
        NOT_TESTED.append(f"Nothing was tested on PostgreSQL: {reason}")
        yield None
        return
    yield found
    found.close()


@pytest.fixture(scope="session", params=backends.NAMES)
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Backend:
    """One storage engine; makes empty databases."""
    name: str = request.param
    folder = tmp_path_factory.mktemp(name)
    if name == "sqlite":
        return Backend(name, folder)
    found = request.getfixturevalue("postgres_server")
    if found is None:
        pytest.skip("no PostgreSQL; see the end of this report")
    return Backend(name, folder, found)


@pytest.fixture(autouse=True)
def _few_open_connections() -> Iterator[None]:
    yield
    clients.close_all()


@pytest.fixture
def database_url(backend: Backend) -> str:
    """A database of its own for this test: the schema, and no rows."""
    return backend.new_url()


@pytest.fixture
def empty_database_url(backend: Backend) -> str:
    """A database of its own for this test, without a schema."""
    return backend.empty_url()


@pytest.fixture(scope="session")
def server(backend: Backend) -> Iterator[Server]:
    """The server that tests share: tier unlimited, demo account. Leave it as you would like to find it."""
    home = backend.new_home()
    running = servers.start(home, backend.name, database_url=backend.url_for(home))
    for name in ("webhooks", "profiles"):  # thousands of tests leave theirs with the demo account
        running.ask("accounts set-quota", customer_id=running.customer_id, name=name, number=100_000)
    yield running
    assert running.stop() == 0, "the server did not end cleanly:\n" + _tail(running)


@pytest.fixture
def own_server(backend: Backend) -> Iterator[OwnServer]:
    """Starts servers that this test alone may kill, restart or set up otherwise."""
    started: list[Server] = []

    def start(
        *,
        home: Path | None = None,
        database_url: str | None = None,
        flags: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        tier: str = "unlimited",
    ) -> Server:
        home = home or backend.new_home()
        url = database_url or backend.url_for(home)
        running = servers.start(home, backend.name, database_url=url, flags=flags, env=env, tier=tier)
        started.append(running)
        return running

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def http(server: Server) -> Client:
    """Speaks to the shared server as the demo account's admin."""
    return server.http


@pytest.fixture(scope="session")
def tenant(server: Server) -> Account:
    """A second organization on the shared server."""
    return server.create_account("Another tenant")


@pytest.fixture
def fresh_account(server: Server) -> Account:
    """An organization that nobody else has touched."""
    return server.create_account()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a browser."""
    try:
        return browsers.find()
    except browsers.NoBrowserError as reason:
        NOT_TESTED.append(f"No page was tested in a browser: {reason}")
        pytest.skip("no browser; see the end of this report")


@pytest.fixture
def wait_for() -> Callable[..., object]:
    return wait


# Tests of these take seconds to minutes each: they wait, start processes, or ask for everything that may be asked. What
# `make test-fast` runs without them is in CONTRIBUTING.md.
SLOW = (
    "/server/tests/scale/", "/server/tests/simulation/", "/server/tests/delivery/test_crash.py",
    "/server/tests/delivery/test_throughput.py", "/server/tests/http/test_slow_peers.py",
    "/server/tests/http/test_hostile_bodies.py", "/server/tests/egress/test_one_bad_receiver.py",
    "/server/tests/egress/test_hostile_receivers.py", "/server/tests/contract/test_faults.py",
    "/server/tests/contract/test_generated_requests.py", "/server/tests/contract/test_quotas.py",
    "/server/tests/cli/", "/sdk/tests/test_package.py", "/sdk/tests/test_testing.py", "/sdk/tests/test_docs.py",
    "/sdk/tests/integrations/", "/sdk/tests/test_timeouts.py", "/server/tests/mail/test_outbox.py",
    "/server/tests/delivery/test_engine.py", "/server/tests/delivery/test_own_outcomes.py",
    "/server/tests/phones/", "/server/tests/messages/test_text_limits.py", "/server/tests/messages/test_rate_cards.py",
    "/server/tests/templates/test_template_borders.py", "/server/tests/webhooks/test_webhook_disabled_over_http.py",
    "/server/tests/webhooks/test_webhook_hostile.py", "/server/tests/webhooks/test_webhook_replay.py",
    "/server/tests/webhooks/test_webhook_sender.py", "/server/tests/profiles/", "/server/tests/compliance/",
    "/server/tests/jobs/test_restart.py", "/server/tests/http/test_connections.py",
    "/server/tests/http/test_unserved_fields.py", "/server/tests/http/test_raw_requests.py",
    "/server/tests/db/test_stalled_client.py",
    "/sdk/tests/test_exchanges.py", "/sdk/tests/test_newer_calls.py", "/server/tests/conversations/",
    "/server/tests/browser/", "/server/tests/dashboard/", "/server/tests/http/test_zero_values.py",
    "/server/tests/users/test_user_rules.py", "/server/tests/matrix/",
    "/server/tests/http/test_sandbox.py", "/server/tests/http/test_rate_limits.py",
    "/server/tests/http/test_sliding_window.py", "/server/tests/http/test_idempotency.py",
    "/server/tests/users/test_invitations.py", "/server/tests/db/test_schema.py",
    "/server/tests/delivery/test_outcomes.py", "/server/tests/webhooks/test_webhook_event_type.py",
    "/server/tests/webhooks/test_webhook_sender_profile.py", "/server/tests/webhooks/test_webhook_fan_out.py",
    "/server/tests/dashboard/", "/server/tests/connections/", "/server/tests/kernel/test_values.py",
    "/server/tests/http/test_account_gates.py", "/server/tests/delivery/test_invariants.py",
)  # fmt: skip
# So do tests that start servers of their own, or move one through time.
SLOW_FIXTURES = {"own_server", "stage", "patient_stage"}
# What they ask for is decided before any row is read, so that one database is enough.
WITHOUT_DATABASE = (
    "/server/tests/http/test_raw_requests.py", "/server/tests/http/test_strict_parser.py",
    "/server/tests/http/test_unserved_fields.py", "/server/tests/http/test_zero_values.py",
    "/server/tests/http/test_long_lists.py", "/server/tests/http/test_hostile_bodies.py",
    "/server/tests/http/test_slow_peers.py", "/server/tests/reference/",
)  # fmt: skip
FIRST = (
    "/server/tests/scale/",
    "/server/tests/simulation/",
    "/test_slow_peers.py",
    "/test_crash.py",
    "/test_package.py",
)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, object, object]:
    """Before `-m` chooses: mark what `make test-fast` leaves out, of the SDK, too, which a hook of each item would not.
    And leave out what would be tested twice.

    After it: the longest ones first. At the end, they would keep one process busy and the others waiting.
    """
    for item in items:
        _mark(item)
    items[:] = [item for item in items if not _is_repetition(item)]
    result = yield
    items.sort(key=lambda item: not any(part in item.path.as_posix() for part in FIRST))
    return result


def _is_repetition(item: pytest.Item) -> bool:
    path = item.path.as_posix()
    return item.get_closest_marker("postgres") is not None and any(part in path for part in WITHOUT_DATABASE)


def _mark(item: pytest.Item) -> None:
    path = item.path.as_posix()
    if any(part in path for part in SLOW) or SLOW_FIXTURES.intersection(getattr(item, "fixturenames", ())):
        item.add_marker("slow")
    callspec = getattr(item, "callspec", None)
    if callspec is not None and callspec.params.get("backend") == "postgres":
        item.add_marker("postgres")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of `pytest -n` hands its reasons to the one that reports."""
    output: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["not_tested"] = NOT_TESTED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    reasons: list[str] = getattr(node, "workeroutput", {}).get("not_tested", [])
    NOT_TESTED.extend(reason for reason in reasons if reason not in NOT_TESTED)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reason in NOT_TESTED:
        terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
        terminalreporter.line(reason, red=True, bold=True)


def _tail(running: Server) -> str:
    return b"".join(list(running.errors)[-40:]).decode(errors="replace")
