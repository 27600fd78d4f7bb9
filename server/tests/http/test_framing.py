"""Heads and bodies as rules: however the bytes are cut, the same request comes out, or the same refusal."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sent_server.http.server import body, head
from sent_server.http.server.head import RefusedError

TOKENS = st.text(alphabet="abcXYZ019-_.!", min_size=1, max_size=12)
VALUES = st.text(alphabet="abc :;,\t=\"'/ü", max_size=30).map(lambda text: text.encode("latin-1"))


def _read(raw: bytes, cuts: list[int]) -> tuple[bytes, bytes] | str:
    """Content and what follows it, of a chunked body that comes in these pieces."""
    chunked, buffer, content, at = body.Chunked(), bytearray(), b"", 0
    try:
        for cut in [*sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]:
            buffer += raw[at:cut]
            at = cut
            if not chunked.done:
                content += chunked.take(buffer)
    except RefusedError:
        return "refused"
    return (content, bytes(buffer)) if chunked.done else "not complete"


CUTS = st.lists(st.integers(0, 10_000), max_size=30)


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=8), CUTS, st.binary(max_size=20))
def test_a_chunked_body_is_the_same_however_it_is_cut(chunks: list[bytes], cuts: list[int], rest: bytes) -> None:
    raw = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    assert _read(raw + rest, cuts) == (b"".join(chunks), rest)


@given(
    st.lists(st.sampled_from([b"5\r\nhello\r\n", b"0\r\n", b"\r\n", b"\n", b"\r", b"1", b";", b"a: b\r\n", b"x"])), CUTS
)
@example([b"5\r\nhello\r\n", b"0\r\n", b"\r\n"], [])
def test_cuts_never_decide_what_is_refused(parts: list[bytes], cuts: list[int]) -> None:
    raw = b"".join(parts)
    whole, cut = _read(raw, []), _read(raw, cuts)
    assert cut == whole or "refused" not in (whole, cut)


def test_many_chunks_are_read_a_piece_at_a_time() -> None:
    raw = b"1\r\nx\r\n" * 10_000 + b"0\r\n\r\nGET"
    chunked, buffer = body.Chunked(), bytearray(raw)
    pieces = [chunked.take(buffer)]
    while chunked.has_more:
        pieces.append(chunked.take(buffer))
    assert max(map(len, pieces)) <= body.LINES_AT_ONCE
    assert (b"".join(pieces), chunked.done, bytes(buffer)) == (b"x" * 10_000, True, b"GET")


@given(st.integers(0, 100), st.binary(max_size=120), CUTS)
def test_a_counted_body_takes_what_is_its_own(length: int, raw: bytes, cuts: list[int]) -> None:
    counted, buffer, content, at = body.Counted(length), bytearray(), b"", 0
    for cut in [*sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]:
        buffer += raw[at:cut]
        at = cut
        content += counted.take(buffer) if not counted.done else b""
    assert (content, bytes(buffer)) == (raw[:length], raw[length:])
    assert counted.done == (len(raw) >= length)


@given(TOKENS, st.lists(st.tuples(TOKENS, VALUES), max_size=20))
def test_every_good_head_is_read_as_it_is_written(method: str, fields: list[tuple[str, bytes]]) -> None:
    known = {"host", "content-length", "transfer-encoding", "connection", "expect"}
    fields = [(name, value) for name, value in fields if name.lower() not in known]
    lines = b"".join(b"\r\n%s: %s" % (name.encode(), value) for name, value in fields)
    parsed = head.parse(b"%s /a%%20b?c=d HTTP/1.1\r\nHost: x%s" % (method.encode(), lines))
    assert (parsed.method, parsed.path, parsed.raw_path, parsed.query_string) == (method, "/a b", b"/a%20b", b"c=d")
    assert parsed.headers == [
        (b"host", b"x"),
        *((name.lower().encode(), value.strip(b" \t")) for name, value in fields),
    ]
    assert (parsed.length, parsed.keep_alive) == (0, True)


@given(st.binary(max_size=200))
@example(b"GET / HTTP/1.1\r\nHost: x\r\n\n")
@example(b"GET / HTTP/1.1\r\nHost: x\r\n Folded: y")
def test_whatever_else_comes_is_a_request_or_a_refusal(raw: bytes) -> None:
    try:
        parsed = head.parse(raw)
    except RefusedError:
        return
    assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n") == len(parsed.headers)


@given(st.binary(max_size=120), st.integers(0, 120))
def test_an_early_refusal_is_never_of_a_good_head(tail: bytes, cut: int) -> None:
    raw = b"GET / HTTP/1.1\r\nHost: x\r\nX-One: " + bytes(b for b in tail if 0x20 <= b < 0x7F) + b"\r\n\r\n"
    buffer, scanned = bytearray(), 0
    for at in (min(cut, len(raw) - 1), len(raw) - 1):
        buffer[:] = raw[:at]
        if buffer:
            head.check_start(buffer, scanned)
        scanned = len(buffer)


@pytest.mark.parametrize(
    ("value", "version", "keeps"),
    [
        (None, "1.1", True),
        (None, "1.0", False),
        (b"close", "1.1", False),
        (b"Close", "1.1", False),
        (b"keep-alive, close", "1.1", False),
        (b"closed", "1.1", True),
        (b"Keep-Alive", "1.0", True),
        (b"upgrade, HTTP2-Settings", "1.1", True),
        (b"", "1.1", True),
    ],
)
def test_connection_options(value: bytes | None, version: str, keeps: bool) -> None:
    line = b"" if value is None else b"\r\nConnection: " + value
    assert head.parse(b"GET / HTTP/%s\r\nHost: x%s" % (version.encode(), line)).keep_alive is keeps
