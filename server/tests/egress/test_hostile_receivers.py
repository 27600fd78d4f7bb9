"""Whatever a receiver sends: little of it is read, the deadline holds, and no answer is taken for another's."""

import asyncio
import itertools
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from egress.calling import post, with_client
from harness.hostile import HostileReceiver
from sent_server.egress import Egress, EgressResponse, RequestFailed, Result

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
# What the receiver could get rid of: 64 KiB that were read, and what waits in both kernels.
MOST_SENT_BYTES = 400_000
repeat = itertools.repeat


def after(start: bytes, rest: bytes) -> Iterator[bytes]:
    return itertools.chain([start], repeat(rest))


ENDLESS: dict[str, tuple[Callable[[], Iterator[bytes]], int | None]] = {
    "100": (lambda: repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 100), None),
    "102": (lambda: repeat(b"HTTP/1.1 102 Processing\r\n\r\n" * 100), None),
    "103": (lambda: repeat(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" * 50), None),
    "1xx mixed": (lambda: repeat(b"".join(b"HTTP/1.1 %d X\r\nA: b\r\n\r\n" % n for n in (100, 102, 103, 150))), None),
    "one endless interim head": (lambda: after(b"HTTP/1.1 103 Early Hints\r\n", b"Link: </a>\r\n" * 99), None),
    "many headers": (lambda: after(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 200), None),
    "one header": (lambda: after(b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 4_096), None),
    "one header name": (lambda: after(b"HTTP/1.1 200 OK\r\n", b"b" * 4_096), None),
    "status line": (lambda: after(b"HTTP/1.1 200 ", b"O" * 4_096), None),
    "no status line": (lambda: repeat(b"x" * 4_096), None),
    "HTTP/0.9": (lambda: repeat(b"<html>\n" * 500), None),
    "line breaks": (lambda: repeat(b"\r\n" * 2_000), None),
    "NUL": (lambda: repeat(b"\x00" * 4_096), None),
    "another protocol": (lambda: repeat(b"SSH-2.0-OpenSSH_9.2\r\n" * 100), None),
    "chunk extensions": (lambda: after(CHUNKED + b"1;ext=", b"a" * 4_096), 200),
    "chunk size": (lambda: after(CHUNKED, b"0" * 4_096), 200),
    "empty-looking chunks": (lambda: after(CHUNKED, b"1;a=b\r\nx\r\n" * 400), 200),
    "trailers": (lambda: after(CHUNKED + b"1\r\nx\r\n0\r\n", b"X-A: b\r\n" * 400), 200),
    "body without a length": (lambda: after(b"HTTP/1.1 202 OK\r\n\r\n", b"x" * 4_096), 202),
    "body with a huge length": (
        lambda: after(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b"x" * 4_096),
        200,
    ),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_an_endless_answer_ends_after_64_kib(kind: str) -> None:
    chunks, status = ENDLESS[kind]

    def act(receiver: HostileReceiver, connection: socket.socket, _: int) -> None:
        receiver.read_request(connection)
        receiver.pour(connection, chunks())

    with HostileReceiver(act) as receiver:
        started_s = time.monotonic()
        result = post(receiver.url(), timeout_seconds=30)
        took_s = time.monotonic() - started_s
    assert (
        isinstance(result, RequestFailed)
        if status is None
        else isinstance(result, EgressResponse) and result.status == status
    )
    assert receiver.sent < MOST_SENT_BYTES
    assert took_s < 25  # it ended, and did not wait for the deadline
    assert receiver.connections == 1


DRIPS = {
    "head": (b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 1_000, None),
    "interim": (b"HTTP/1.1 102 Processing\r\n" + b"X-A: b\r\n" * 1_000, None),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 4_000, 200),
    "chunks": (CHUNKED + b"1\r\nx\r\n" * 1_000, 200),
    "nothing": (b"", None),
}


@pytest.mark.parametrize("kind", DRIPS)
def test_the_deadline_holds_while_bytes_drip(kind: str) -> None:
    data, status = DRIPS[kind]

    def act(receiver: HostileReceiver, connection: socket.socket, _: int) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        receiver.read_request(connection)
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(0.002)
        time.sleep(30)

    with HostileReceiver(act) as receiver:
        started_s = time.monotonic()
        result = post(receiver.url(), timeout_seconds=1)
        took_s = time.monotonic() - started_s
    assert (
        result == RequestFailed("No answer within 1 seconds") if status is None else isinstance(result, EgressResponse)
    )
    assert 1 <= took_s < 20  # the receiver goes on for 30


@pytest.mark.parametrize("answer", [OK, CHUNKED + b"2\r\nok\r\n0\r\n\r\n", b"HTTP/1.1 103 A\r\n\r\n" + OK])
def test_a_connection_that_is_closed_at_any_byte_gives_the_status_or_a_failure(answer: bytes) -> None:
    head_ends = answer.index(b"200 OK")
    head_ends = answer.index(b"\r\n\r\n", head_ends) + 4

    def act(receiver: HostileReceiver, connection: socket.socket, number: int) -> None:
        request = receiver.read_request(connection)
        connection.sendall(answer[: int(request.split(b" ")[1][1:])])

    async def post_all(client: Egress) -> list[Result]:
        return [
            await client.post(receiver.url(f"/{end}"), b"{}", {}, timeout_seconds=20) for end in range(len(answer) + 1)
        ]

    with HostileReceiver(act) as receiver:
        results = with_client(post_all)
    assert all(isinstance(result, RequestFailed) for result in results[:head_ends])
    assert [result.status for result in results[head_ends:] if isinstance(result, EgressResponse)] == [200] * (
        len(answer) + 1 - head_ends
    )


def test_a_few_interim_answers_are_passed_over() -> None:
    def act(receiver: HostileReceiver, connection: socket.socket, _: int) -> None:
        receiver.read_request(connection)
        connection.sendall(
            b"HTTP/1.1 100 Continue\r\nRetry-After: 9\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" + OK
        )

    with HostileReceiver(act) as receiver:
        assert post(receiver.url()) == EgressResponse(200, "ok")


def test_an_answer_that_comes_before_the_request_does_not_count() -> None:
    def act(receiver: HostileReceiver, connection: socket.socket, _: int) -> None:
        connection.sendall(OK)
        time.sleep(5)

    async def post_late(client: Egress) -> Result:
        task = asyncio.ensure_future(client.post(receiver.url(), b"x" * 30_000_000, {}, timeout_seconds=5))
        return await task

    with HostileReceiver(act) as receiver:
        assert isinstance(with_client(post_late), RequestFailed)


SURPLUS = {
    "with the answer": lambda send: send(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen"),
    "a moment later": lambda send: (send(OK), time.sleep(0.05), send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")),
    "half of it": lambda send: send(OK + b"HTTP/1.1 2"),
    "after a 204": lambda send: send(b"HTTP/1.1 204 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    "as the body of a 204": lambda send: send(
        b"HTTP/1.1 204 OK\r\nContent-Length: 38\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    ),
    "as the body of a 304": lambda send: send(
        b"HTTP/1.1 304 OK\r\nContent-Length: 38\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    ),
    "after chunks": lambda send: send(CHUNKED + b"2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    "after an upgrade": lambda send: send(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"
    ),
    "with two lengths": lambda send: send(
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + OK
    ),
}


@pytest.mark.parametrize("kind", SURPLUS)
def test_what_stands_after_an_answer_is_never_the_next_one(kind: str) -> None:
    def act(receiver: HostileReceiver, connection: socket.socket, number: int) -> None:
        while receiver.read_request(connection):
            if number == 1:
                SURPLUS[kind](connection.sendall)
                continue
            connection.sendall(b"HTTP/1.1 500 The True One\r\nContent-Length: 0\r\n\r\n")

    async def post_twice(client: Egress) -> Result:
        await client.post(receiver.url(), b"{}", {}, timeout_seconds=5)
        await asyncio.sleep(0.3)
        return await client.post(receiver.url(), b"{}", {}, timeout_seconds=5)

    with HostileReceiver(act) as receiver:
        result = with_client(post_twice)
        assert isinstance(result, EgressResponse)
        assert result.status == 500
        assert receiver.connections == 2


def test_tenants_never_share_a_connection_and_each_keeps_its_own() -> None:
    def act(receiver: HostileReceiver, connection: socket.socket, number: int) -> None:
        while receiver.read_request(connection):
            connection.sendall(OK)

    async def post_all(client: Egress) -> None:
        for _ in range(3):
            for tenant in ("one", "other"):
                await client.post(receiver.url(), b"{}", {}, timeout_seconds=5, tenant=tenant)

    with HostileReceiver(act) as receiver:
        with_client(post_all)
        assert receiver.connections == 2
        assert len(receiver.requests) == 6


def test_a_kept_connection_that_was_closed_costs_no_failure() -> None:
    """The other side hangs up without an answer when it is asked for the second time."""

    def act(receiver: HostileReceiver, connection: socket.socket, number: int) -> None:
        receiver.read_request(connection)
        connection.sendall(OK)
        if number == 1:
            receiver.read_request(connection)

    async def post_twice(client: Egress) -> list[Result]:
        return [await client.post(receiver.url(), b"{}", {}, timeout_seconds=5) for _ in range(2)]

    with HostileReceiver(act) as receiver:
        assert with_client(post_twice) == [EgressResponse(200, "ok")] * 2
        assert receiver.connections == 2


def test_a_fresh_connection_that_is_closed_is_not_tried_twice() -> None:
    def act(receiver: HostileReceiver, connection: socket.socket, number: int) -> None:
        receiver.read_request(connection)

    with HostileReceiver(act) as receiver:
        assert post(receiver.url()) == RequestFailed("The connection was closed before an answer came")
        assert receiver.connections == 1


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", b"HTTP/1.0 200 OK\r\n\r\nok", OK.replace(b"Content", b"content"),
])  # fmt: skip
def test_plain_answers_of_honest_servers_are_understood(answer: bytes) -> None:
    def act(receiver: HostileReceiver, connection: socket.socket, _: int) -> None:
        receiver.read_request(connection)
        connection.sendall(answer)

    with HostileReceiver(act) as receiver:
        assert post(receiver.url()) == EgressResponse(200, "ok")


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 OK\r\n\r\n", b"HTTP/1.1 99999 OK\r\n\r\n", b"HTTP/1.1 -1 OK\r\n\r\n", b"HTTP/1.1 20\xb2 OK\r\n\r\n",
    b"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n", b"200 OK\r\n\r\n", b"HTTP/1.1 000 X\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"HTTP/2 200\r\n\r\n",
])  # fmt: skip
def test_what_is_not_http_is_a_failure(answer: bytes) -> None:
    def act(receiver: HostileReceiver, connection: socket.socket, _: int) -> None:
        receiver.read_request(connection)
        connection.sendall(answer)

    with HostileReceiver(act) as receiver:
        assert isinstance(post(receiver.url()), RequestFailed)
