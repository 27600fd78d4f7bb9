"""The exception that handlers raise to refuse a request."""

from collections.abc import Mapping, Sequence

from sent_server.errors.catalogue import CATALOGUE

Details = Mapping[str, Sequence[str]]


class ApiError(Exception):
    """A documented refusal.

    `code` is a catalogue code; `message` and `status` default to the catalogue's;
    `details` maps a field to what is wrong with it; `headers` are added to the answer.
    """

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        details: Details | None = None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        entry = CATALOGUE[code]
        self.code = code
        self.message = message or entry.message
        self.status = status or entry.status
        self.details = details
        self.headers = headers or {}
        super().__init__(f"{code}: {self.message}")
