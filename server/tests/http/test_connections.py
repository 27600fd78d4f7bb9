"""The HTTP server with small applications behind it: streams, uploads, shutting down, limits, slow clients."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest
import uvloop
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness import raw
from sent_server.http.server import connection, serve, table

START: Message = {"type": "http.response.start", "status": 200, "headers": []}
GET = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"


_writers: list[asyncio.StreamWriter] = []


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        try:
            await test()
        finally:
            while _writers:
                _writers.pop().close()
            await asyncio.sleep(0.01)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(whole())


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, *, most: int = 100, per_address: int = 100) -> AsyncGenerator[str]:
    bound = socket.create_server(("127.0.0.1", 0))
    url = "http://{}:{}".format(*bound.getsockname())
    async with serve.served(
        app, bound, doc_url_base="/errors", max_connections=most, max_connections_per_address=per_address
    ):
        yield url


async def opened(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    _writers.append(writer)
    return reader, writer


async def closed(reader: asyncio.StreamReader) -> bytes:
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return b""


async def talk(url: str, *pieces: bytes) -> list[raw.RawAnswer]:
    return await asyncio.to_thread(raw.talk, url, *pieces, idle_s=1)


async def read_all(receive: Receive) -> bytes:
    content = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return content
        content += message["body"]
        if not message["more_body"]:
            return content


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await send({**START, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    content = await read_all(receive)
    await send({**START, "headers": [(b"content-length", b"%d" % len(content))]})
    await send({"type": "http.response.body", "body": content})


def test_the_scope_is_what_the_specification_says() -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await hello(scope, receive, send)

    async def test() -> None:
        async with serving(app) as url:
            target = b"/caf%C3%A9/a%2Fb%20c?x=%C3%A9&y"
            await talk(url, b"PUT " + target + b" HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nx-one: 2\r\n\r\n")
            await talk(url, b"GET http://y/z?q HTTP/1.0\r\n\r\n")

    run(test)
    first, second = seen
    assert (first["type"], first["method"], first["http_version"], first["scheme"]) == ("http", "PUT", "1.1", "http")
    assert (first["path"], first["raw_path"]) == ("/café/a/b c", b"/caf%C3%A9/a%2Fb%20c")
    assert (first["query_string"], first["root_path"]) == (b"x=%C3%A9&y", "")
    assert first["headers"] == [(b"host", b"x"), (b"x-one", b"1"), (b"x-one", b"2")]
    assert first["client"][0] == first["server"][0] == "127.0.0.1"
    assert (second["path"], second["query_string"], second["http_version"]) == ("/z", b"q", "1.0")


def test_server_sent_events_leave_one_by_one_and_a_client_that_goes_is_noticed() -> None:
    gone = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({**START, "headers": [(b"content-type", b"text/event-stream")]})
        for number in range(3):
            await send({"type": "http.response.body", "body": b"data: %d\n\n" % number, "more_body": True})
            await asyncio.sleep(0.05)
        assert (await receive())["type"] == "http.disconnect"
        gone.set()

    async def test() -> None:
        async with serving(app) as url:
            reader, writer = await opened(url)
            writer.write(GET % b"")
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"transfer-encoding: chunked" in head
            for number in range(3):
                assert await asyncio.wait_for(reader.readuntil(b"\n\n\r\n"), 5) == b"9\r\ndata: %d\n\n\r\n" % number
            writer.close()
            await asyncio.wait_for(gone.wait(), 5)

    run(test)


def test_an_upload_waits_for_an_application_that_is_slow_to_read() -> None:
    size, most = 8 * 1024 * 1024, 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal most
        received = 0
        while received < size:
            message = await receive()
            most = max(most, len(message["body"]))
            received += len(message["body"])
            await asyncio.sleep(0.002)
        await hello(scope, receive, send)

    async def test() -> None:
        async with serving(app) as url:
            reader, writer = await opened(url)
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size)
            for _ in range(8):
                writer.write(b"x" * (size // 8))
                await writer.drain()
            assert (await closed(reader)).endswith(b"hello")

    run(test)
    assert 0 < most < 1024 * 1024, "what came was put aside without bound"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_answer_reaches_a_slow_reader(chunked: bool) -> None:
    size = 6 * 1024 * 1024
    buffered: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({**START, "headers": [] if chunked else [(b"content-length", b"%d" % size)]})
        for number in range(96):
            await send({"type": "http.response.body", "body": b"y" * 65_536, "more_body": number < 95})
            buffered.append(number)

    async def test() -> None:
        async with serving(app) as url:
            reader, writer = await opened(url)
            writer.write(GET % b"" + GET % b"")
            await asyncio.sleep(0.3)
            assert len(buffered) < 96, "the application was not made to wait"
            received = b""
            while received.count(b"y") < 2 * size:
                received += await asyncio.wait_for(reader.read(262_144), 5)
            writer.close()
            assert received.count(b"HTTP/1.1 200 OK") == 2

    run(test)


BROKEN = {
    "raises": lambda send: None,
    "a header with a line break": lambda send: send({**START, "headers": [(b"x-one", b"a\r\nset-cookie: b")]}),
    "a name with a line break": lambda send: send({**START, "headers": [(b"x-one: a\nb", b"c")]}),
    "a body first": lambda send: send({"type": "http.response.body", "body": b"x"}),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_an_application_that_breaks_answers_500_in_the_envelope(fault: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if fault == "raises":
            raise RuntimeError("planted")
        await BROKEN[fault](send)

    async def test() -> None:
        async with serving(app) as url:
            (answer,) = await talk(url, GET % b"" + GET % b"")
            assert (answer.status, answer.json["error"]["code"]) == (500, "INTERNAL_001")
            assert "set-cookie" not in answer.headers

    run(test)


@pytest.mark.parametrize("content", [b"four", b"sixsix"])
def test_an_answer_of_another_length_than_it_says_is_cut(content: bytes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({**START, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": content})

    async def test() -> None:
        async with serving(app) as url:
            reader, writer = await opened(url)
            writer.write(GET % b"")
            assert await closed(reader) == b""
            writer.close()

    run(test)


def test_shutting_down_ends_idle_connections_and_finishes_the_others() -> None:
    begun = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await asyncio.sleep(0.5)
        await echo(scope, receive, send)

    async def test() -> None:
        async with serving(app) as url:
            idle, half, busy = await opened(url), await opened(url), await opened(url)
            half[1].write(b"GET / HT")
            busy[1].write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody")
            await begun.wait()
        assert await closed(idle[0]) == b""
        assert await closed(half[0]) == b""
        (answer,) = raw.answers(await closed(busy[0]))
        assert (answer.body, answer.headers["connection"]) == (b"body", "close")

    run(test)


def test_the_connection_that_waited_longest_makes_room() -> None:
    async def test() -> None:
        async with serving(hello, per_address=5) as url:
            connections = [await opened(url) for _ in range(5)]
            connections[0][1].write(GET % b"")  # has just been answered: the second one has waited longest
            await connections[0][0].readuntil(b"hello")
            assert [one.status for one in await talk(url, GET % b"")] == [200]
            assert await closed(connections[1][0]) == b""
            connections[2][1].write(GET % b"")
            assert await connections[2][0].readuntil(b"hello")

    run(test)


@pytest.mark.parametrize("limits", [{"per_address": 3}, {"most": 3}])
def test_only_when_all_are_at_work_a_new_connection_is_refused(limits: dict[str, int]) -> None:
    release = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/wait":
            await release.wait()
        await hello(scope, receive, send)

    async def test() -> None:
        async with serving(app, **limits) as url:
            busy = [await opened(url) for _ in range(3)]
            for _, writer in busy:
                writer.write(GET % b"wait")
            await asyncio.sleep(0.1)
            (refused,) = await talk(url, b"")
            assert (refused.status, refused.headers["retry-after"]) == (503, "1")
            assert refused.json["error"]["code"] == "INTERNAL_005"
            release.set()
            for reader, _ in busy:
                assert await reader.readuntil(b"hello")
            assert [one.status for one in await talk(url, GET % b"")] == [200]

    run(test)


def test_bodies_of_many_chunks_hold_up_nobody() -> None:
    """The bytes are few, but each of their chunks is a step, and all connections have them at the same moment."""

    async def test() -> None:
        async with serving(echo) as url:
            head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            attackers = [await opened(url) for _ in range(60)]
            for _, writer in attackers:
                writer.write(head + b"1\r\nx\r\n" * 10_000 + b"0\r\n\r\n")
            answers = [
                asyncio.create_task(asyncio.wait_for(reader.readuntil(b"x" * 10_000), 120)) for reader, _ in attackers
            ]
            reader, writer = await opened(url)
            writer.write(head + b"5\r\nhello\r\n0\r\n\r\n")
            assert (await asyncio.wait_for(reader.readuntil(b"hello"), 120)).startswith(b"HTTP/1.1 200")
            assert not all(answer.done() for answer in answers), "it had to wait for all of the others"
            for answer in await asyncio.gather(*answers):
                assert answer.startswith(b"HTTP/1.1 200")

    run(test)


def test_answers_that_nobody_reads_are_not_made_one_after_the_other() -> None:
    """A thousand connections that ask for a hundred pages each would have the kernel copy gigabytes."""
    page = b"x" * 300_000
    made = 0

    async def large(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal made
        made += 1
        await send({**START, "headers": [(b"content-length", b"%d" % len(page))]})
        await send({"type": "http.response.body", "body": page})

    async def test() -> None:
        async with serving(large) as url:
            host, _, port = url.removeprefix("http://").partition(":")
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
                client.connect((host, int(port)))
                client.sendall(GET % b"" * 100)
                await asyncio.sleep(1)
                assert 1 <= made <= 4

    run(test)


def test_a_body_of_many_chunks_that_half_closes_is_answered() -> None:
    async def test() -> None:
        async with serving(echo) as url:
            head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            for end, expected in ((b"0\r\n\r\n", 1), (b"", 0)):
                pairs = [await opened(url) for _ in range(8)]
                for _, writer in pairs:
                    writer.write(head + b"1\r\nx\r\n" * 10_000 + end)
                    writer.write_eof()
                for reader, _ in pairs:
                    assert (await closed(reader)).count(b"HTTP/1.1 200") == expected

    run(test)


def test_what_one_address_has_in_memory_is_bounded() -> None:
    """A thousand connections with nearly all of a mebibyte each would be a gigabyte."""
    held = asyncio.Semaphore(0)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/hold":
            held.release()
            await read_all(receive)
        await hello(scope, receive, send)

    async def test() -> None:
        async with serving(app) as url:
            refused = 0
            piece = b"POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 999_999
            stuck = []
            for _ in range(40):
                reader, writer = await opened(url)
                writer.write(piece)
                with contextlib.suppress(ConnectionError):
                    await writer.drain()
                stuck.append((reader, writer))
            await asyncio.sleep(0.5)
            for reader, _ in stuck:
                with contextlib.suppress(TimeoutError, asyncio.IncompleteReadError, ConnectionError):
                    head = await asyncio.wait_for(reader.readuntil(b"\r\n"), 0.05)
                    refused += head.startswith(b"HTTP/1.1 503")
            assert refused >= 40 - table.MAX_HELD_PER_ADDRESS // 1_000_000 - 1
            assert [one.status for one in await talk(url, GET % b"")] == [200]
            for _, writer in stuck:
                writer.close()

    run(test)


def test_deadlines_follow_what_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits of the real server, a hundred times shorter; test_slow_peers.py waits for the real ones."""
    for name, value in {"HEAD_S": 0.3, "BODY_S": 0.6, "IDLE_S": 1.2, "ANSWER_S": 0.6, "LEAVING_S": 0.2}.items():
        monkeypatch.setattr(connection, name, value)
    monkeypatch.setattr(table, "SWEEP_EVERY_S", 0.05)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/large":
            await send({**START, "headers": [(b"content-length", b"30000000")]})
            await send({"type": "http.response.body", "body": b"z" * 30_000_000})
            return
        await echo(scope, receive, send)

    async def lifetime(url: str, first: bytes, drip: bytes = b"", every_s: float = 0.05) -> tuple[float, bytes]:
        started = asyncio.get_running_loop().time()
        reader, writer = await opened(url)
        writer.write(first)
        task = asyncio.create_task(closed(reader))
        while not task.done():
            with contextlib.suppress(ConnectionError):
                writer.write(drip)
            await asyncio.sleep(every_s)
        writer.close()
        return asyncio.get_running_loop().time() - started, task.result()

    async def unread(url: str) -> float:
        """How long a client that never reads its answer is kept."""
        _, writer = await opened(url)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(GET % b"large")
        started = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() - started < 8:
            await asyncio.sleep(0.05)
            with contextlib.suppress(ConnectionError):
                writer.write(b"\r\n")
            if writer.transport.is_closing():
                break
        writer.transport.abort()
        return asyncio.get_running_loop().time() - started

    async def test() -> None:
        body = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
        async with serving(app) as url:
            (
                (nothing_s, nothing),
                (lines_s, _),
                (head_s, head),
                (drip_s, _),
                (body_s, late),
                (slow_s, _),
            ) = await asyncio.gather(
                lifetime(url, b""),
                lifetime(url, b"", b"\r\n"),
                lifetime(url, b"GET / HTTP/1.1\r\nHost: x\r\n"),
                lifetime(url, b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"a"),
                lifetime(url, body),
                lifetime(url, body, b"a"),
            )
            unread_s = await unread(url)
        assert nothing == b""
        assert [raw.answers(one)[0].status for one in (head, late)] == [408, 408]
        # Generous above, since other tests compute beside this one; strict below.
        for took_s, limit_s in (
            (nothing_s, 1.2), (lines_s, 1.2), (head_s, 0.3), (drip_s, 0.3), (body_s, 0.6), (slow_s, 0.6),
        ):  # fmt: skip
            assert limit_s <= took_s < limit_s + 20
        assert 0.6 <= unread_s < 20

    run(test)


def test_an_answer_that_the_client_reads_slowly_but_reads_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ANSWER_S", 0.3)
    monkeypatch.setattr(connection, "IDLE_S", 0.3)
    monkeypatch.setattr(table, "SWEEP_EVERY_S", 0.02)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({**START, "headers": [(b"content-length", b"20000000")]})
        await send({"type": "http.response.body", "body": b"z" * 20_000_000})

    async def test() -> None:
        async with serving(app) as url:
            reader, writer = await opened(url)
            writer.write(GET % b"")
            received = 0
            while received < 20_000_000:
                chunk = await reader.read(200_000)
                assert chunk, f"cut after {received} bytes"
                received += chunk.count(b"z")
                await asyncio.sleep(0.01)
            writer.close()

    run(test)
