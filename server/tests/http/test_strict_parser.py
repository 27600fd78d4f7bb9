"""What two JSON readers might understand differently is refused. Source: docs/decisions/0034."""

import contextlib
import socket
from urllib.parse import quote, urlsplit

import pytest

from harness import samples
from harness.client import Client
from harness.server import Server

CONTACTS = "/v3/contacts"
JSON = {"content-type": "application/json"}
MIB = 1024 * 1024


def _deep(levels: int) -> bytes:
    """A body whose own object is the first level."""
    return b'{"phone_number":"%s","x":' % samples.phone().encode() + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


def _with(extra: bytes) -> bytes:
    return b'{"phone_number":"%s",%s}' % (samples.phone().encode(), extra)


REFUSED = {
    "NaN": _with(b'"x":NaN'),
    "Infinity": _with(b'"x":Infinity'),
    "-Infinity": _with(b'"x":-Infinity'),
    "a float beyond the range": _with(b'"x":1e400'),
    "2**63": _with(b'"x":9223372036854775808'),
    "-2**63-1": _with(b'"x":-9223372036854775809'),
    "5,000 digits": _with(b'"x":' + b"9" * 5000),
    "invalid UTF-8": _with(b'"x":"\xff"'),
    "overlong UTF-8": _with(b'"x":"\xc0\xaf"'),
    "a surrogate in UTF-8": _with(b'"x":"\xed\xa0\x80"'),
    "UTF-16 with a mark": '{"phone_number":"+14155550100"}'.encode("utf-16"),
    "UTF-16 without": '{"phone_number":"+14155550100"}'.encode("utf-16-le"),
    "UTF-32": '{"phone_number":"+14155550100"}'.encode("utf-32-le"),
    "a byte order mark": b"\xef\xbb\xbf" + _with(b'"x":1'),
    "a lone high surrogate": _with(rb'"x":"\ud800"'),
    "a lone low surrogate": _with(rb'"x":"a\udfffb"'),
    "a lone surrogate in a name": _with(rb'"\ud800":1'),
    "swapped surrogates": _with(rb'"x":"\udc00\ud800"'),
    "NUL in a string": _with(rb'"x":"a\u0000b"'),
    "NUL in a name": _with(rb'"a\u0000b":1'),
    "NUL deep inside": _with(rb'"x":[{"y":["\u0000"]}]'),
    "a raw NUL": _with(b'"x":"\x00"'),
    "sandbox twice": _with(b'"sandbox":true,"sandbox":false'),
    "a key twice in an inner object": _with(b'"x":{"a":1,"a":1}'),
    "the same key, escaped": _with(rb'"sandbox":true,"\u0073andbox":false'),
    "33 levels": _deep(33),
    "100,000 levels": b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "100,000 open brackets": b"[" * 100_000,
    "a list": b'["+14155550100"]',
    "a string": b'"+14155550100"',
    "a number": b"1",
    "null": b"null",
    "two documents": b"{}{}",
    "a trailing comma": _with(b'"x":1,'),
    "a comment": b'{"phone_number":"+14155550100"/* x */}',
    "single quotes": b"{'phone_number':'+14155550100'}",
    "half a document": b'{"phone_number":"+1415',
    "a control character in a string": _with(b'"x":"a\x01b"'),
    "form encoding": b"phone_number=%2B14155550100",
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_400_and_the_envelope(http: Client, body: bytes) -> None:
    answer = http.request("POST", CONTACTS, body=body, headers=JSON)
    assert (answer.status, answer.code) == (400, "VALIDATION_001")
    assert list(answer.details) == ["body"]


ACCEPTED = {
    "2**63-1": _with(b'"x":9223372036854775807'),
    "-2**63": _with(b'"x":-9223372036854775808'),
    "32 levels": _deep(32),
    "brackets inside strings": _with(b'"x":"' + b"[{" * 40 + b'"'),
    "a surrogate pair": _with(rb'"x":"\ud83d\ude00"'),
    "space around": b" \r\n\t" + _with(b'"x":1') + b"\n ",
    "an escaped name": rb'{"phone_numbe\u0072":"%s"}' % samples.phone().encode(),
    "unknown fields": _with(b'"id":"x","customer_id":1,"created_at":[],"__proto__":{},"":null'),
}


@pytest.mark.parametrize("body", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted_up_to_the_edge(http: Client, body: bytes) -> None:
    start = body.index(b"+1")  # a new number for each run of this test
    fresh = body[:start] + samples.phone().encode() + body[start + 12 :]
    assert http.request("POST", CONTACTS, body=fresh, headers=JSON).status == 201


def test_unknown_fields_are_never_assigned(http: Client) -> None:
    planted = {
        "id": samples.UNKNOWN_ID,
        "customer_id": samples.UNKNOWN_ID,
        "region_code": "XX",
        "is_inherited": True,
        "created_at": "2001-01-01T00:00:00Z",
    }
    made = http.post(CONTACTS, {"phone_number": samples.phone(), **planted})
    assert made.status == 201
    assert {name: made.data.get(name) for name in planted} != planted
    assert made.data["id"] != samples.UNKNOWN_ID
    assert made.data["region_code"] == "US"
    assert made.data["is_inherited"] is False
    assert http.get(f"{CONTACTS}/{samples.UNKNOWN_ID}").status == 404


def test_a_body_of_one_mebibyte_passes_and_one_byte_more_does_not(http: Client) -> None:
    start = b'{"phone_number":"%s","x":"' % samples.phone().encode()
    exact = start + b"y" * (MIB - len(start) - 2) + b'"}'
    assert len(exact) == MIB
    assert http.request("POST", CONTACTS, body=exact, headers=JSON).status == 201
    refused = http.request("POST", CONTACTS, body=exact + b" ", headers=JSON)
    assert (refused.status, refused.code) == (413, "VALIDATION_001")


def test_a_body_that_hides_its_length_is_cut_at_one_mebibyte(http: Client) -> None:
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    head = f"POST {CONTACTS} HTTP/1.1\r\nHost: x\r\nx-api-key: {http.api_key}\r\nTransfer-Encoding: chunked\r\n"
    answer = http.raw(head.encode() + b"Connection: close\r\n\r\n" + chunk * 17 + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"VALIDATION_001" in answer


def test_a_chunked_body_is_as_good_as_a_counted_one(http: Client) -> None:
    body = _with(b'"x":1')
    head = f"POST {CONTACTS} HTTP/1.1\r\nHost: x\r\nx-api-key: {http.api_key}\r\nTransfer-Encoding: chunked\r\n"
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:5], body[5:]))
    answer = http.raw(head.encode() + b"Connection: close\r\n\r\n" + chunks + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 201 ")


WRONG_TYPES = {
    "strings for booleans": ("POST", CONTACTS, {"phone_number": "+14155552671", "sandbox": "true"}, "sandbox"),
    "a number for a boolean": ("POST", CONTACTS, {"phone_number": "+14155552671", "sandbox": 1}, "sandbox"),
    "test_mode as text": ("POST", CONTACTS, {"phone_number": "+14155552671", "test_mode": "yes"}, "test_mode"),
    "a number for a phone": ("POST", CONTACTS, {"phone_number": 14155552671}, "phone_number"),
    "true for an integer": ("POST", "/v3/webhooks", {**samples.webhook(), "retry_count": True}, "retry_count"),
    "text for an integer": ("POST", "/v3/webhooks", {**samples.webhook(), "retry_count": "3"}, "retry_count"),
    "a fraction for an integer": (
        "POST",
        "/v3/webhooks",
        {**samples.webhook(), "timeout_seconds": 5.5},
        "timeout_seconds",
    ),
    "text for a list": ("POST", "/v3/webhooks", {**samples.webhook(), "event_types": "messages"}, "event_types"),
    "a number in a list of text": ("POST", "/v3/messages", {"to": [1], "template": {"name": "x"}}, "to[0]"),
    "a list for an object": ("POST", "/v3/messages", {"to": ["+14155552671"], "template": []}, "template"),
    "a list for a parameter": (
        "POST",
        "/v3/messages",
        {"to": ["+14155552671"], "template": {"name": "x", "parameters": {"a": [1]}}},
        "template.parameters.a",
    ),
}


@pytest.mark.parametrize(("method", "path", "body", "field"), WRONG_TYPES.values(), ids=WRONG_TYPES.keys())
def test_a_wrong_type_is_400_and_names_its_field(
    http: Client, method: str, path: str, body: object, field: str
) -> None:
    answer = http.request(method, path, json=body)
    assert answer.status == 400
    assert field in answer.details


def test_all_faults_are_told_at_once(http: Client) -> None:
    answer = http.post("/v3/webhooks", {"display_name": 1, "retry_count": 9, "timeout_seconds": 1, "event_types": 3})
    assert answer.status == 400
    assert {"display_name", "retry_count", "timeout_seconds", "event_types"} <= set(answer.details)


PHONES = {
    "fullwidth digits": "+１４１５５５５２６７１",
    "arabic digits": "+٤١٥٥٥٥٢٦٧١",
    "a trailing newline": "+14155552671\n",
    "a leading space": " +14155552671",
    "spaces": "+1 415 555 2671",
    "hyphens": "+1-415-555-2671",
    "no plus": "14155552671",
    "a leading zero": "+04155552671",
    "16 digits": "+1234567890123456",
    "only a plus": "+",
    "empty": "",
    "letters": "+1415CALLME",
    "tel:": "tel:+14155552671",
}


@pytest.mark.parametrize("phone", PHONES.values(), ids=PHONES.keys())
def test_a_phone_number_that_is_not_plain_e164_is_refused(http: Client, phone: str) -> None:
    answer = http.post(CONTACTS, {"phone_number": phone})
    assert answer.status == 400
    assert answer.code in ("VALIDATION_001", "VALIDATION_002")
    assert "phone_number" in answer.details
    sent = http.post("/v3/messages", {"to": [phone], "template": {"name": "x"}})
    assert (sent.status, sent.code) == (400, "VALIDATION_002")


def test_one_thousand_recipients_are_the_most(http: Client) -> None:
    body = {
        "to": [f"+1415{number:07}" for number in range(2_000_000, 2_001_001)],
        "template": {"id": samples.UNKNOWN_ID},
    }
    assert http.post("/v3/messages", body).status == 400
    assert http.post("/v3/messages", {**body, "to": body["to"][:1000]}).code == "RESOURCE_002"  # type: ignore[index]


IDS = {
    "urn": "urn:uuid:0190a0b0-c0d0-7000-8000-00000000dead",
    "braces": "{0190a0b0-c0d0-7000-8000-00000000dead}",
    "no hyphens": "0190a0b0c0d070008000-00000000dead",
    "fullwidth": "０190a0b0-c0d0-7000-8000-00000000dead",
    "arabic digit": "0190a0b0-c0d0-7000-8000-00000000dea٤",
    "a newline": "0190a0b0-c0d0-7000-8000-00000000dead\n",
    "a space": "0190a0b0-c0d0-7000-8000-00000000dead ",
    "short": "0190a0b0",
    "NUL": "0190a0b0-c0d0-7000-8000-00000000dea\x00",
    "sql": "' OR 1=1 --",
    "not UTF-8": b"\xff\xfe",
}


@pytest.mark.parametrize("identifier", IDS.values(), ids=IDS.keys())
@pytest.mark.parametrize("path", ["/v3/contacts/", "/v3/messages/", "/v3/templates/", "/v3/webhooks/"])
def test_an_id_in_any_other_spelling_is_refused(http: Client, path: str, identifier: str | bytes) -> None:
    answer = http.get(path + quote(identifier, safe=""))
    assert (answer.status, answer.code) == (400, "VALIDATION_003" if "contacts" in path else "VALIDATION_001")


def test_an_id_may_be_in_capitals(http: Client) -> None:
    made = http.post(CONTACTS, {"phone_number": samples.phone()}).data
    assert http.get(f"{CONTACTS}/{made['id'].upper()}").data == made


@pytest.mark.parametrize(
    "content_type",
    ["application/xml", "text/html", "application/octet-stream", "application/json; charset=utf-16", "x"],
)
def test_another_content_type_is_415(http: Client, content_type: str) -> None:
    answer = http.request("POST", CONTACTS, body=_with(b'"x":1'), headers={"content-type": content_type})
    assert (answer.status, answer.code) == (415, "VALIDATION_001")


def test_a_compressed_body_is_415(http: Client) -> None:
    answer = http.request("POST", CONTACTS, body=b"\x1f\x8b", headers={**JSON, "content-encoding": "gzip"})
    assert answer.status == 415


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": ""},
        {"content-type": "application/json; charset=UTF-8"},
        {"content-type": "Application/JSON"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/vnd.sent+json"},
    ],
    ids=str,
)
def test_json_under_a_usual_label_or_none_is_read(http: Client, headers: dict[str, str]) -> None:
    body = b'{"phone_number":"%s"}' % samples.phone().encode()
    assert http.request("POST", CONTACTS, body=body, headers=headers).status == 201


def test_an_unknown_route_is_404_in_the_envelope(http: Client) -> None:
    for path in (
        "/v3",
        "/v3/",
        "/v3/contacts/",
        "/v3/nothing",
        "/v4/contacts",
        "/V3/contacts",
        "//v3/contacts",
        "/%00",
    ):
        answer = http.get(path)
        assert (answer.status, answer.code) == (404, "RESOURCE_011"), path


def test_an_unknown_route_needs_no_key_to_be_unknown(http: Client) -> None:
    assert http.acting_as(None).get("/v3/nothing").code == "RESOURCE_011"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_a_wrong_method_is_405_with_allow(http: Client, method: str) -> None:
    answer = http.request(method, CONTACTS, checked=method != "BREW")
    if method == "BREW":  # the HTTP parser below us knows no such word
        assert answer.status in (400, 405)
        return
    assert (answer.status, answer.code) == (405, "VALIDATION_001")
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))


def test_head_answers_like_get_without_a_body(http: Client) -> None:
    answer = http.request("HEAD", CONTACTS)
    assert (answer.status, answer.body) == (200, b"")


QUERIES = {
    "page=0": "VALIDATION_005",
    "page=-1": "VALIDATION_005",
    "page=one": "VALIDATION_005",
    "page=1.5": "VALIDATION_005",
    "page=1e3": "VALIDATION_005",
    "page=%D9%A1": "VALIDATION_005",
    "page=99999999999999999999999": "VALIDATION_005",
    "page_size=0": "VALIDATION_001",
    "page_size=101": "VALIDATION_001",
    "page_size=-5": "VALIDATION_001",
    "page_size=ten": "VALIDATION_001",
    "limit=101": "VALIDATION_001",
    "pageSize=0": "VALIDATION_001",
    "search=%FF": "VALIDATION_001",
    "search=%00": "VALIDATION_001",
    "%FF=1": "VALIDATION_001",
}


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("path", [CONTACTS, "/v3/templates", "/v3/webhooks"])
def test_a_query_out_of_range_is_refused(http: Client, path: str, query: str) -> None:
    answer = http.get(f"{path}?{query}")
    assert (answer.status, answer.code) == (400, QUERIES[query])


def test_a_page_far_behind_the_end_is_empty(http: Client) -> None:
    answer = http.get(f"{CONTACTS}?page=1000000&page_size=100")
    assert answer.data["contacts"] == []
    assert answer.data["pagination"]["has_more"] is False


def test_wildcards_in_a_search_are_plain_characters(http: Client) -> None:
    for text in ("%25", "_", "%5C", "%27%3B--", "%25%25"):
        assert http.get(f"{CONTACTS}?search={text}").data["contacts"] == [], text


def test_two_ways_to_tell_the_length_are_never_both_believed(http: Client) -> None:
    smuggled = b"GET /v3/me HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"POST /v3/contacts HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert http.raw(head + smuggled).count(b"HTTP/1.1 ") == 1


def test_a_request_that_stops_half_way_harms_nobody(http: Client) -> None:
    head = f"POST {CONTACTS} HTTP/1.1\r\nHost: x\r\nx-api-key: {http.api_key}\r\nContent-Length: 500\r\n\r\n"
    http.raw(head.encode() + b'{"phone_number":')
    assert http.get("/v3/me").status == 200


def test_a_header_with_bytes_beyond_ascii_is_only_a_wrong_key(http: Client) -> None:
    head = b"GET /v3/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-api-key: \xff\xfe\r\n\r\n"
    answer = http.raw(head)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"AUTH_002" in answer


@pytest.mark.parametrize("name", ["x-api-key", "idempotency-key", "x-profile-id"])
def test_a_header_that_decides_who_acts_may_not_have_two_values(http: Client, name: str) -> None:
    value = http.api_key or ""
    answer = http.post("/v3/contacts", {"phone_number": "+14155550199"}, headers=[(name, value), (name, "other")])
    assert (answer.status, answer.code) == (400, "VALIDATION_001")
    assert name in answer.details


def test_a_request_head_without_end_is_cut_off(server: Server) -> None:
    address = urlsplit(server.base_url)
    answer = b""
    with socket.create_connection((address.hostname, address.port), 10) as connection:
        connection.sendall(b"GET /v3/me HTTP/1.1\r\nhost: x\r\nx-long: ")
        with contextlib.suppress(OSError):  # it hangs up while we still talk
            for _ in range(64):
                connection.sendall(b"a" * 16_384)
        with contextlib.suppress(OSError):
            while chunk := connection.recv(65_536):
                answer += chunk
    assert answer.startswith(b"HTTP/1.1 400") or answer == b""
    assert server.http.get("/v3/me").status == 200
