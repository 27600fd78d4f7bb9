"""TLS: certificates and names are checked, and a handshake is bounded like everything else."""

import itertools
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from egress.calling import post, with_client
from harness import certificates
from harness.hostile import HostileReceiver, NameServer
from sent_server.egress import Egress, EgressResponse, RequestFailed, Result

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NOT_TRUSTED = RequestFailed("The TLS connection failed: the certificate or protocol was not accepted")


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    made, trusted = certificates.make(tmp_path, "127.0.0.1", "localhost", "well.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    return made


def answering(context: ssl.SSLContext, names: list[str | None]) -> Callable[..., None]:
    context.sni_callback = lambda _socket, name, _context: names.append(name)

    def act(receiver: HostileReceiver, connection: socket.socket, _: int) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            while receiver.read_request(secured):
                secured.sendall(OK)

    return act


def test_a_trusted_certificate_is_accepted_and_the_connection_kept(context: ssl.SSLContext) -> None:
    names: list[str | None] = []

    async def act(client: Egress) -> list[Result]:
        url = f"https://well.test:{receiver.port}/"
        return [await client.post(url, b"{}", {}, timeout_seconds=10) for _ in range(3)]

    with HostileReceiver(answering(context, names)) as receiver, NameServer() as resolving:
        assert with_client(act, name_servers=[resolving.address]) == [EgressResponse(200, "ok")] * 3
        assert names == ["well.test"]
        assert receiver.connections == 1


def test_an_address_in_a_certificate_is_checked_as_one(context: ssl.SSLContext) -> None:
    with HostileReceiver(answering(context, [])) as receiver:
        assert post(f"https://127.0.0.1:{receiver.port}/") == EgressResponse(200, "ok")
        assert post(f"https://127.0.0.2:{receiver.port}/") in (
            NOT_TRUSTED,
            RequestFailed("The connection failed: Connection refused"),
        )


def test_another_host_name_is_refused_and_nothing_is_sent(context: ssl.SSLContext) -> None:
    with HostileReceiver(answering(context, [])) as receiver, NameServer() as resolving:
        url = f"https://other.test:{receiver.port}/"
        assert post(url, name_servers=[resolving.address]) == NOT_TRUSTED
        assert receiver.requests == []


def test_an_unknown_authority_is_refused_and_nothing_is_sent(
    context: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    _, trusted = certificates.make(tmp_path / "other", "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with HostileReceiver(answering(context, [])) as receiver:
        assert post(f"https://127.0.0.1:{receiver.port}/") == NOT_TRUSTED
        assert receiver.requests == []


def test_a_handshake_that_never_ends_fails_at_the_deadline() -> None:
    with HostileReceiver(lambda *_: time.sleep(30)) as receiver:
        started_s = time.monotonic()
        result = post(f"https://127.0.0.1:{receiver.port}/", timeout_seconds=0.5)
    assert result == RequestFailed("No answer within 0.5 seconds")
    assert time.monotonic() - started_s < 20


# A record that says it is part of a handshake message of 16 MiB.
HANDSHAKE = b"\x16\x03\x03\x40\x00\x0b\xff\xff\xff" + b"\x00" * 16_381


@pytest.mark.parametrize("junk", [b"HTTP/1.1 200 OK\r\n\r\n", b"\x00" * 4_096, b"\x16\x03\x03\x00\x00", HANDSHAKE])
def test_junk_in_place_of_a_handshake_is_a_failure(junk: bytes) -> None:
    def act(receiver: HostileReceiver, connection: socket.socket, _: int) -> None:
        receiver.pour(connection, itertools.repeat(junk))

    with HostileReceiver(act) as receiver:
        started_s = time.monotonic()
        result = post(f"https://127.0.0.1:{receiver.port}/", timeout_seconds=30)
        assert receiver.sent < 400_000
    assert isinstance(result, RequestFailed)
    assert time.monotonic() - started_s < 25


def test_an_endless_answer_over_tls_ends_after_64_kib(context: ssl.SSLContext) -> None:
    def act(receiver: HostileReceiver, connection: socket.socket, _: int) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            receiver.read_request(secured)
            receiver.pour(secured, itertools.repeat(b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\n" * 8))

    def act_body(receiver: HostileReceiver, connection: socket.socket, _: int) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            receiver.read_request(secured)
            receiver.pour(secured, itertools.chain([b"HTTP/1.1 200 OK\r\n\r\n"], itertools.repeat(b"x" * 4_096)))

    with HostileReceiver(act) as receiver:
        assert isinstance(post(f"https://127.0.0.1:{receiver.port}/", timeout_seconds=30), RequestFailed)
        assert receiver.sent < 400_000
    with HostileReceiver(act_body) as receiver:
        result = post(f"https://127.0.0.1:{receiver.port}/", timeout_seconds=30)
        assert isinstance(result, EgressResponse)
        assert receiver.sent < 400_000
