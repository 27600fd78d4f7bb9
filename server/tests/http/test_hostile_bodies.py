"""Bodies that are made to cost more than they weigh: refused at once, in few bytes, while everybody else is served."""

import json
import select
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness import raw, samples
from harness.client import Client
from harness.server import Server
from sent_server.errors import ApiError
from sent_server.http import echo, parse, shape

JSON = {"content-type": "application/json"}
MIB = 1024 * 1024
OPEN = "/v3/users/invitations/accept"
CARD = "4242424242424242"


def _filled(unit: bytes, size: int = MIB, start: bytes = b'{"x":[', end: bytes = b"]}") -> bytes:
    count = (size - len(start) - len(end)) // (len(unit) + 1)
    return start + b",".join([unit] * count) + end


def _keys(count: int, last: bytes = b"") -> bytes:
    return b"{" + b",".join(b'"k%06d":0' % number for number in range(count)) + last + b"}"


COSTLY = {
    "20,000 keys and one twice": _keys(20_000, b',"zz":0,"zz":0'),
    "80,000 keys": _keys(80_000),
    "1,001 keys": _keys(1_001),
    "1,001 keys deep inside": b'{"x":[{"y":' + _keys(1_001) + b"}]}",
    "empty objects": _filled(b"{}"),
    "empty lists": _filled(b"[]"),
    "objects of one key": _filled(b'{"":""}'),
    "numbers": _filled(b"1"),
    "fractions": _filled(b"1.5"),
    "strings": _filled(b'""'),
    "escaped strings": _filled(b'"\\u0041"'),
    "nested lists": _filled(b"[" * 30 + b"]" * 30),
    "open brackets": b"[" * MIB,
    "open quotes": b'"' * MIB,
    "a string of commas that never ends": b'{"x":"' + b"," * (MIB - 10),
    "strings of escapes that never end": b'{"x":"' + b'\\",' * (MIB // 3 - 10),
    "a fraction of a million digits": b'{"x":1.' + b"9" * (MIB - 10) + b"}",
    "an exponent of a million digits": b'{"x":1e' + b"9" * (MIB - 10) + b"}",
    "an integer of a million digits": b'{"x":' + b"9" * (MIB - 10) + b"}",
    "a long key twice": b'{"%s":1,"%s":1}' % (b"k" * 500_000, b"k" * 500_000),
    "200,000 wrong recipients": b'{"to":' + _filled(b'"x"', MIB - 100, b"[", b"]") + b',"template":{"name":"x"}}',
}


@pytest.mark.parametrize("body", COSTLY.values(), ids=COSTLY.keys())
def test_what_costs_more_than_it_weighs_is_refused_in_few_bytes(http: Client, body: bytes) -> None:
    assert len(body) <= MIB
    answer = http.request("POST", "/v3/messages", body=body, headers=JSON)
    assert (answer.status, answer.code) == (400, "VALIDATION_001")
    assert len(answer.body) < 1_000


@pytest.mark.parametrize("body", COSTLY.values(), ids=COSTLY.keys())
def test_reading_it_takes_milliseconds(body: bytes) -> None:
    # The bound tells a scan from a loop per element (hundreds of milliseconds) and both from a quadratic one (minutes).
    started = time.process_time()
    with pytest.raises((ApiError, parse.NotJsonError)):
        parse.parse_json(body)
    assert time.process_time() - started < 0.25


PASSING = {
    "1,000 keys": _keys(1_000),
    "10,000 elements": b'{"x":[' + b",".join([b"1"] * 10_000) + b"]}",
    "a string of commas": b'{"x":"' + b"," * 500_000 + b'"}',
    "a string of brackets": b'{"x":"' + b"[{" * 250_000 + b'"}',
    "a string of escapes": b'{"x":"' + b"\\n\\u00e9\\\\" * 60_000 + b'"}',
    "a fraction of 300 digits": b'{"x":1.' + b"9" * 300 + b"}",
}


@pytest.mark.parametrize("body", PASSING.values(), ids=PASSING.keys())
def test_what_only_looks_large_is_read(body: bytes) -> None:
    assert parse.parse_object(body) == json.loads(body)


def test_a_request_without_a_key_stalls_nobody(server: Server) -> None:
    """One such request took 20 s, and nothing else was answered meanwhile."""
    body = _keys(8_000, b',"zz":0,"zz":0')
    slowest_s = 0.0
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(server.anonymous().request, "POST", OPEN, body=body, headers=JSON)
        while not sent.done():
            started = time.monotonic()
            assert server.anonymous().get("/v3/health").status == 200
            slowest_s = max(slowest_s, time.monotonic() - started)
    assert sent.result().status == 400
    assert slowest_s < 8  # nobody was answered before the 20 s were over


def test_a_hundred_costly_bodies_at_the_same_moment_stall_nobody(server: Server) -> None:
    """Each takes tens of milliseconds to decode, and all of them were decoded before anything else was looked at."""
    body = b'{"to":[' + b",".join([b'{"a":1,"b":2}'] * 6_600) + b"]}"
    head = (
        f"POST /v3/messages HTTP/1.1\r\nHost: x\r\nx-api-key: {server.api_key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    attackers = [raw.connect(server.base_url, 60) for _ in range(100)]
    for attacker in attackers:
        attacker.sendall(head.encode() + body[:-1])
    time.sleep(0.5)
    for attacker in attackers:
        attacker.sendall(body[-1:])
    started = time.monotonic()
    assert server.anonymous().get("/v3/health").status == 200
    waited_s = time.monotonic() - started
    answered, _, _ = select.select(attackers, [], [], 0)
    for attacker in attackers:
        with attacker:
            assert attacker.recv(12) == b"HTTP/1.1 400"
    assert len(answered) < len(attackers) or waited_s < 1, "it had to wait for all of the others"


ECHOES = {
    "a card twice as a key": b'{"%s":1,"%s":1}' % (CARD.encode(), CARD.encode()),
    "a card with hyphens as a key": b'{"4242-4242-4242-4242":1,"4242-4242-4242-4242":1}',
    "a signing secret as a key": b'{"whsec_%s":1,"whsec_%s":1}' % (b"a1" * 20, b"a1" * 20),
    "an API key as a key": b'{"0190a0b0-c0d0-7000-8000-00000000dead":1,"0190a0b0-c0d0-7000-8000-00000000dead":1}',
    "a card as a parameter": b'{"to":["+14155552671"],"template":{"name":"x","parameters":{"%s":{}}}}' % CARD.encode(),
}


@pytest.mark.parametrize("body", ECHOES.values(), ids=ECHOES.keys())
def test_cards_and_secrets_that_stand_in_the_wrong_place_are_not_echoed(http: Client, body: bytes) -> None:
    answer = http.request("POST", "/v3/messages", body=body, headers=JSON)
    assert answer.status == 400
    for secret in (b"4242", b"a1a1", b"c0d0-7000"):
        assert secret not in answer.body


@pytest.mark.parametrize("segment", [CARD, "4242%204242%204242%204242", "whsec_" + "a1" * 20, "x" * 5_000])
def test_paths_are_not_echoed_either(http: Client, segment: str) -> None:
    answer = http.get(f"/v3/nothing/{segment}")
    assert (answer.status, answer.code) == (404, "RESOURCE_011")
    assert "/v3/nothing/" in answer.error["message"]
    for secret in (b"4242", b"a1a1", b"xxxxx"):
        assert secret not in answer.body


def test_a_key_that_comes_twice_is_named_when_it_is_a_name(http: Client) -> None:
    answer = http.request("POST", "/v3/contacts", body=b'{"sandbox":true,"sandbox":false}', headers=JSON)
    assert "'sandbox'" in answer.details["body"][0]


def test_a_byte_order_mark_is_named(http: Client) -> None:
    for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"):
        answer = http.request("POST", "/v3/contacts", body=mark + b"{}", headers=JSON)
        assert answer.status == 400
        assert "BOM" in answer.details["body"][0]


def test_a_thousand_faults_are_told_in_a_hundred_entries(http: Client) -> None:
    to = [f"not a number {number}" for number in range(1_000)]
    answer = http.post("/v3/messages", {"to": to, "template": {"name": "x"}})
    assert answer.status == 400
    assert len(answer.details) <= 100
    assert len(answer.body) < 65_536


def test_faults_of_long_names_are_told_in_64_kib(http: Client) -> None:
    parameters: dict[str, object] = {f"{number}{'n' * 900}": {} for number in range(1_000)}
    body = {"to": [samples.phone()], "template": {"name": "x", "parameters": parameters}}
    answer = http.post("/v3/messages", body)
    assert answer.status == 400
    assert len(answer.body) < 65_536


@given(st.dictionaries(st.text(max_size=400), st.lists(st.text(max_size=1_000), min_size=1, max_size=12), max_size=120))
@settings(max_examples=30)
@example({"\x01" * 150 + str(number): ["\x01" * 490] for number in range(120)})
def test_details_are_bounded_whatever_they_are(details: dict[str, list[str]]) -> None:
    kept = echo.bounded(details)
    assert kept is not None
    assert len(kept) <= 100
    assert len(json.dumps(kept, ensure_ascii=False).encode()) < 65_536
    small = len(details) <= 100 and all(
        len(name) <= 200 and len(told) <= 10 and all(len(text) <= 500 for text in told)
        for name, told in details.items()
    )
    if small and len(json.dumps(details).encode()) < 10_000 and echo.masked(str(details)) == str(details):
        assert kept == details


def test_only_card_numbers_are_masked() -> None:
    assert echo.masked(f"no {CARD} here") == "no [hidden] here"
    assert echo.masked("4242 4242 4242 4242") == "[hidden]"
    for kept in ("4242424242424241", "0190a0b0-c0d0-7000-8000-00000000dead", "+4915112345678901", "token_expires"):
        assert echo.masked(kept) == kept


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=30,
)


def _depth(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


@given(VALUES, st.integers(0, 60), st.sampled_from(["", "[{,", '\\"', "]}"]))
def test_the_scan_counts_levels_as_a_reader_does(value: object, wrapped: int, noise: str) -> None:
    for _ in range(wrapped):
        value = [value, noise * 40]
    text = json.dumps([value] + [0] * 1_000)  # enough commas that the scan is made
    assert (shape.excess(text.encode(), text) is None) == (_depth(value) + 1 <= shape.MAX_DEPTH)


@given(st.text(alphabet='[]{},:"\\a1 ', max_size=300))
def test_the_scan_takes_any_text(text: str) -> None:
    padded = text + "," * 1_000
    shape.excess(padded.encode(), padded)
