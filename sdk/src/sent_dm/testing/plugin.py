"""The fixtures. They are functions of pytest's kind, so this module needs pytest; its neighbours do not."""

from collections.abc import Iterator

import pytest

from sent_dm.client import SentDm
from sent_dm.testing.phone import Phone
from sent_dm.testing.server import LocalServer


@pytest.fixture(scope="session")
def sent_server() -> Iterator[LocalServer]:
    """A server for all tests of this run."""
    with LocalServer.start() as server:
        yield server


@pytest.fixture
def sent_client(sent_server: LocalServer) -> Iterator[SentDm]:
    """A client of that server."""
    with sent_server.new_client() as client:
        yield client


@pytest.fixture
def sent_phone(sent_server: LocalServer) -> Phone:
    """A handset with a number that no other test has."""
    return sent_server.phone()


@pytest.fixture
def sent_environment(sent_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> LocalServer:
    """For code that makes its own `SentDm()`: the environment points it to the server of the tests."""
    monkeypatch.setenv("SENT_DM_API_KEY", sent_server.api_key)
    monkeypatch.setenv("SENT_DM_BASE_URL", sent_server.base_url)
    monkeypatch.setenv("SENT_BASE_URL", sent_server.base_url)
    return sent_server
