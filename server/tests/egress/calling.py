"""Calls through a real Egress, on the loop that the server runs on."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import uvloop

from sent_server.egress import Egress, Result

T = TypeVar("T")


def with_client(
    fn: Callable[[Egress], Awaitable[T]], *, allow_loopback: bool = True, name_servers: Sequence[str] = ()
) -> T:
    async def main() -> T:
        client = Egress(allow_loopback=allow_loopback, name_servers=name_servers)
        try:
            return await fn(client)
        finally:
            await client.close()

    return uvloop.run(main())


def post(
    url: str,
    *,
    allow_loopback: bool = True,
    timeout_seconds: float = 5,
    forbid: int | None = None,
    name_servers: Sequence[str] = (),
) -> Result:
    async def act(client: Egress) -> Result:
        if forbid is not None:
            client.forbid_port(forbid)
        return await client.post(url, b"{}", {"X-Test": "1"}, timeout_seconds=timeout_seconds)

    return with_client(act, allow_loopback=allow_loopback, name_servers=name_servers)
