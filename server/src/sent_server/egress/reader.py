"""Reads one response from untrusted bytes. Knows no sockets, and keeps a status, one header and 1 KiB of the body.

interim responses (1xx) ... -> head of the final one: `status` is known -> body -> `is_complete`
"""

import httptools

from sent_server.egress.results import EgressResponse

MAX_KEPT_BYTES = 1024
MAX_RETRY_AFTER_S = 3_600
MAX_INTERIM_ANSWERS = 8
SWITCHING_PROTOCOLS = 101
WITHOUT_BODY = frozenset({SWITCHING_PROTOCOLS, 204, 304})


class AnswerError(Exception):
    """The bytes are not a valid response. The text gives the reason and may be shown."""


class AnswerReader:
    """Feed it received bytes. It never parses past the end of its response, but detects extra bytes."""

    __slots__ = (
        "_announces_body", "_interim", "_kept", "_parser", "has_surplus", "is_complete", "keeps_alive", "retry_after_s",
        "status",
    )  # fmt: skip

    def __init__(self) -> None:
        self.status: int | None = None
        self.retry_after_s: int | None = None
        self.is_complete = False
        self.keeps_alive = False
        self.has_surplus = False
        self._interim = 0
        self._announces_body = False
        self._kept = b""
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Raises AnswerError while the status is unknown. Later errors end the response."""
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if self.status is None:
                raise _readable(error) from error
            self.has_surplus = True
            self.is_complete = True

    @property
    def answer(self) -> EgressResponse:
        """The response so far. The status must be known."""
        assert self.status is not None
        text = self._kept.decode("utf-8", errors="replace").replace("\x00", "")
        text = text.encode()[:MAX_KEPT_BYTES].decode("utf-8", errors="ignore")
        return EgressResponse(self.status, text, self.retry_after_s)

    def on_message_begin(self) -> None:
        if self.is_complete:
            self.has_surplus = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status is not None:
            return  # a trailer
        match name.lower():
            case b"retry-after":
                self.retry_after_s = _retry_after_s(value)
            case b"transfer-encoding":
                self._announces_body = True
            case b"content-length":
                self._announces_body = value.strip() != b"0"
            case _:
                pass

    def on_headers_complete(self) -> None:
        if self.is_complete:
            return
        status = self._parser.get_status_code()
        if status < 100:
            raise AnswerError("The answer is not HTTP")
        if status < 200 and status != SWITCHING_PROTOCOLS:
            self._interim += 1
            if self._interim > MAX_INTERIM_ANSWERS:
                raise AnswerError(f"More than {MAX_INTERIM_ANSWERS} interim answers (1xx) came")
            self.retry_after_s, self._announces_body = None, False
            return
        self.status = status
        if status in WITHOUT_BODY:
            self.keeps_alive = (
                self._parser.should_keep_alive() and not self._announces_body and status != SWITCHING_PROTOCOLS
            )
            self.is_complete = True

    def on_body(self, body: bytes) -> None:
        if not self.is_complete and len(self._kept) < MAX_KEPT_BYTES:
            self._kept += body[: MAX_KEPT_BYTES - len(self._kept)]

    def on_message_complete(self) -> None:
        if self.status is not None and not self.is_complete:
            self.keeps_alive = self._parser.should_keep_alive()
            self.is_complete = True


def _retry_after_s(value: bytes) -> int | None:
    """Seconds only. Dates are rare and depend on the peer's clock."""
    if not value.isdigit() or len(value) > 9:
        return None
    return min(int(value), MAX_RETRY_AFTER_S)


def _readable(error: Exception) -> AnswerError:
    cause = error.__context__  # httptools wraps exceptions of callbacks
    return cause if isinstance(cause, AnswerError) else AnswerError("The answer is not HTTP")
