"""What is tried again, how often, after how long, and with which key."""

import email.utils

import httpx
import pytest

import sent_dm
from peer import Peer, answer, cut, hang_up, reset, soon
from sent_dm.core import retry
from sent_dm.core.reply import Failure, Reply, Why
from sent_dm.core.request import Request

OK = answer(201)
SEND = {"to": ["+14155551234"], "template": {"name": "welcome"}}
ASKED = httpx.Request("GET", "http://x")


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 599])
def test_documented_statuses_are_tried_again_with_the_same_request(make_caller, status):
    with Peer(soon(status), soon(status), OK) as peer:
        call = make_caller(base_url=peer.base_url)
        raw = call(lambda c: c.contacts.with_raw_response.create(phone_number="+14155551234"))
        assert (raw.status_code, raw.retries_taken) == (201, 2)
        assert [one.headers.get("x-sent-retry-count") for one in peer.seen] == [None, "1", "2"]
        assert len({one.headers["idempotency-key"] for one in peer.seen}) == 1
        assert len({(one.method, one.path, one.body) for one in peer.seen}) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, sent_dm.BadRequestError),
        (401, sent_dm.AuthenticationError),
        (402, sent_dm.APIStatusError),
        (403, sent_dm.PermissionDeniedError),
        (404, sent_dm.NotFoundError),
        (410, sent_dm.APIStatusError),
        (422, sent_dm.UnprocessableEntityError),
    ],
)
def test_other_refusals_are_final(make_caller, status, kind):
    with Peer(answer(status), OK) as peer:
        call = make_caller(base_url=peer.base_url)
        with pytest.raises(sent_dm.APIStatusError, match=f"{status} - Something went wrong") as refused:
            call(lambda c: c.me.retrieve())
        assert type(refused.value) is kind
        assert (refused.value.status_code, refused.value.code) == (status, "INTERNAL_001")
        assert refused.value.request_id == "req_peer"
        assert len(peer.seen) == 1


@pytest.mark.parametrize(
    ("first", "requests"),
    [(answer(500, x_should_retry="false"), 1), (answer(400, x_should_retry="true", retry_after_ms="1"), 2)],
)
def test_the_server_has_the_last_word(make_caller, first, requests):
    with Peer(first, answer(400)) as peer:
        call = make_caller(base_url=peer.base_url)
        with pytest.raises(sent_dm.APIStatusError):
            call(lambda c: c.me.retrieve())
        assert len(peer.seen) == requests


@pytest.mark.parametrize("lost", [hang_up, reset, cut(100, b'{"succ')], ids=["closed", "reset", "cut"])
def test_a_lost_answer_never_sends_twice(make_caller, lost):
    """The first request may have acted; the second one carries its key."""
    with Peer(lost, OK) as peer:
        call = make_caller(base_url=peer.base_url)
        assert call(lambda c: c.messages.with_raw_response.send(**SEND)).retries_taken == 1
        first, second = peer.seen
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
        assert first.body == second.body


def test_no_key_serves_two_calls_and_reads_have_none(make_caller):
    with Peer(answer()) as peer:
        call = make_caller(base_url=peer.base_url)
        for _ in range(3):
            call(lambda c: c.contacts.with_raw_response.create(phone_number="+14155551234"))
            call(lambda c: c.contacts.with_raw_response.delete("x"))
        call(lambda c: c.me.retrieve())
        keys = [one.headers.get("idempotency-key") for one in peer.seen]
        assert keys.pop() is None
        assert len(set(keys)) == 6
        call(lambda c: c.contacts.with_raw_response.create(phone_number="+14155551234", idempotency_key="mine-1"))
        assert peer.seen[-1].headers["idempotency-key"] == "mine-1"


@pytest.mark.parametrize(
    ("client", "per_call", "requests"), [(0, None, 1), (1, None, 2), (2, 0, 1), (0, 3, 4), (5, None, 6)]
)
def test_how_often(make_caller, client, per_call, requests):
    with Peer(soon(503)) as peer:
        call = make_caller(base_url=peer.base_url, max_retries=client)
        with pytest.raises(sent_dm.InternalServerError) as refused:
            call(lambda c: c.me.retrieve(**({} if per_call is None else {"max_retries": per_call})))
        assert len(peer.seen) == requests
        assert refused.value.status_code == 503


def test_how_often_by_with_options(make_caller):
    with Peer(soon(429)) as peer:
        call = make_caller(base_url=peer.base_url)
        with pytest.raises(sent_dm.RateLimitError):
            call(lambda c: c.with_options(max_retries=0).me.retrieve())
        assert len(peer.seen) == 1
        with pytest.raises(sent_dm.RateLimitError):
            call(lambda c: c.me.retrieve())
        assert len(peer.seen) == 4


@pytest.mark.parametrize("header", ["0", "0.01", email.utils.formatdate(0, usegmt=True)])
def test_retry_after_is_obeyed(make_caller, header):
    with Peer(answer(429, retry_after=header), answer()) as peer:
        call = make_caller(base_url=peer.base_url)
        assert call(lambda c: c.with_raw_response.me.retrieve()).retries_taken == 1


def test_who_asks_for_too_long_a_wait_is_told_about_it(make_caller):
    with Peer(answer(429, retry_after="86400"), answer()) as peer:
        call = make_caller(base_url=peer.base_url)
        with pytest.raises(sent_dm.RateLimitError) as refused:
            call(lambda c: c.me.retrieve())
        assert refused.value.retry_after == 86_400
        assert len(peer.seen) == 1


def test_nobody_listens(make_caller):
    peer = Peer(answer())
    peer.close()
    call = make_caller(base_url=peer.base_url, max_retries=1)
    with pytest.raises(sent_dm.APIConnectionError, match="Connection error: ") as failed:
        call(lambda c: c.me.retrieve())
    assert failed.value.__cause__ is not None
    assert (failed.value.status_code, failed.value.response) == (None, None)


def reply(status: int, **headers: str) -> Reply:
    named = httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()})
    response = httpx.Response(status, headers=named)
    return Reply(status, named, b"", REQUEST, response)


REQUEST = Request("GET", "http://x", route="/", headers={}, content=None, timeout=httpx.Timeout(1))


def wait(got: Reply | Failure, *, retries: int = 0, chance: float = 0.0, now_s: float = 0.0) -> float | None:
    return retry.after_ms(got, retries=retries, max_retries=99, chance=chance, now_s=now_s)


def test_the_backoff_doubles_up_to_its_cap():
    assert [wait(reply(500), retries=n) for n in range(7)] == [500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]
    assert wait(reply(500), retries=98) == 8_000
    assert [wait(reply(500), chance=c) for c in (0.0, 0.5, 1.0)] == [500, 437.5, 375]
    assert wait(Failure(Why.CONNECTION, OSError(), REQUEST)) == wait(Failure(Why.TIMEOUT, OSError(), REQUEST)) == 500
    assert wait(Failure(Why.UNREADABLE, OSError(), REQUEST)) is None


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({"retry_after": "3"}, 3_000),
        ({"retry_after": " 1.5 "}, 1_500),
        ({"retry_after": email.utils.formatdate(1_007, usegmt=True)}, 7_000),
        ({"retry_after": email.utils.formatdate(900, usegmt=True)}, 0),
        ({"retry_after": "120"}, 120_000),
        ({"retry_after": "121"}, None),
        ({"retry_after_ms": "250", "retry_after": "9"}, 250),
        ({"retry_after_ms": "soon", "retry_after": "9"}, 9_000),
        ({"retry_after": "soon"}, 500),
        ({"retry_after": "-3"}, 500),
        ({"retry_after": "nan"}, 500),
        ({"retry_after": "1e3"}, 500),
        ({"retry_after": "9" * 400}, 500),
        ({"retry_after": "Fri, 31 Dec 99999 23:59:59 GMT"}, 500),
        ({"retry_after": ""}, 500),
    ],
)
def test_what_the_server_asks_for(headers, wanted):
    assert wait(reply(429, **headers), now_s=1_000) == wanted
