"""Fixtures of the SDK's tests: a real server process, and the three ways to call it."""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sent_dm import AsyncSentDm, DefaultAioHttpClient, SentDm
from sent_dm.testing import LocalServer, sent_client, sent_environment, sent_phone, sent_server

__all__ = ["sent_client", "sent_environment", "sent_phone", "sent_server"]

DRIVERS = ("sync", "async", "aiohttp")


@pytest.fixture(scope="session")
def server(sent_server: LocalServer) -> LocalServer:
    return sent_server


class Caller:
    """A client of one kind, called from sync tests: what has to be awaited is awaited here, in one event loop."""

    def __init__(self, kind: str, **options: Any) -> None:
        self.kind = kind
        self._runner = asyncio.Runner()
        if kind == "sync":
            self.client: Any = SentDm(**options)
        elif kind == "async":
            self.client = AsyncSentDm(**options)
        else:
            self.client = AsyncSentDm(**options, http_client=DefaultAioHttpClient())

    def __call__(self, call: Callable[[Any], Any]) -> Any:
        """The result of `call(client)`."""
        return self.wait(lambda: call(self.client))

    def wait(self, make: Callable[[], Any]) -> Any:
        async def run() -> Any:
            made = make()
            return await made if inspect.isawaitable(made) else made

        return make() if self.kind == "sync" else self._runner.run(run())

    def items(self, call: Callable[[Any], Any]) -> list[Any]:
        """What iterating the result of `call(client)` gives."""
        if self.kind == "sync":
            return list(call(self.client))

        async def run() -> list[Any]:
            return [item async for item in call(self.client)]

        return self._runner.run(run())

    def enter(self, call: Callable[[Any], Any], use: Callable[[Any], Any]) -> Any:
        """`with call(client) as it: return use(it)`, async iterators made into lists."""
        if self.kind == "sync":
            with call(self.client) as it:
                found = use(it)
                return list(found) if inspect.isgenerator(found) else found

        async def run() -> Any:
            async with call(self.client) as it:
                found = use(it)
                if inspect.isasyncgen(found):
                    return [one async for one in found]
                return await found if inspect.isawaitable(found) else found

        return self._runner.run(run())

    def close(self) -> None:
        self.wait(self.client.close)
        self._runner.close()


@pytest.fixture(params=DRIVERS)
def make_caller(request: pytest.FixtureRequest) -> Iterator[Callable[..., Caller]]:
    made: list[Caller] = []

    def make(**options: Any) -> Caller:
        made.append(Caller(request.param, **{"api_key": "a-key", **options}))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def call(make_caller: Callable[..., Caller], server: LocalServer) -> Caller:
    """Calls the real server."""
    return make_caller(api_key=server.api_key, base_url=server.base_url)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What a test says was not tested must not drown among the skipped."""
    reasons = {str(one.longrepr[2]) for one in terminalreporter.stats.get("skipped", []) if one.longrepr}
    for reason in sorted(reason for reason in reasons if "NOT TESTED" in reason):
        terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
        terminalreporter.line(reason, red=True, bold=True)
