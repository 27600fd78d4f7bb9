"""Programs that send messages, each in its barest form: `python -m bench.callers NAME URL SECONDS` prints its figures.

Every caller sends the same JSON and reads the same JSON back. What carries a name of ours is the SDK as its documents
show it; the others are the HTTP clients that it stands on, used as their own documents show them.
"""

import asyncio
import itertools
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

AT_ONCE = 50
WARM_UP = 50
TO = ["+14155551234"]
TEMPLATE: Any = {"name": "welcome", "parameters": {"name": "Maria"}}
BODY = {"to": TO, "template": TEMPLATE}
HEADERS = {"x-api-key": "00000000-0000-4000-8000-000000000000"}
# One call, and what ends them.
Opened = tuple[Callable[[], Awaitable[object]], Callable[[], Awaitable[None]]]


def _timed(call: Callable[[], object], seconds: float) -> int:
    ends_s = time.perf_counter() + seconds
    for number in itertools.count():
        if number % 16 == 0 and time.perf_counter() >= ends_s:
            return number
        call()
    raise AssertionError("unreachable")


def sync_sdk(url: str) -> Callable[[], object]:
    from sent_dm import SentDm

    client = SentDm(api_key=HEADERS["x-api-key"], base_url=url)
    return lambda: client.messages.send(to=TO, template=TEMPLATE).data.recipients[0].message_id


def sync_httpx(url: str) -> Callable[[], object]:
    import httpx

    client = httpx.Client(base_url=url, headers=HEADERS)
    return lambda: client.post("/v3/messages", json=BODY).json()["data"]["recipients"][0]["message_id"]


async def async_sdk(url: str) -> Opened:
    from sent_dm import AsyncSentDm

    client = AsyncSentDm(api_key=HEADERS["x-api-key"], base_url=url)
    return lambda: client.messages.send(to=TO, template=TEMPLATE), client.close


async def async_sdk_aiohttp(url: str) -> Opened:
    from sent_dm import AsyncSentDm, DefaultAioHttpClient

    client = AsyncSentDm(api_key=HEADERS["x-api-key"], base_url=url, http_client=DefaultAioHttpClient())
    return lambda: client.messages.send(to=TO, template=TEMPLATE), client.close


async def async_httpx(url: str) -> Opened:
    import httpx

    client = httpx.AsyncClient(base_url=url, headers=HEADERS)

    async def send() -> object:
        return (await client.post("/v3/messages", json=BODY)).json()["data"]["recipients"][0]["message_id"]

    return send, client.aclose


async def async_aiohttp(url: str) -> Opened:
    import aiohttp

    session = aiohttp.ClientSession(url, headers=HEADERS)

    async def send() -> object:
        async with session.post("/v3/messages", json=BODY) as answer:
            return (await answer.json())["data"]["recipients"][0]["message_id"]

    return send, session.close


SYNC = {"sdk": sync_sdk, "httpx": sync_httpx}
ASYNC = {
    "async-sdk": async_sdk,
    "async-sdk-aiohttp": async_sdk_aiohttp,
    "async-httpx": async_httpx,
    "async-aiohttp": async_aiohttp,
}


async def _at_once(name: str, url: str, seconds: float) -> tuple[int, float, float]:
    call, close = await ASYNC[name](url)
    for _ in range(WARM_UP):
        await call()
    await asyncio.gather(*(call() for _ in range(AT_ONCE)))
    ends_s, count = time.perf_counter() + seconds, 0

    async def work() -> None:
        nonlocal count
        while time.perf_counter() < ends_s:
            await call()
            count += 1

    started_s, cpu_s = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    took_s, cpu_s = time.perf_counter() - started_s, time.process_time() - cpu_s
    await close()
    return count, took_s, cpu_s


def _one_after_another(name: str, url: str, seconds: float) -> None:
    call = SYNC[name](url)
    call()
    rss_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(WARM_UP):
        call()
    started_s, cpu_s = time.perf_counter(), time.process_time()
    count = _timed(call, seconds)
    took_s, cpu_s = time.perf_counter() - started_s, time.process_time() - cpu_s
    _say(count, took_s, cpu_s, rss_kb)


def _say(count: int, took_s: float, cpu_s: float, rss_kb: int) -> None:
    print(json.dumps({"per_s": count / took_s, "cpu_us": cpu_s / count * 1e6, "rss_mb": rss_kb / 1024}))


def main() -> None:
    name, url, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    if name in SYNC:
        _one_after_another(name, url, seconds)
        return
    count, took_s, cpu_s = asyncio.run(_at_once(name, url, seconds))
    _say(count, took_s, cpu_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    main()
