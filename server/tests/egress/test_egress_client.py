"""The guarded client against a receiver on this machine."""

import socket

import pytest

from egress.calling import post, with_client
from harness.receiver import Behaviour, Receiver
from sent_server.egress import Egress, EgressResponse, RequestFailed, RequestRefused


def test_the_bytes_and_headers_arrive_and_the_answer_comes_back(receiver: Receiver) -> None:
    receiver.behaviour = Behaviour(201, body=b"thanks")
    assert post(receiver.url()) == EgressResponse(201, "thanks")
    [got] = receiver.deliveries
    assert got.body == b"{}"
    assert got.headers["x-test"] == "1"
    assert "cookie" not in got.headers


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.8.8.8"])
def test_loopback_is_refused_unless_the_operator_opened_it(receiver: Receiver, host: str) -> None:
    result = post(f"http://{host}:{receiver.port}/", allow_loopback=False)
    assert isinstance(result, RequestRefused)
    assert receiver.deliveries == []


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "10.0.0.1", "[::ffff:127.0.0.1]", "[fe80::1]", "0.0.0.0", "[::]", "168.63.129.16"]
)
def test_a_private_literal_is_refused_even_when_loopback_is_open(receiver: Receiver, host: str) -> None:
    assert isinstance(post(f"http://{host}:{receiver.port}/"), RequestRefused)
    assert receiver.deliveries == []


def test_the_servers_own_port_stays_closed(receiver: Receiver) -> None:
    for host in ("127.0.0.1", "localhost"):
        assert isinstance(post(f"http://{host}:{receiver.port}/", forbid=receiver.port), RequestRefused)
    assert receiver.deliveries == []


def test_a_redirect_is_an_answer_and_not_followed(receiver: Receiver) -> None:
    receiver.behaviour = Behaviour(302, headers=(("Location", receiver.url("/elsewhere")),))
    result = post(receiver.url())
    assert isinstance(result, EgressResponse)
    assert (result.status, result.ok) == (302, False)
    assert len(receiver.deliveries) == 1


def test_cookies_are_not_kept_between_calls(receiver: Receiver) -> None:
    receiver.behaviour = Behaviour(200, headers=(("Set-Cookie", "a=1"),))

    async def act(client: Egress) -> None:
        for _ in range(2):
            await client.post(receiver.url(), b"{}", {}, timeout_seconds=5)

    with_client(act)
    assert "cookie" not in receiver.deliveries[1].headers


def test_no_answer_in_time_is_a_failure(receiver: Receiver) -> None:
    receiver.behaviour = Behaviour(after_s=2)
    assert post(receiver.url(), timeout_seconds=0.3) == RequestFailed("No answer within 0.3 seconds")


def test_nobody_listening_is_a_failure_without_our_addresses() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        result = post(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert isinstance(result, RequestFailed)
    assert "127.0.0.1" not in result.reason


def test_an_unknown_name_is_a_failure() -> None:
    assert post("http://nobody.invalid/") == RequestFailed("The host name cannot be resolved")


def test_at_most_one_kilobyte_of_the_answer_is_kept(receiver: Receiver) -> None:
    receiver.behaviour = Behaviour(200, body=b"\xff\x00" * 2_000)
    result = post(receiver.url())
    assert isinstance(result, EgressResponse)
    assert 0 < len(result.text.encode()) <= 1024
    assert "\x00" not in result.text


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("99999", 3_600), ("-1", None), ("soon", None), ("", None)])
def test_retry_after_is_read_in_seconds(receiver: Receiver, header: str, seconds: int | None) -> None:
    receiver.behaviour = Behaviour(429, headers=(("Retry-After", header),))
    result = post(receiver.url())
    assert isinstance(result, EgressResponse)
    assert result.retry_after_s == seconds


def test_the_bytes_of_the_url_are_asked_for(receiver: Receiver) -> None:
    path = "/hook?sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=a%2Bb%2fc%3D"
    assert post(receiver.url(path)) == EgressResponse(200, "ok")
    assert receiver.deliveries[0].path == path


def test_user_and_password_are_sent_as_basic_authorization(receiver: Receiver) -> None:
    assert post(f"http://me:s%3Acret@127.0.0.1:{receiver.port}/") == EgressResponse(200, "ok")
    headers = receiver.deliveries[0].headers
    assert headers["authorization"] == "Basic bWU6czpjcmV0"
    assert headers["host"] == f"127.0.0.1:{receiver.port}"


def test_a_header_with_a_line_break_is_refused(receiver: Receiver) -> None:
    async def act(client: Egress) -> None:
        for value in ("a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1"):
            with pytest.raises(ValueError, match="line break"):
                await client.post(receiver.url(), b"{}", {"X-Test": value}, timeout_seconds=5)

    with_client(act)
    assert receiver.deliveries == []
