"""Takes the body of a request from the receive buffer."""

import re

from sent_server.http.server.head import FIELD, RefusedError

# A size, an ignored extension, and their delimiters.
MAX_CHUNK_LINE = 256
MAX_TRAILER_BYTES = 8 * 1024
# The overhead of a chunked body is limited, against bodies of one-byte chunks or long extensions.
MAX_FRAMING_BYTES = 64 * 1024
# Chunks may have one byte each, so that one read takes a millisecond or two.
LINES_AT_ONCE = 512
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[\t\x20-\x7e\x80-\xff]*+)?")
_TRAILER = re.compile(FIELD)


class Counted:
    """A body with a known length."""

    __slots__ = ("done", "left")
    has_more = False

    def __init__(self, length: int) -> None:
        self.left = length
        self.done = length == 0

    def take(self, buffer: bytearray) -> bytes:
        """Remove what belongs to this body from the buffer, and return its content."""
        if len(buffer) <= self.left:
            piece = bytes(buffer)
            buffer.clear()
        else:
            piece = bytes(buffer[: self.left])
            del buffer[: self.left]
        self.left -= len(piece)
        self.done = self.left == 0
        return piece


class Chunked:
    """A chunked body and its trailers, which are ignored.

    `has_more`: `take` ended before the buffer did. Call it again after other connections.
    """

    __slots__ = ("_content", "_framing", "_in_chunk", "_in_trailers", "_left", "_trailers", "done", "has_more")
    left = None

    def __init__(self) -> None:
        self.done = self.has_more = False
        self._left = 0
        self._in_chunk = self._in_trailers = False
        self._content = self._framing = self._trailers = 0

    def take(self, buffer: bytearray) -> bytes:
        """Remove what belongs to this body from the buffer, and return its content. Raises RefusedError."""
        pieces: list[bytes] = []
        lines = 0
        self.has_more = False
        while buffer and not self.done:
            if self._left:
                piece = bytes(buffer[: self._left])
                del buffer[: len(piece)]
                self._left -= len(piece)
                self._content += len(piece)
                pieces.append(piece)
                continue
            if lines == LINES_AT_ONCE:
                self.has_more = True
                break
            line = self._line(buffer)
            if line is None:
                break
            lines += 1
            if self._in_chunk:
                if line:
                    raise RefusedError("A chunk of the body is longer than its size says")
                self._in_chunk = False
            elif self._in_trailers:
                self._end(line)
            else:
                self._begin(line)
        return b"".join(pieces)

    def _line(self, buffer: bytearray) -> bytes | None:
        """The next line, or None while it is incomplete."""
        limit = MAX_TRAILER_BYTES if self._in_trailers else MAX_CHUNK_LINE
        if self._in_chunk and not b"\r\n".startswith(buffer[:2]):
            raise RefusedError("A chunk of the body is longer than its size says")
        end = buffer.find(b"\n", 0, limit)
        if end < 0:
            if len(buffer) >= limit:
                raise RefusedError("A line between the chunks of the body is too long")
            return None
        if end == 0 or buffer[end - 1] != 0x0D:
            raise RefusedError("A line between the chunks of the body does not end with CR and LF")
        line = bytes(buffer[: end - 1])
        del buffer[: end + 1]
        self._framing += end + 1
        if self._framing > MAX_FRAMING_BYTES + self._content:
            raise RefusedError("The chunks of the body are too small; send fewer and larger ones")
        return line

    def _begin(self, line: bytes) -> None:
        size = _SIZE.fullmatch(line)
        if size is None:
            raise RefusedError("The size of a chunk is not a hexadecimal number")
        self._left = int(size[1], 16)
        self._in_chunk, self._in_trailers = self._left > 0, self._left == 0

    def _end(self, line: bytes) -> None:
        self._trailers += len(line) + 2
        if self._trailers > MAX_TRAILER_BYTES:
            raise RefusedError("The trailers of the body are larger than 8 KiB")
        if not line:
            self.done = True
        elif not _TRAILER.fullmatch(line):
            raise RefusedError("A trailer of the body is malformed")


def framed(length: int | None) -> Counted | Chunked:
    """The reader for the length of a head. None means chunked."""
    return Chunked() if length is None else Counted(length)
