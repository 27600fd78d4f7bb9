"""Environment, proxies, closing, threads, forks, cancelled tasks."""

import asyncio
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

import sent_dm
from peer import Peer, answer
from sent_dm import AsyncSentDm, DefaultAioHttpClient, SentDm

VARIABLES = ("SENT_DM_API_KEY", "SENT_API_KEY", "SENT_DM_BASE_URL", "SENT_BASE_URL")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, *PROXIES, *(name.upper() for name in PROXIES)):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("kind", [SentDm, AsyncSentDm, sent_dm.Sent, sent_dm.AsyncSent])
def test_both_spellings_of_the_environment(kind, monkeypatch):
    monkeypatch.setenv("SENT_DM_API_KEY", "  from-environment\n")
    assert kind().api_key == "from-environment"
    assert kind("given").api_key == kind(api_key="given").api_key == "given"
    assert str(kind().base_url) == str(kind(base_url=None).base_url) == "https://api.sent.dm"
    monkeypatch.setenv("SENT_BASE_URL", "http://b.example/")
    assert kind().base_url == httpx.URL("http://b.example")
    monkeypatch.setenv("SENT_DM_BASE_URL", "http://a.example")
    assert kind().base_url == httpx.URL("http://a.example")
    assert kind(base_url="http://c.example").base_url == httpx.URL("http://c.example")


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment(make_caller, monkeypatch, variable):
    with Peer(answer()) as proxy:
        monkeypatch.setenv(variable, proxy.base_url)
        call = make_caller(base_url="http://api.sent.invalid")
        assert call(lambda c: c.me.retrieve()).data.name == "Demo"
        assert proxy.seen[0].path == "http://api.sent.invalid/v3/me"


def test_no_proxy(make_caller, monkeypatch):
    with Peer(answer()) as proxy, Peer(answer()) as peer:
        monkeypatch.setenv("HTTP_PROXY", proxy.base_url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        call = make_caller(base_url=peer.base_url)
        call(lambda c: c.me.retrieve())
        assert (len(proxy.seen), len(peer.seen)) == (0, 1)


def test_a_proxy_of_ones_own(make_caller):
    with Peer(answer()) as proxy:
        call = make_caller(base_url="http://api.sent.invalid", http={"proxy": proxy.base_url})
        call(lambda c: c.me.retrieve())
        assert proxy.seen[0].path == "http://api.sent.invalid/v3/me"


def test_connections_are_kept(make_caller):
    with Peer(answer()) as peer:
        call = make_caller(base_url=peer.base_url)
        for _ in range(5):
            call(lambda c: c.me.retrieve())
            call(lambda c: c.with_options(max_retries=0).me.retrieve())
        assert (len(peer.seen), peer.connections) == (10, 1)


def test_closing(make_caller):
    with Peer(answer()) as peer:
        call = make_caller(base_url=peer.base_url)
        call(lambda c: c.me.retrieve())
        copied = call.client.with_options(max_retries=0)
        assert call.client.is_closed() is False
        call.close_client()
        assert call.client.is_closed() is True
        assert copied.is_closed() is True
        with pytest.raises(RuntimeError, match="closed"):
            call(lambda c: c.me.retrieve())
        call.close_client()
        assert len(peer.seen) == 1


def test_a_with_block_closes(make_caller):
    with Peer(answer()) as peer:
        call = make_caller(base_url=peer.base_url)
        call.enter(lambda c: c, lambda c: c.me.retrieve())
        assert call.client.is_closed() is True


def test_one_client_for_many_threads():
    count, each = 8, 25
    with Peer(answer()) as peer, SentDm(api_key="key", base_url=peer.base_url) as client:
        begin = threading.Barrier(count)

        def work(number: int) -> list[str]:
            begin.wait(30)
            # Resources are made at first use; the first use is now.
            made = [client.contacts.with_raw_response.create(phone_number=f"{number}-{i}") for i in range(each)]
            return [str(one.http_response.request.headers["idempotency-key"]) for one in made]

        with ThreadPoolExecutor(count) as pool:
            keys = [key for found in pool.map(work, range(count)) for key in found]
        assert len(set(keys)) == len(peer.seen) == count * each
        assert len({one.body for one in peer.seen}) == count * each


FORKS = """
import os, sys, warnings
from sent_dm import SentDm
client = SentDm(api_key="key", base_url=sys.argv[1])
copied = client.with_options(max_retries=0)
client.me.retrieve()
children = []
for number in range(3):
    child = os.fork()
    if child == 0:
        for path in range(5):
            assert client.get(f"/child/{number}/{path}")["success"] is True
        copied.me.retrieve()
        os._exit(0)
    children.append(child)
for path in range(5):
    client.get(f"/parent/{path}")
sys.exit(sum(os.waitpid(child, 0)[1] for child in children))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_opens_its_own_connections():
    with Peer(answer()) as peer:
        done = subprocess.run(
            [sys.executable, "-c", FORKS, peer.base_url], capture_output=True, text=True, timeout=120, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert peer.connections == 4
        assert len(peer.seen) == 1 + 3 * 6 + 5


@pytest.mark.parametrize("aiohttp", [False, True], ids=["async", "aiohttp"])
def test_a_cancelled_call_stops_and_leaves_the_client_well(aiohttp):
    async def run(peer: Peer) -> None:
        limits = httpx.Limits(max_connections=1)
        own = DefaultAioHttpClient(limits=limits) if aiohttp else sent_dm.DefaultAsyncHttpxClient(limits=limits)
        async with AsyncSentDm(api_key="key", base_url=peer.base_url, http_client=own) as client:
            waiting = asyncio.create_task(client.me.retrieve())
            in_line = asyncio.create_task(client.me.retrieve())
            while not peer.seen:
                await asyncio.sleep(0.01)
            for one in (in_line, waiting):
                one.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await one
            assert (await client.me.retrieve()).data.name == "Demo"
            between_attempts = asyncio.create_task(client.with_options(max_retries=9).me.retrieve())
            while len(peer.seen) < 3:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            between_attempts.cancel()
            with pytest.raises(asyncio.CancelledError):
                await between_attempts
            assert (await client.me.retrieve()).data.name == "Demo"

    with Peer() as peer:
        peer.then(peer.silence, answer(), answer(500, retry_after="60"), answer())
        asyncio.run(run(peer))
        assert len(peer.seen) == 4


@pytest.mark.parametrize("aiohttp", [False, True], ids=["async", "aiohttp"])
def test_one_async_client_in_two_event_loops(aiohttp):
    with Peer(answer()) as peer:
        own = DefaultAioHttpClient() if aiohttp else None
        client = AsyncSentDm(api_key="key", base_url=peer.base_url, http_client=own)

        async def use(*, last: bool = False) -> str:
            name = (await client.me.retrieve()).data.name
            if last:
                await client.close()
            return name

        with asyncio.Runner() as one, asyncio.Runner() as other:
            assert [one.run(use()), other.run(use()), one.run(use())] == ["Demo"] * 3
            other.run(use(last=True))
