"""Requests byte by byte: upgrades that nobody serves, bodies in pieces, pipelines, and what two readers might read
differently. Java's client and `curl --http2` lost their bodies here, and a body was answered as a request."""

import itertools
import socket
import time
from collections.abc import Callable

import pytest

from harness import raw, samples
from harness.client import Client
from harness.raw import RawAnswer
from harness.server import Server

H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
CONNECTIONS = {
    "plain": b"",
    "h2c": H2C,
    "websocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
    "unknown": b"connection: keep-alive, upgrade\r\nupgrade: something/7, else\r\n",
    "upgrade first": b"Upgrade: TLS/1.0\r\nConnection: Upgrade\r\n",
    "two lists": b"Connection: keep-alive\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n",
    "a list of names": b"Connection: keep-alive, X-One, TE\r\nTE: trailers\r\nX-One: 1\r\n",
    "only an upgrade": b"Upgrade: h2c\r\n",
    "expect": b"Expect: 100-continue\r\n",
    "expect and h2c": b"Expect: 100-Continue\r\n" + H2C,
}


def _counted(body: bytes) -> tuple[bytes, list[bytes]]:
    return b"Content-Length: %d\r\n" % len(body), [body]


def _chunked(body: bytes) -> tuple[bytes, list[bytes]]:
    half = len(body) // 2
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:])]
    return b"Transfer-Encoding: chunked\r\n", [*chunks, b"0\r\n\r\n"]


def _with_trailers(body: bytes) -> tuple[bytes, list[bytes]]:
    chunk = b'%X;name=value;quoted="a,b"\r\n%s\r\n' % (len(body), body)
    end = b"0\r\nX-Check: 1\r\nContent-Length: 999\r\nUpgrade: h2c\r\n\r\n"
    return b"TE: trailers\r\nTrailer: X-Check\r\nTransfer-Encoding: chunked\r\n", [chunk, end]


FRAMINGS: dict[str, Callable[[bytes], tuple[bytes, list[bytes]]]] = {
    "counted": _counted,
    "chunked": _chunked,
    "with trailers": _with_trailers,
}


def _one_packet(head: bytes, body: list[bytes], following: bytes) -> list[bytes]:
    return [head + b"".join(body) + following]


def _head_first(head: bytes, body: list[bytes], following: bytes) -> list[bytes]:
    return [head, b"".join(body) + following]


def _many_packets(head: bytes, body: list[bytes], following: bytes) -> list[bytes]:
    half = len(head) // 2
    return [head[:half], head[half:], *body, following]


def _cut_anywhere(head: bytes, body: list[bytes], following: bytes) -> list[bytes]:
    whole = head + b"".join(body)
    return [whole[at : at + 41] for at in range(0, len(whole), 41)] + [following[:9], following[9:]]


PACKETS = {
    "one packet": _one_packet,
    "head first": _head_first,
    "many packets": _many_packets,
    "cut anywhere": _cut_anywhere,
}
EVERY_WAY = pytest.mark.parametrize(
    ("connection", "framing", "packets"),
    [
        (connection, framing, packets)
        for connection, framing, packets in itertools.product(CONNECTIONS, FRAMINGS, PACKETS)
        # All of each, and all of them together for the upgrade that clients really send.
        if connection == "h2c" or (len(connection) + len(framing) + len(packets)) % 3 == 0 or packets == "head first"
    ],
)


def _request(
    http: Client, method: str, path: str, body: bytes, connection: str, framing: str
) -> tuple[bytes, list[bytes]]:
    length, pieces = FRAMINGS[framing](body)
    head = b"%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: %s\r\nContent-Type: application/json\r\n" % (
        method.encode(), path.encode(), str(http.api_key).encode(),
    )  # fmt: skip
    return head + CONNECTIONS[connection] + length + b"\r\n", pieces


def _me(http: Client) -> bytes:
    return b"GET /v3/me HTTP/1.1\r\nHost: x\r\nx-api-key: %s\r\nConnection: close\r\n\r\n" % str(http.api_key).encode()


def _exchange(
    server: Server, method: str, path: str, body: bytes, connection: str, framing: str, packets: str
) -> RawAnswer:
    """The answer to this request; the one pipelined behind it must be answered as well, and nothing else."""
    head, pieces = _request(server.http, method, path, body, connection, framing)
    found = raw.talk(server.base_url, *PACKETS[packets](head, pieces, _me(server.http)))
    final = [answer for answer in found if answer.status != 100]
    assert len(final) == 2, [answer.status for answer in found]
    assert len(found) - len(final) <= ("expect" in connection)
    assert final[1].status == 200
    assert "upgrade" not in final[0].headers
    return final[0]


@EVERY_WAY
def test_a_body_is_read_however_it_comes(server: Server, connection: str, framing: str, packets: str) -> None:
    made = server.http.post("/v3/contacts", {"phone_number": samples.phone()}).data
    path = f"/v3/contacts/{made['id']}"
    patched = _exchange(server, "PATCH", path, b'{"opt_out":true}', connection, framing, packets)
    assert patched.status == 200
    assert server.http.get(path).data["opt_out"] is True
    # With its body lost, this deleted the contact.
    deleted = _exchange(server, "DELETE", path, b'{"sandbox":true}', connection, framing, packets)
    assert deleted.status == 204
    assert server.http.get(path).status == 200
    posted = _exchange(server, "POST", "/v3/contacts", b'{"phone_number":1}', connection, framing, packets)
    assert posted.status == 400
    assert "phone_number" in posted.json["error"]["details"]


@pytest.mark.parametrize("connection", CONNECTIONS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "TRACE", "CONNECT", "BREW"])
def test_no_method_changes_what_an_upgrade_is(server: Server, method: str, connection: str) -> None:
    length, pieces = _counted(b'{"name":"GET /v3/me HTTP/1.1"}')
    head = b"%s /v3/contacts HTTP/1.1\r\nHost: x\r\nx-api-key: %s\r\n" % (
        method.encode(),
        str(server.api_key).encode(),
    )
    following = _me(server.http)
    with raw.connect(server.base_url) as opened:
        raw.send(opened, [head + CONNECTIONS[connection] + length + b"\r\n"])
        # A client that waits for 100 sees the answer first. What it sends after that belongs to no request.
        begun = opened.recv(65_536) if "expect" in connection else b""
        raw.send(opened, [pieces[0] + following])
        received = begun + raw.until_silent(opened, 3)
    if method == "HEAD":
        assert received.startswith(b"HTTP/1.1 200 ")
        assert received.count(b"HTTP/1.1 ") <= 2
        return
    found = raw.answers(received)
    wanted = 200 if method == "GET" else 405
    assert [answer.status for answer in found] == ([wanted] if "expect" in connection else [wanted, 200])
    if wanted == 405:
        assert "GET" in found[0].headers["allow"]


def test_a_client_that_waits_for_100_is_asked_for_its_body(server: Server) -> None:
    body = b'{"phone_number":"%s"}' % samples.phone().encode()
    head, _ = _request(server.http, "POST", "/v3/contacts", body, "expect", "counted")
    with raw.connect(server.base_url) as connection:
        connection.sendall(head)
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert raw.answers(raw.until_silent(connection))[0].status == 201


def test_a_client_that_waits_for_100_without_a_key_is_refused_at_once(server: Server) -> None:
    head = b"POST /v3/contacts HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n"
    with raw.connect(server.base_url) as connection:
        connection.sendall(head)
        found = raw.answers(raw.until_closed(connection))
    assert [answer.status for answer in found] == [401]
    assert found[0].headers["connection"] == "close"


def test_many_pipelined_requests_are_answered_in_order(server: Server) -> None:
    ids = [server.http.post("/v3/contacts", {"phone_number": samples.phone()}).data["id"] for _ in range(20)]
    start = "GET /v3/contacts/{} HTTP/1.1\r\nHost: x\r\nx-api-key: {}\r\n\r\n"
    pipeline = "".join(start.format(identifier, server.api_key) for identifier in ids).encode() + _me(server.http)
    found = raw.talk(server.base_url, pipeline)
    assert [answer.json["data"]["id"] for answer in found[:-1]] == ids
    assert [answer.status for answer in found] == [200] * 21


LINE = b"POST /v3/contacts HTTP/1.1\r\n"
HOST = b"Host: x\r\n"
SMUGGLED = b"GET /v3/health HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
REFUSED = {
    "two lengths": LINE + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
    "the same length twice": LINE + HOST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
    "a list of lengths": LINE + HOST + b"Content-Length: 5, 5\r\n\r\n",
    "a signed length": LINE + HOST + b"Content-Length: +5\r\n\r\n",
    "a negative length": LINE + HOST + b"Content-Length: -5\r\n\r\n",
    "a hexadecimal length": LINE + HOST + b"Content-Length: 0x5\r\n\r\n",
    "a length with a space inside": LINE + HOST + b"Content-Length: 1 0\r\n\r\n",
    "an empty length": LINE + HOST + b"Content-Length: \r\n\r\n",
    "a length beyond all numbers": LINE + HOST + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "a fraction as length": LINE + HOST + b"Content-Length: 5.0\r\n\r\n",
    "length and chunks": LINE + HOST + b"Content-Length: 5\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "chunks and length": LINE + HOST + CHUNKED + b"Content-Length: 5\r\n\r\n0\r\n\r\n",
    "chunked twice": LINE + HOST + CHUNKED + CHUNKED + b"\r\n0\r\n\r\n",
    "chunked, chunked": LINE + HOST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "gzip, chunked": LINE + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked, identity": LINE + HOST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "identity": LINE + HOST + b"Transfer-Encoding: identity\r\n\r\n",
    "xchunked": LINE + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a vertical tab before chunked": LINE + HOST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "an empty encoding": LINE + HOST + b"Transfer-Encoding:\r\n\r\n",
    "a space before the colon": LINE + HOST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a tab before the colon": LINE + HOST + b"Content-Length\t: 5\r\n\r\nhello",
    "a folded line": LINE + HOST + b"X-One: a\r\n b\r\n\r\n",
    "a folded encoding": LINE + HOST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a folded line first": LINE + b" X-One: a\r\n" + HOST + b"\r\n",
    "a line without a colon": LINE + HOST + b"nothing\r\n\r\n",
    "a header without a name": LINE + HOST + b": value\r\n\r\n",
    "a name with a space": LINE + HOST + b"X One: 1\r\n\r\n",
    "a name beyond ASCII": LINE + HOST + b"X-\xc3\xa9: 1\r\n\r\n",
    "NUL in a value": LINE + HOST + b"X-One: a\0b\r\n\r\n",
    "NUL in a name": LINE + HOST + b"X\0One: ab\r\n\r\n",
    "CR in a value": LINE + HOST + b"X-One: a\rContent-Length: 5\r\n\r\n",
    "LF in a value": LINE + HOST + b"X-One: a\nContent-Length: 5\r\n\r\n",
    "only LF": b"GET /v3/health HTTP/1.1\nHost: x\n\n",
    "LF after the request line": b"GET /v3/health HTTP/1.1\nHost: x\r\n\r\n",
    "LF at the end": b"GET /v3/health HTTP/1.1\r\nHost: x\r\n\n",
    "CR CR LF": b"GET /v3/health HTTP/1.1\r\r\nHost: x\r\n\r\n",
    "no host": b"GET /v3/health HTTP/1.1\r\nX-One: 1\r\n\r\n",
    "no header at all": b"GET /v3/health HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /v3/health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a host with a space": b"GET /v3/health HTTP/1.1\r\nHost: a b\r\n\r\n",
    "a host with a path": b"GET /v3/health HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "HTTP/0.9": b"GET /v3/health\r\n",
    "HTTP/0.9 with headers": b"GET /v3/health\r\nHost: x\r\n\r\n",
    "HTTP/1.2": b"GET /v3/health HTTP/1.2\r\nHost: x\r\n\r\n",
    "HTTP/2.0": b"GET /v3/health HTTP/2.0\r\nHost: x\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "http/1.1 in small letters": b"GET /v3/health http/1.1\r\nHost: x\r\n\r\n",
    "HTTP/1.1 with a space behind": b"GET /v3/health HTTP/1.1 \r\nHost: x\r\n\r\n",
    "two spaces": b"GET  /v3/health HTTP/1.1\r\nHost: x\r\n\r\n",
    "a tab for a space": b"GET\t/v3/health HTTP/1.1\r\nHost: x\r\n\r\n",
    "a space in the target": b"GET /v3/he alth HTTP/1.1\r\nHost: x\r\n\r\n",
    "a target without a slash": b"GET v3/health HTTP/1.1\r\nHost: x\r\n\r\n",
    "a fragment": b"GET /v3/health#x HTTP/1.1\r\nHost: x\r\n\r\n",
    "an absolute target without a host": b"GET http:///v3/health HTTP/1.1\r\nHost: x\r\n\r\n",
    "an absolute target with a user": b"GET http://a:b@x/v3/health HTTP/1.1\r\nHost: x\r\n\r\n",
    "an absolute target with a backslash": b"GET http://x\\@y/v3/health HTTP/1.1\r\nHost: x\r\n\r\n",
    "CONNECT to somewhere": b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
    "a control character in the target": b"GET /v3/\x01health HTTP/1.1\r\nHost: x\r\n\r\n",
    "a method in brackets": b"(GET) /v3/health HTTP/1.1\r\nHost: x\r\n\r\n",
    "a space first": b" GET /v3/health HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS": bytes.fromhex("16030100c8010000c40303"),
    "chunks in HTTP/1.0": b"POST /v3/contacts HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "101 headers": LINE + HOST + b"".join(b"X-%d: 1\r\n" % number for number in range(100)) + b"\r\n",
    "2,000 headers": LINE + HOST + b"".join(b"X-%d: 1\r\n" % number for number in range(2_000)) + b"\r\n",
    "a head beyond 64 KiB": LINE + HOST + b"X-One: " + b"a" * 65_600 + b"\r\n\r\n",
    "a target beyond 64 KiB": b"GET /" + b"a" * 65_600 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a chunk of size 0x5": LINE + HOST + CHUNKED + b"\r\n0x5\r\nhello\r\n0\r\n\r\n",
    "a chunk of size +5": LINE + HOST + CHUNKED + b"\r\n+5\r\nhello\r\n0\r\n\r\n",
    "a chunk of size -5": LINE + HOST + CHUNKED + b"\r\n-5\r\nhello\r\n0\r\n\r\n",
    "a space before the size": LINE + HOST + CHUNKED + b"\r\n 5\r\nhello\r\n0\r\n\r\n",
    "a space behind the size": LINE + HOST + CHUNKED + b"\r\n5 \r\nhello\r\n0\r\n\r\n",
    "no size": LINE + HOST + CHUNKED + b"\r\n\r\nhello\r\n0\r\n\r\n",
    "a size of 17 digits": LINE + HOST + CHUNKED + b"\r\n10000000000000005\r\nhello\r\n0\r\n\r\n",
    "a longer chunk": LINE + HOST + CHUNKED + b"\r\n5\r\nhello!\r\n0\r\n\r\n",
    "a shorter chunk": LINE + HOST + CHUNKED + b"\r\n5\r\nhell\r\n0\r\n\r\n",
    "LF after the size": LINE + HOST + CHUNKED + b"\r\n5\nhello\r\n0\r\n\r\n",
    "LF after the chunk": LINE + HOST + CHUNKED + b"\r\n5\r\nhello\n0\r\n\r\n",
    "CR in an extension": LINE + HOST + CHUNKED + b"\r\n5;a\rb\r\nhello\r\n0\r\n\r\n",
    "a long extension": LINE + HOST + CHUNKED + b"\r\n5;" + b"a" * 300 + b"\r\nhello\r\n0\r\n\r\n",
    "an extension without end": LINE + HOST + CHUNKED + b"\r\n5;" + b"a" * 300,
    "many small extensions": LINE + HOST + CHUNKED + b"\r\n" + (b"1;" + b"a" * 200 + b"\r\nx\r\n") * 600,
    "one-byte chunks without end": LINE + HOST + CHUNKED + b"\r\n" + b"1\r\nx\r\n" * 20_000,
    "a trailer without a colon": LINE + HOST + CHUNKED + b"\r\n0\r\nnothing\r\n\r\n",
    "a folded trailer": LINE + HOST + CHUNKED + b"\r\n0\r\nA: b\r\n c\r\n\r\n",
    "long trailers": LINE + HOST + CHUNKED + b"\r\n0\r\n" + b"A: b\r\n" * 2_000 + b"\r\n",
    "another expectation": LINE + HOST + b"Expect: 200-ok\r\nContent-Length: 5\r\n\r\nhello",
}


@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED.keys())
def test_what_two_readers_might_read_differently_ends_the_connection(server: Server, request_: bytes) -> None:
    """One refusal in the envelope, or a 401 before the body; nothing behind it is taken for a request."""
    with raw.connect(server.base_url) as connection:
        raw.send(connection, [request_ + SMUGGLED])
        found = raw.answers(raw.until_closed(connection, 5))
    assert len(found) == 1, [answer.status for answer in found]
    assert found[0].status in (400, 401, 417)
    assert found[0].headers["connection"] == "close"
    error = found[0].json["error"]
    assert error["code"] in ("VALIDATION_001", "AUTH_001")
    if found[0].status != 401:
        assert error["details"]["request"]


@pytest.mark.parametrize(
    "request_",
    [one for name, one in REFUSED.items() if CHUNKED in one],
    ids=[n for n in REFUSED if CHUNKED in REFUSED[n]],
)
def test_a_bad_chunk_changes_nothing_for_a_client_with_a_key(server: Server, request_: bytes) -> None:
    keyed = request_.replace(HOST, HOST + b"x-api-key: %s\r\n" % server.api_key.encode(), 1)
    with raw.connect(server.base_url) as connection:
        raw.send(connection, [keyed + SMUGGLED])
        found = raw.answers(raw.until_closed(connection, 5))
    assert [answer.status for answer in found] == [400]


TAKEN = {
    "HTTP/1.0 without a host": (b"GET /v3/health HTTP/1.0\r\n\r\n", [200]),
    "HTTP/1.0 that keeps alive": (b"GET /v3/health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + SMUGGLED, [200, 200]),
    "an empty line first": (b"\r\n" + SMUGGLED + b"\r\n\r\n" + SMUGGLED, [200, 200]),
    "an absolute target": (b"GET http://example.com/v3/health HTTP/1.1\r\nHost: example.com\r\n\r\n", [200]),
    "an absolute target without a path": (b"GET http://example.com HTTP/1.1\r\nHost: example.com\r\n\r\n", [307]),
    "an empty host": (b"GET /v3/health HTTP/1.1\r\nHost:\r\n\r\n", [200]),
    "a host of IPv6": (b"GET /v3/health HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", [200]),
    "OPTIONS *": (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", [404]),
    "100 headers": (
        b"GET /v3/health HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(99)) + b"\r\n",
        [200],
    ),
    "a head of 60 KiB": (b"GET /v3/health HTTP/1.1\r\nHost: x\r\nX-One: " + b"a" * 61_000 + b"\r\n\r\n", [200]),
    "a tab in a value": (b"GET /v3/health HTTP/1.1\r\nHost: x\r\nX-One:\ta\tb \r\n\r\n", [200]),
    "an empty value": (b"GET /v3/health HTTP/1.1\r\nHost: x\r\nX-One:\r\n\r\n", [200]),
    "a length with zeros": (SMUGGLED[:-2] + b"Content-Length: 0005\r\n\r\nhello" + SMUGGLED, [200, 200]),
    "two connection headers": (
        b"GET /v3/health HTTP/1.1\r\nHost: x\r\nConnection: x\r\nConnection: close\r\n\r\n" + SMUGGLED,
        [200],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "statuses"), TAKEN.values(), ids=TAKEN.keys())
def test_what_the_grammar_allows_is_taken(server: Server, request_: bytes, statuses: list[int]) -> None:
    assert [answer.status for answer in raw.talk(server.base_url, request_, idle_s=1)] == statuses


def test_a_large_body_without_a_key_is_refused_before_it_is_read(server: Server) -> None:
    head = b"POST /v3/contacts HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"
    with raw.connect(server.base_url) as connection:
        raw.send(connection, [head, *[b"x" * 100_000] * 20], pause_s=0)
        found = raw.answers(raw.until_closed(connection, 5))
    assert [answer.status for answer in found] == [401]


def test_a_client_that_half_closes_gets_its_answer(server: Server) -> None:
    with raw.connect(server.base_url) as connection:
        connection.sendall(_me(server.http))
        connection.shutdown(socket.SHUT_WR)
        assert [answer.status for answer in raw.answers(raw.until_closed(connection))] == [200]


@pytest.mark.parametrize("path", ["/v3/health", "/openapi.json", "/docs"])
@pytest.mark.parametrize("end", [b"", b"GET /v3/hea"], ids=["whole", "half a head"])
def test_a_pipeline_that_half_closes_gets_all_its_answers(server: Server, path: str, end: bytes) -> None:
    with raw.connect(server.base_url) as connection:
        connection.sendall(SMUGGLED.replace(b"/v3/health", path.encode()) * 7 + end)
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.2)  # answers that nobody takes yet make the others wait
        assert [answer.status for answer in raw.answers(raw.until_closed(connection))] == [200] * 7


def test_empty_lines_before_a_request_may_come_byte_by_byte(server: Server) -> None:
    packets = [b"\r", b"\n", b"\r", b"\n" + SMUGGLED[:-1], b"\n\r", b"\n", SMUGGLED]
    assert [answer.status for answer in raw.talk(server.base_url, *packets, idle_s=1)] == [200, 200]


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/style.css", "/openapi.json", "/errors", "/errors/AUTH_001",
    "/v3/health", "/health/live", "/v3/contacts", "/v3/me", f"/v3/contacts/{samples.UNKNOWN_ID}", "/v3/messages",
    "/v3/users/invitations/accept", "/invitations/x"])  # fmt: skip
@pytest.mark.parametrize("method", ["PROPFIND", "BREW", "OPTIONS", "TRACE", "CONNECT", "QUERY", "get"])
def test_every_path_says_which_methods_it_allows(server: Server, method: str, path: str) -> None:
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    (answer,) = raw.talk(server.base_url, head)
    assert answer.status == 405
    allowed = answer.headers["allow"].split(", ")
    assert allowed
    assert method not in allowed


def test_the_root_leads_to_the_dashboard(server: Server) -> None:
    answer = server.anonymous().request("GET", "/", checked=False)
    assert (answer.status, answer.headers["location"], answer.body) == (307, "/dashboard", b"")


@pytest.mark.parametrize("content_type", [None, "*/*", "text/plain", "text/plain;charset=UTF-8", "application/json",
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_json_is_read_under_the_types_that_clients_send_unasked(
    http: Client, method: str, content_type: str | None
) -> None:
    made = http.post("/v3/contacts", {"phone_number": samples.phone()}).data["id"]
    path = "/v3/contacts" if method == "POST" else f"/v3/contacts/{made}"
    body = b'{"phone_number":"%s","sandbox":true}' % samples.phone().encode()
    headers = {} if content_type is None else {"content-type": content_type}
    assert http.request(method, path, body=body, headers=headers).status in (200, 201, 204)
    other = http.request(method, path, body=body, headers={"content-type": "application/xml"})
    assert (other.status, other.code) == (415, "VALIDATION_001")
    if content_type is not None and content_type.startswith(("text/", "multi", "application/x-")):
        assert http.request(method, path, body=b"sandbox=true", headers=headers).status == 415


def test_answers_are_kept_by_no_cache_and_taken_for_nothing_else(http: Client, server: Server) -> None:
    for answer in (http.get("/v3/me"), http.get("/v3/nothing"), server.anonymous().get("/v3/me")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
