"""Answers that are not what the API answers: each is a documented error, with the request id where there was one."""

import gzip
import json
import zlib

import httpx
import pytest

import sent_dm
from peer import META, Peer, answer, cut, envelope, head, raw

LIST = {
    "contacts": [],
    "pagination": {"page": 1, "page_size": 20, "total_count": 0, "total_pages": 0, "has_more": False},
}


def asked(make_caller, *acts, max_retries=0, timeout=10.0, ask=lambda c: c.me.retrieve()):
    with Peer(*acts) as peer:
        return make_caller(base_url=peer.base_url, max_retries=max_retries, timeout=timeout)(ask)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"<html>Bad gateway</html>",
        b'{"success": true, "data": {"id": "c1"',
        b"{'success': True}",
        b"\xff\xfe\x00",
        b"[" * 200_000,
        b'{"success": true} {"success": true}',
        b"1" * 5_000 + b"x",
    ],
    ids=["empty", "blank", "html", "truncated", "python", "not utf-8", "deep", "two", "digits"],
)
def test_what_is_not_json(make_caller, body):
    with pytest.raises(sent_dm.APIResponseValidationError, match="The answer is not JSON") as invalid:
        asked(make_caller, answer(200, body))
    assert (invalid.value.request_id, invalid.value.status_code) == ("req_peer", 200)
    assert invalid.value.response is not None
    assert invalid.value.response.content == body


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ([], "answer is a list, not an object"),
        (None, "answer is null"),
        ("ok", "answer is a string"),
        (7, "answer is a number"),
        ({}, "answer.data is missing"),
        ({"success": True, "data": None}, "answer.data is missing"),
        ({"success": True, "data": []}, "answer.data is a list, not an object"),
        ({"success": True, "data": "x"}, "answer.data is a string"),
        ({"success": True, "data": {"unheard": 1}}, "answer.data has nothing of what was asked for"),
        ({"success": True, "data": {"contacts": {}}, "meta": META}, "answer.data.contacts is an object, not a list"),
        ({"success": True, "data": {"contacts": [1]}}, r"answer.data.contacts\[0\] is a number"),
        ({"success": True, "data": {"contacts": [[]]}}, r"answer.data.contacts\[0\] is a list"),
        ({"success": True, "data": {**LIST, "pagination": []}}, "answer.data.pagination is a list"),
        ({"success": True, "data": LIST, "meta": "x"}, "answer.meta is a string"),
        ({"success": True, "data": LIST, "error": "x"}, "answer.error is a string"),
    ],
)
def test_what_has_another_form(make_caller, told, where):
    body = json.dumps(told).encode()
    with pytest.raises(sent_dm.APIResponseValidationError, match=where) as invalid:
        asked(make_caller, answer(200, body), ask=lambda c: c.contacts.list())
    assert (invalid.value.request_id, invalid.value.body) == ("req_peer", told)


def test_what_is_new_passes(make_caller):
    data = {**LIST, "contacts": [{"id": 5, "phone_number": None, "new": {"deep": [1]}}], "also": 1}
    page = asked(make_caller, answer(200, envelope(data, extra=True)), ask=lambda c: c.contacts.list())
    assert (page.data.contacts[0].id, page.data.contacts[0].phone_number, page.extra) == (5, None, True)
    assert page.data.contacts[0].new == {"deep": [1]}


def test_a_has_more_that_lies_ends(make_caller):
    """An empty page is the last one, whatever it says."""
    first = {**LIST, "contacts": [{"id": "1"}], "pagination": {**LIST["pagination"], "has_more": True}}
    empty = {**LIST, "pagination": {**LIST["pagination"], "page": 2, "has_more": True}}
    with Peer(answer(200, envelope(first)), answer(200, envelope(empty))) as peer:
        call = make_caller(base_url=peer.base_url)
        assert [one.id for one in call.items(lambda c: c.contacts.list(page_size=1))] == ["1"]
        assert [one.path for one in peer.seen] == ["/v3/contacts?page_size=1", "/v3/contacts?page=2&page_size=1"]


def test_an_empty_page_with_a_cursor_goes_on(make_caller):
    """A search may read its share of rows without a find."""

    def page(after, *ids):
        position = {**LIST["pagination"], "has_more": True, "cursors": {"after": after, "before": None}}
        return answer(200, envelope({**LIST, "contacts": [{"id": one} for one in ids], "pagination": position}))

    last = answer(200, envelope({**LIST, "contacts": [{"id": "2"}]}))
    with Peer(page("a", "1"), page("b"), last) as peer:
        call = make_caller(base_url=peer.base_url)
        assert [one.id for one in call.items(lambda c: c.contacts.list())] == ["1", "2"]
        assert [one.path.partition("?")[2] for one in peer.seen] == ["", "after=a", "after=b"]


def test_a_cursor_that_leads_to_itself_ends(make_caller):
    position = {**LIST["pagination"], "has_more": True, "cursors": {"after": "a", "before": None}}
    same = answer(200, envelope({**LIST, "contacts": [{"id": "1"}], "pagination": position}))
    with Peer(same, same) as peer:
        call = make_caller(base_url=peer.base_url)
        assert [one.id for one in call.items(lambda c: c.contacts.list())] == ["1", "1"]


@pytest.mark.parametrize("status", [204, 205])
def test_no_content(make_caller, status):
    assert asked(make_caller, answer(status, b""), ask=lambda c: c.contacts.delete("x")) is None


@pytest.mark.parametrize(
    "act",
    [
        cut(100, b'{"success":'),
        cut(100, b""),
        raw(head(200, None, {"Transfer-Encoding": "chunked"}) + b"ff\r\nabc"),
        raw(head(200, None, {"Transfer-Encoding": "chunked"}) + b"zz\r\nabc"),
        raw(head(200, None, {"Transfer-Encoding": "chunked"}) + b"3\r\nabc\r\n"),
        raw(b""),
        raw(b"HTTP/1.1 2"),
        raw(b"HTP/1.1 200 OK\r\n\r\n"),
        raw(b"HTTP/1.1 twohundred OK\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc"),
        raw(b"HTTP/1.1 200 OK\r\nNo colon here\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 2_000_000 + b"\r\n\r\n"),
        raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64),
        raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
        raw(b"\r\n" * 3),
    ],
)
def test_what_is_not_whole_or_not_http(make_caller, act):
    with pytest.raises(sent_dm.APIConnectionError) as failed:
        asked(make_caller, act)
    assert failed.value.__cause__ is not None
    assert not isinstance(failed.value, sent_dm.APITimeoutError)


@pytest.mark.parametrize(
    "at", [cut(100, b"begun"), raw(head(200, None, {"Transfer-Encoding": "chunked"}) + b"ff\r\nbeg")]
)
def test_a_stream_that_breaks_off(make_caller, at):
    with Peer(at) as peer:
        call = make_caller(base_url=peer.base_url, max_retries=0)
        with pytest.raises(sent_dm.APIConnectionError) as failed:
            call.enter(lambda c: c.me.with_streaming_response.retrieve(), lambda r: r.iter_bytes())
        assert failed.value.request_id == "req_peer"


def test_what_breaks_off_in_the_head_keeps_the_id(make_caller):
    with pytest.raises(sent_dm.APIConnectionError) as failed:
        asked(make_caller, cut(100, b"begun"))
    assert failed.value.request_id == "req_peer"


@pytest.mark.parametrize(("name", "squeeze"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_compressed_answers(make_caller, name, squeeze):
    act = answer(200, squeeze(envelope()), content_encoding=name)
    raw_answer = asked(make_caller, act, ask=lambda c: c.me.with_raw_response.retrieve())
    assert raw_answer.body.data.name == "Demo"
    assert json.loads(raw_answer.content) == raw_answer.http_response.json() == raw_answer.json()
    refusal = answer(
        404, squeeze(json.dumps({"error": {"code": "X_1", "message": "No"}}).encode()), content_encoding=name
    )
    with pytest.raises(sent_dm.NotFoundError, match="No") as refused:
        asked(make_caller, refusal)
    assert refused.value.response.json()["error"]["code"] == "X_1"


def test_a_compressed_stream(make_caller):
    with Peer(answer(200, gzip.compress(envelope()), content_encoding="gzip")) as peer:
        call = make_caller(base_url=peer.base_url)
        parts = call.enter(lambda c: c.me.with_streaming_response.retrieve(), lambda r: r.iter_bytes(10))
        assert b"".join(parts) == envelope()


def test_a_broken_compression_is_not_tried_again(make_caller):
    with Peer(answer(200, b"this is no gzip at all", content_encoding="gzip"), answer()) as peer:
        call = make_caller(base_url=peer.base_url)
        with pytest.raises(sent_dm.APIResponseValidationError, match="cannot be read") as invalid:
            call(lambda c: c.me.retrieve())
        assert invalid.value.request_id == "req_peer"
        assert len(peer.seen) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("willing", [False, True], ids=["", "its http client would follow"])
def test_redirects_are_not_followed(make_caller, status, willing):
    """They would take the key to somebody else."""
    with Peer(answer()) as elsewhere, Peer(answer(status, b"", location=elsewhere.base_url)) as peer:
        call = make_caller(base_url=peer.base_url)
        if willing and call.kind != "aiohttp":
            call = make_caller(base_url=peer.base_url, http={"follow_redirects": True})
        with pytest.raises(sent_dm.APIStatusError, match=f"Redirected to {elsewhere.base_url}") as refused:
            call(lambda c: c.me.retrieve())
        assert refused.value.status_code == status
        assert elsewhere.seen == []
        assert len(peer.seen) == 1


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        (b"", "500 - Internal Server Error", None),
        (b"<html>Oops</html>", "500 - <html>Oops</html>", None),
        (b'{"error": "text"}', "500 - Internal Server Error", None),
        (b'{"error": {"code": 5, "message": []}}', "500 - Internal Server Error", None),
        (b'{"error": {"code": "X", "message": "Said", "details": {"to": "bad", "from": ["a", 1]}}}', "500 - Said", "X"),
        (b"[1]", "500 - Internal Server Error", None),
        (b"[" * 200_000, "500 - " + "[" * 200, None),
        (b"\xff" * 10, "500 - ", None),
    ],
)
def test_refusals_of_any_form(make_caller, body, message, code):
    with pytest.raises(sent_dm.InternalServerError) as refused:
        asked(make_caller, answer(500, body))
    assert str(refused.value).startswith(message)
    assert refused.value.code == code
    assert refused.value.request_id == "req_peer"
    assert refused.value.response.content == body


def test_the_whole_answer_by_cast_to(make_caller):
    def get(act, cast_to):
        return asked(make_caller, act, ask=lambda c: c.get("/v3/me", cast_to=cast_to))

    assert get(answer(200, b"plain"), str) == "plain"
    assert get(answer(200, b"\xff"), bytes) == b"\xff"
    assert get(answer(200, b"{}"), object) == {}
    assert get(answer(200, b"anything"), None) is None
    whole = get(answer(200, b"whole", x_more="1"), httpx.Response)
    assert (whole.status_code, whole.content, whole.headers["x-more"]) == (200, b"whole", "1")
