"""The guarded client against a receiver on this machine."""

import socket

import pytest

from egress.calling import post, with_client
from harness.receiver import Behaviour, Receiver
from sent_server import egress
from sent_server.egress import Answer, Egress, Failed, Refused


def test_the_bytes_and_headers_arrive_and_the_answer_comes_back(receiver: Receiver) -> None:
    receiver.behaviour = Behaviour(201, body=b"thanks")
    assert post(receiver.url()) == Answer(201, "thanks")
    [got] = receiver.deliveries
    assert got.body == b"{}"
    assert got.headers["x-test"] == "1"
    assert "cookie" not in got.headers


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.8.8.8"])
def test_loopback_is_refused_unless_the_operator_opened_it(receiver: Receiver, host: str) -> None:
    result = post(f"http://{host}:{receiver.port}/", allow_loopback=False)
    assert isinstance(result, Refused)
    assert receiver.deliveries == []


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "10.0.0.1", "[::ffff:127.0.0.1]", "[fe80::1]", "0.0.0.0", "[::]", "168.63.129.16"]
)
def test_a_private_literal_is_refused_even_when_loopback_is_open(receiver: Receiver, host: str) -> None:
    assert isinstance(post(f"http://{host}:{receiver.port}/"), Refused)
    assert receiver.deliveries == []


def test_the_servers_own_port_stays_closed(receiver: Receiver) -> None:
    for host in ("127.0.0.1", "localhost"):
        assert isinstance(post(f"http://{host}:{receiver.port}/", forbid=receiver.port), Refused)
    assert receiver.deliveries == []


def test_a_redirect_is_an_answer_and_not_followed(receiver: Receiver) -> None:
    receiver.behaviour = Behaviour(302, headers=(("Location", receiver.url("/elsewhere")),))
    result = post(receiver.url())
    assert isinstance(result, Answer)
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
    assert post(receiver.url(), timeout_seconds=0.3) == Failed("No answer within 0.3 seconds")


def test_nobody_listening_is_a_failure_without_our_addresses() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        result = post(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert isinstance(result, Failed)
    assert "127.0.0.1" not in result.reason


def test_an_unknown_name_is_a_failure() -> None:
    assert post("http://nobody.invalid/") == Failed("The host name cannot be resolved")


def test_at_most_one_kilobyte_of_the_answer_is_kept(receiver: Receiver) -> None:
    receiver.behaviour = Behaviour(200, body=b"\xff\x00" * 2_000)
    result = post(receiver.url())
    assert isinstance(result, Answer)
    assert 0 < len(result.text.encode()) <= 1024
    assert "\x00" not in result.text


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("99999", 3_600), ("-1", None), ("soon", None), ("", None)])
def test_retry_after_is_read_in_seconds(receiver: Receiver, header: str, seconds: int | None) -> None:
    receiver.behaviour = Behaviour(429, headers=(("Retry-After", header),))
    result = post(receiver.url())
    assert isinstance(result, Answer)
    assert result.retry_after_s == seconds


@pytest.mark.parametrize(("url", "good"), [
    ("https://example.com/hook", True), ("http://example.com", True), ("http://127.0.0.1:9/x?y=1", True),
    ("http://[::1]:80/", True), ("https://user:pw@example.com/", True), ("https://bücher.example/ü", True),
    ("ftp://example.com", False), ("example.com/hook", False), ("http://", False), ("http:///x", False), ("", False),
    ("http:example.com", False), ("https://exa mple.com", False), ("http://127.1/", False), ("http://213070643", False),
    ("http://0x7f.1/", False), ("http://1.2.3.4.5/", False), ("http://example.com:0/", False),
    ("http://example.com:99999/", False), ("http://example.com\\@evil.test/", False), ("javascript:alert(1)", False),
    ("http://example.com/\n", False), ("https://" + "a" * 2_050, False),
])  # fmt: skip
def test_only_absolute_http_urls_may_be_posted_to(url: str, good: bool) -> None:
    assert egress.is_postable(url) is good
