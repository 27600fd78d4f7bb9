"""Fixtures of the SDK's tests: a real server process, and the three ways to call it."""

import asyncio
import inspect
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sent_dm import AsyncSentDm, DefaultAioHttpClient, DefaultAsyncHttpxClient, DefaultHttpxClient, SentDm
from sent_dm.testing import LocalServer, sent_client, sent_environment, sent_phone, sent_server

__all__ = ["sent_client", "sent_environment", "sent_phone", "sent_server"]

DRIVERS = ("sync", "async", "aiohttp")


@pytest.fixture(scope="session")
def server(sent_server: LocalServer) -> LocalServer:
    return sent_server


class Caller:
    """A client of one kind, called from sync tests: what has to be awaited is awaited here, in one event loop."""

    def __init__(self, kind: str, *, http: dict[str, Any] | None = None, **options: Any) -> None:
        """`http` are options of the HTTP client of its kind."""
        self.kind = kind
        self._runner = asyncio.Runner()
        more: dict[str, Any]
        if kind == "sync":
            more = {} if http is None else {"http_client": DefaultHttpxClient(**http)}
            self.client: Any = SentDm(**options, **more)
        elif kind == "async":
            more = {} if http is None else {"http_client": DefaultAsyncHttpxClient(**http)}
            self.client = AsyncSentDm(**options, **more)
        else:
            self.client = AsyncSentDm(**options, http_client=DefaultAioHttpClient(**(http or {})))

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

    def together(self, *calls: Callable[[Any], Any], begun: Callable[[], bool] = lambda: True) -> list[Any]:
        """The results or errors of calls that run at the same time; the others begin when the first has `begun`."""

        def one(call: Callable[[Any], Any]) -> Any:
            try:
                return call(self.client)
            except Exception as error:
                return error

        async def run() -> list[Any]:
            return await asyncio.gather(*(call(self.client) for call in calls), return_exceptions=True)

        if self.kind != "sync":
            return self._runner.run(run())
        with ThreadPoolExecutor(len(calls)) as pool:
            first = pool.submit(one, calls[0])
            while not begun():
                time.sleep(0.01)
            return [done.result() for done in [first, *(pool.submit(one, call) for call in calls[1:])]]

    def close_client(self) -> None:
        self.wait(self.client.close)

    def close(self) -> None:
        self.close_client()
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
