"""A timeout in every phase of a call, on real sockets that stop where the test wants it."""

import contextlib
import socket
from collections.abc import Iterator

import httpx
import pytest

import sent_dm
from peer import Peer, answer, head

BRIEF = 0.2
LONG = 30.0


def timeouts(**phases: float) -> httpx.Timeout:
    return httpx.Timeout(LONG, **phases)


@pytest.fixture
def silent() -> Iterator[Peer]:
    with Peer() as peer:
        yield peer.then(peer.silence)


def test_no_answer(make_caller, silent):
    call = make_caller(base_url=silent.base_url, timeout=timeouts(read=BRIEF), max_retries=1)
    with pytest.raises(sent_dm.APITimeoutError, match="timed out") as late:
        call(lambda c: c.me.retrieve())
    assert isinstance(late.value, sent_dm.APIConnectionError)
    assert late.value.__cause__ is not None
    silent.wait_for(2)
    assert len(silent.seen) == 2


@pytest.mark.parametrize("timeout", [BRIEF, timeouts(read=BRIEF)], ids=["seconds", "phases"])
def test_by_call_and_by_with_options(make_caller, silent, timeout):
    call = make_caller(base_url=silent.base_url, max_retries=0)
    with pytest.raises(sent_dm.APITimeoutError):
        call(lambda c: c.me.retrieve(timeout=timeout))
    with pytest.raises(sent_dm.APITimeoutError):
        call(lambda c: c.with_options(timeout=timeout).me.retrieve())


@pytest.mark.parametrize("sent", [b"HTTP/1.1 200 OK\r\nConte", head(200, 500, {}), head(200, 500, {}) + b'{"success"'])
def test_an_answer_that_stops_in_the_middle(make_caller, sent):
    with Peer() as peer:
        peer.then(peer.stall(sent))
        # Long enough for the head to come on a busy machine.
        call = make_caller(base_url=peer.base_url, timeout=timeouts(read=1.0), max_retries=0)
        with pytest.raises(sent_dm.APITimeoutError) as late:
            call(lambda c: c.me.retrieve())
        # Known as soon as the head is there, for whoever asks the server's log.
        assert late.value.request_id == (None if sent.endswith(b"Conte") else "req_peer")


def test_a_stream_that_stops_in_the_middle(make_caller):
    with Peer() as peer:
        peer.then(peer.stall(head(200, 500, {}) + b"begun"))
        call = make_caller(base_url=peer.base_url, timeout=timeouts(read=BRIEF), max_retries=0)
        with pytest.raises(sent_dm.APITimeoutError):
            call.enter(lambda c: c.me.with_streaming_response.retrieve(), lambda r: r.iter_bytes())


def test_a_server_that_does_not_read(make_caller):
    with Peer(read_requests=False) as peer:
        peer.then(peer.silence)
        call = make_caller(base_url=peer.base_url, timeout=timeouts(write=BRIEF), max_retries=0)
        body = {"text": "x" * 20_000_000}  # more than all buffers on the way hold
        with pytest.raises(sent_dm.APITimeoutError):
            call(lambda c: c.post("/v3/long", body=body))


def test_a_long_body_arrives_whole(make_caller):
    with Peer(answer(500, retry_after_ms="1"), answer(201)) as peer:
        call = make_caller(base_url=peer.base_url, timeout=timeouts(write=LONG))
        body = {"text": "é" * 300_000}
        call(lambda c: c.post("/v3/long", body=body))
        assert [len(one.body) for one in peer.seen] == [600_011, 600_011]
        assert {one.headers.get("transfer-encoding") for one in peer.seen} == {None}
        assert {one.headers["content-type"] for one in peer.seen} == {"application/json"}
        assert peer.seen[0].body == peer.seen[1].body


@pytest.fixture
def full_port() -> Iterator[int]:
    """One that lets nobody in: its queue is full, and nobody takes from it."""
    with socket.socket() as listening, contextlib.ExitStack() as waiting:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(3):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


def test_no_connection(make_caller, full_port):
    call = make_caller(
        base_url=f"http://127.0.0.1:{full_port}", timeout=timeouts(connect=BRIEF, pool=BRIEF), max_retries=0
    )
    with pytest.raises(sent_dm.APITimeoutError):
        call(lambda c: c.me.retrieve())


def test_no_free_connection(make_caller, silent):
    one = {"limits": httpx.Limits(max_connections=1)}
    call = make_caller(base_url=silent.base_url, max_retries=0, http=one)
    first, second = call.together(
        lambda c: c.me.retrieve(timeout=timeouts(read=2.0, pool=2.0)),
        lambda c: c.me.retrieve(timeout=timeouts(pool=BRIEF, connect=BRIEF)),
        begun=lambda: len(silent.seen) == 1,
    )
    assert isinstance(first, sent_dm.APITimeoutError)
    assert isinstance(second, sent_dm.APITimeoutError)
    assert len(silent.seen) == 1


def test_after_a_timeout_the_client_goes_on(make_caller):
    with Peer() as peer:
        peer.then(peer.silence, answer())
        call = make_caller(base_url=peer.base_url, max_retries=0, http={"limits": httpx.Limits(max_connections=1)})
        with pytest.raises(sent_dm.APITimeoutError):
            call(lambda c: c.me.retrieve(timeout=timeouts(read=BRIEF)))
        peer.wait_for(1)
        assert call(lambda c: c.me.retrieve()).data.name == "Demo"


@pytest.mark.parametrize(("client", "own"), [(sent_dm.SentDm, httpx.Client), (sent_dm.AsyncSentDm, httpx.AsyncClient)])
def test_the_timeout_of_ones_own_http_client(client, own):
    assert client("key", http_client=own(timeout=7.0)).timeout == httpx.Timeout(7.0)
    assert client("key", http_client=own(timeout=None)).timeout == httpx.Timeout(None)
    assert client("key", http_client=own(timeout=7.0), timeout=9.0).timeout == httpx.Timeout(9.0)
    assert client("key", http_client=own()).timeout == httpx.Timeout(60.0, connect=5.0)


def test_defaults_and_what_is_kept():
    client = sent_dm.SentDm(api_key="key")
    assert client.timeout == httpx.Timeout(60.0, connect=5.0)
    assert sent_dm.SentDm(api_key="key", timeout=20).timeout == httpx.Timeout(20.0)
    granular = httpx.Timeout(60.0, read=5.0, write=10.0, connect=2.0)
    assert sent_dm.SentDm(api_key="key", timeout=granular).timeout == granular
    assert sent_dm.SentDm(api_key="key", timeout=None).timeout == httpx.Timeout(None)
