"""What an HTTP client does at its best: `python -m bench.client NAME URL OPEN POSTS < REQUEST`.

NAME is `own`, the client that the sender uses, or `aiohttp`, which stays the same when ours changes. Nothing is
around it: no database, no signature, no outcome to record. REQUEST is JSON, `{"headers", "body"}` of a webhook that the
product has sent; the client's own headers are left to it. Prints `{"per_s", "cpu_us"}`.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import uvloop

from sent_server.egress import Egress, EgressResponse

TIMEOUT_S = 30
OWN = ("host", "user-agent", "accept", "accept-encoding", "content-length")
Post = Callable[[], Awaitable[bool]]


async def with_own(url: str, at_once: int, posts: int, body: bytes, headers: Mapping[str, str]) -> dict[str, float]:
    egress = Egress(allow_loopback=True)

    async def post() -> bool:
        result = await egress.post(url, body, headers, timeout_seconds=TIMEOUT_S)
        return isinstance(result, EgressResponse) and result.ok

    try:
        return await _repeat(post, at_once, posts)
    finally:
        await egress.close()


async def with_aiohttp(url: str, at_once: int, posts: int, body: bytes, headers: Mapping[str, str]) -> dict[str, float]:
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    connector = aiohttp.TCPConnector(limit=at_once)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:

        async def post() -> bool:
            async with session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                await answer.read()
                return answer.ok

        return await _repeat(post, at_once, posts)


async def _repeat(post: Post, at_once: int, posts: int) -> dict[str, float]:
    left = iter(range(posts))

    async def work() -> None:
        for _ in left:
            if not await post():
                raise RuntimeError("the receiver did not take a post")

    started_s, cpu_s = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(at_once)))
    took_s, cpu_s = time.perf_counter() - started_s, time.process_time() - cpu_s
    return {"per_s": posts / took_s, "cpu_us": cpu_s / posts * 1e6}


CLIENTS = {"own": with_own, "aiohttp": with_aiohttp}


def main() -> None:
    name, url, at_once, posts = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    request: dict[str, Any] = json.load(sys.stdin)
    headers = {name: value for name, value in request["headers"].items() if name.lower() not in OWN}
    print(json.dumps(uvloop.run(CLIENTS[name](url, at_once, posts, request["body"].encode(), headers))))


if __name__ == "__main__":
    main()
