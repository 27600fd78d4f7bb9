"""The head of a request, by the strict grammar of RFC 9112.

Everything that two HTTP parsers might understand differently (a bare line feed, a folded line, two lengths, a length
with chunks) is refused, because a proxy in front of this server is another parser. `Upgrade` is ignored, as RFC 9110
7.8 allows.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

MAX_HEAD_BYTES = 64 * 1024
MAX_HEADERS = 100
_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_METHOD = re.compile(rb"%b{1,32}" % _TOKEN)
_REQUEST_LINE = re.compile(rb"(%b{1,32}) ([\x21\x22\x24-\x7e\x80-\xff]++) HTTP/1\.([01])(?=\r\n|\Z)" % _TOKEN)
FIELD = rb"%b++:[\t\x20-\x7e\x80-\xff]*+" % _TOKEN
_FIELDS = re.compile(rb"(?:\r\n%b)*+" % FIELD)
_HOST = re.compile(rb"[A-Za-z0-9._~%!$&'()*+,;=:\[\]-]*")
# With a host, and without user information, which RFC 9110 4.2.4 treats as an error.
_ABSOLUTE = re.compile(rb"https?://%b+(?=[/?]|\Z)" % _HOST.pattern.removesuffix(b"*"), re.IGNORECASE)
_LENGTH = re.compile(rb"[0-9]{1,15}")
_ONCE = frozenset((b"host", b"content-length", b"transfer-encoding"))
_LISTS = frozenset((b"connection", b"expect"))


class RefusedError(Exception):
    """The connection cannot continue. Respond with `status` and the reason, and close it."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


@dataclass(slots=True)
class Head:
    """`length` is None for a chunked body, and 0 without a body."""

    method: str
    path: str
    raw_path: bytes
    query_string: bytes
    version: str
    headers: list[tuple[bytes, bytes]]
    length: int | None
    keep_alive: bool
    expects_continue: bool


def check_start(buffer: bytearray, scanned: int) -> None:
    """Check an incomplete head. `scanned` bytes were checked before. Raises RefusedError."""
    if len(buffer) > MAX_HEAD_BYTES:
        raise RefusedError("The request head is larger than 64 KiB")
    if _has_bare_ending(buffer, scanned):
        raise RefusedError("A line of the request head does not end with CR and LF")
    if not scanned and not _METHOD.match(buffer):
        raise _bad_request_line(bytes(buffer[:16]))
    end = buffer.find(b"\r\n")
    if end >= 0 and scanned <= end + 1 and not _REQUEST_LINE.match(buffer):
        raise _bad_request_line(bytes(buffer[:end]))


def _has_bare_ending(buffer: bytearray, scanned: int) -> bool:
    """Whether a CR or LF lacks the other. A CR at the end may still get its LF. Counting costs a tenth of a search."""
    start = scanned - 1 if scanned and buffer[scanned - 1] == 0x0D else scanned
    pairs = buffer.count(b"\r\n", start)
    return buffer.count(b"\n", start) != pairs or buffer.count(b"\r", start) - buffer.endswith(b"\r") != pairs


def parse(raw: bytes) -> Head:
    """`raw` is the head without the empty line that ends it. Raises RefusedError."""
    if len(raw) > MAX_HEAD_BYTES:
        raise RefusedError("The request head is larger than 64 KiB")
    line = _REQUEST_LINE.match(raw)
    if line is None:
        raise _bad_request_line(raw.partition(b"\r\n")[0])
    if raw.count(b"\r\n") > MAX_HEADERS:
        raise RefusedError(f"The request has more than {MAX_HEADERS} headers")
    if not _FIELDS.fullmatch(raw, line.end()):
        raise RefusedError("A header line is malformed: it needs a name, a colon and a value on one line")
    lines = raw[line.end() + 2 :].split(b"\r\n") if line.end() < len(raw) else []
    headers = [(name.lower(), value.strip(b" \t")) for name, _, value in [field.partition(b":") for field in lines]]
    special = dict(headers)
    if len(special) != len(headers):
        special = _merged(headers)
    is_1_1 = line[3] == b"1"
    host = special.get(b"host")
    if host is None and is_1_1:
        raise RefusedError("A request of HTTP/1.1 needs a Host header")
    if host and not _HOST.fullmatch(host):
        raise RefusedError("The Host header is malformed")
    raw_path, query_string = _split_target(line[2], line[1])
    path = raw_path.decode("utf-8", "replace")
    return Head(
        method=line[1].decode(),
        path=unquote(path) if "%" in path else path,
        raw_path=raw_path,
        query_string=query_string,
        version="1.1" if is_1_1 else "1.0",
        headers=headers,
        length=_length(special, is_1_1=is_1_1),
        keep_alive=_keeps_alive(special.get(b"connection"), is_1_1=is_1_1),
        expects_continue=_expects_continue(special.get(b"expect"), is_1_1=is_1_1),
    )


def _merged(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The combined values of a header that may be repeated."""
    merged: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _ONCE and name in merged:
            raise RefusedError(f"The header {name.decode()} is duplicated; send it once")
        if name in merged and name in _LISTS:
            value = merged[name] + b"," + value
        merged[name] = value
    return merged


def _split_target(target: bytes, method: bytes) -> tuple[bytes, bytes]:
    if not target.startswith(b"/"):
        absolute = _ABSOLUTE.match(target)
        if absolute:
            target = target[absolute.end() :]
            if not target.startswith(b"/"):
                target = b"/" + target
        elif not (target == b"*" and method == b"OPTIONS"):
            raise RefusedError("The request target must be a path that begins with /")
    path, _, query_string = target.partition(b"?")
    return path, query_string


def _length(special: dict[bytes, bytes], *, is_1_1: bool) -> int | None:
    length, encoding = special.get(b"content-length"), special.get(b"transfer-encoding")
    if encoding is not None:
        if length is not None:
            raise RefusedError("A request has either Content-Length or Transfer-Encoding, not both")
        if not is_1_1 or encoding.lower() != b"chunked":
            raise RefusedError("The only supported Transfer-Encoding is chunked, in HTTP/1.1")
        return None
    if length is None:
        return 0
    if not _LENGTH.fullmatch(length):
        raise RefusedError("Content-Length must be a whole number")
    return int(length)


def _keeps_alive(connection: bytes | None, *, is_1_1: bool) -> bool:
    if connection is None:
        return is_1_1
    options = {option.strip() for option in connection.lower().split(b",")}
    return b"close" not in options and (is_1_1 or b"keep-alive" in options)


def _expects_continue(expect: bytes | None, *, is_1_1: bool) -> bool:
    if not expect or not is_1_1:
        return False
    if expect.lower() != b"100-continue":
        raise RefusedError("The only supported Expect is 100-continue", status=417)
    return True


def _bad_request_line(line: bytes) -> RefusedError:
    parts = line.split(b" ")
    if len(parts) == 2 and _METHOD.fullmatch(parts[0]):
        return RefusedError("HTTP/0.9 is not supported; use HTTP/1.1")
    if len(parts) == 3 and re.fullmatch(rb"HTTP/[0-9.]{1,9}", parts[2]) and parts[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        return RefusedError("Only HTTP/1.1 and HTTP/1.0 are supported")
    return RefusedError("The request line is malformed; it is METHOD PATH HTTP/1.1")
