"""The sync driver: httpx.Client, ours or the user's."""

import os
import time
from typing import Any, TypeVar
from weakref import WeakSet

import httpx

from sent_dm.core.call import Steps
from sent_dm.core.reply import Got
from sent_dm.core.request import Request, Send
from sent_dm.core.settings import DEFAULT_LIMITS, DEFAULT_TIMEOUT
from sent_dm.drivers import httpx_common as common
from sent_dm.drivers.tls import default_context

T = TypeVar("T")


class DefaultHttpxClient(httpx.Client):
    """httpx.Client with the SDK's timeouts and limits, for those who want to change something else about it."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("timeout", DEFAULT_TIMEOUT)
        options.setdefault("limits", DEFAULT_LIMITS)
        if "verify" not in options and "cert" not in options:
            options["verify"] = default_context()
        super().__init__(**options)


class SyncWire:
    def __init__(self, client: httpx.Client | None = None) -> None:
        self._own = client is None
        self.client = DefaultHttpxClient() if client is None else client
        if self._own:
            _own_wires.add(self)

    def send(self, request: Request) -> Got:
        response: httpx.Response | None = None
        built = common.build(request) if self._own else common.build_with(self.client, request)
        try:
            with common.log_routes_only(request):
                # A redirect would take the key along, whatever this client does with others.
                response = self.client.send(built, stream=True, follow_redirects=False)
            if request.stream and response.status_code < 300:
                return common.open_reply(request, response, common.OpenBody(request, response))
            try:
                response.read()
            except BaseException:
                response.close()
                raise
        except common.ERRORS as cause:
            return common.failure(request, cause, response)
        return common.reply(request, response)

    @property
    def is_closed(self) -> bool:
        return self.client.is_closed

    def close(self) -> None:
        self.client.close()


# A forked process has its parent's connections: both would write to them, and read each other's answers. Those of async
# clients belong to the event loop, and the child has another one.
_own_wires: WeakSet[SyncWire] = WeakSet()
_inherited: list[httpx.Client] = []  # kept, since finalizing a connection may speak on it


def _begin_anew() -> None:
    for wire in list(_own_wires):
        if not wire.is_closed:
            _inherited.append(wire.client)
            wire.client = DefaultHttpxClient()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


def drive(steps: Steps[T], wire: SyncWire) -> T:
    """Take the steps of a call until it is done."""
    got: Got | None = None
    try:
        while True:
            step = steps.send(got)
            if isinstance(step, Send):
                got = wire.send(step.request)
            else:
                time.sleep(step.after_ms / 1_000)
                got = None
    except StopIteration as done:
        return done.value
