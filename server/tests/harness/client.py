"""A small synchronous HTTP client that can also be rude, and checks every answer against the contract."""

import contextlib
import http.client
import socket
import threading
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson

from harness import contract

Headers = Mapping[str, str] | Sequence[tuple[str, str]]
NOTHING: Any = object()


@dataclass(frozen=True, slots=True)
class Response:
    """`headers` has lower-case names; repeated ones are joined with a comma."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def data(self) -> Any:
        return self.json["data"]

    @property
    def error(self) -> Any:
        return self.json["error"]

    @property
    def code(self) -> str | None:
        """The error code, None for a success."""
        error = self.json["error"] if self.body else None
        return error and error["code"]

    @property
    def details(self) -> dict[str, list[str]]:
        return self.error["details"] or {}

    @property
    def without_meta(self) -> Any:
        """The body as two equal answers share it."""
        return {name: value for name, value in self.json.items() if name != "meta"}


# A connection opens again when it is used again, so all may be closed at any quiet moment.
_everybodys: weakref.WeakSet[http.client.HTTPConnection] = weakref.WeakSet()


def close_all() -> None:
    for connection in list(_everybodys):
        connection.close()


class Client:
    """Speaks to one server with one key. Every answer is validated unless `checked=False`."""

    def __init__(self, base_url: str, api_key: str | None, *, headers: Mapping[str, str] | None = None) -> None:
        self.base_url = base_url
        self.api_key = api_key
        self._headers = dict(headers or {})
        parts = urlsplit(base_url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._kept = threading.local()
        self._opened: list[http.client.HTTPConnection] = []  # shared with clients made from this one

    def acting_as(self, api_key: str | None, **headers: str) -> "Client":
        """The same server with another key; `x_profile_id="..."` adds that header."""
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        other = Client(self.base_url, api_key, headers=extra)
        other._opened = self._opened
        return other

    def request(
        self,
        method: str,
        target: str,
        *,
        json: Any = NOTHING,
        body: bytes | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Headers = (),
        idempotency_key: str | None = None,
        checked: bool = True,
        timeout_s: float = 60.0,
    ) -> Response:
        """`json` is encoded and declared; `body` goes out as it is, with only the given headers."""
        if query:
            target += "?" + urlencode({name: _query_text(value) for name, value in query.items()}, quote_via=quote)
        sent: list[tuple[str, str]] = list(self._headers.items())
        if self.api_key is not None:
            sent.append(("x-api-key", self.api_key))
        if json is not NOTHING:
            body = orjson.dumps(json)
            sent.append(("content-type", "application/json"))
        if idempotency_key is not None:
            sent.append(("Idempotency-Key", idempotency_key))
        sent.extend(headers.items() if isinstance(headers, Mapping) else headers)
        response = self._exchange(method, target, sent, body, timeout_s)
        if checked:
            contract.check(method, target, response.status, response.headers, response.body)
        return response

    def get(self, target: str, **options: Any) -> Response:
        return self.request("GET", target, **options)

    def post(self, target: str, json: Any = NOTHING, **options: Any) -> Response:
        return self.request("POST", target, json=json, **options)

    def put(self, target: str, json: Any = NOTHING, **options: Any) -> Response:
        return self.request("PUT", target, json=json, **options)

    def patch(self, target: str, json: Any = NOTHING, **options: Any) -> Response:
        return self.request("PATCH", target, json=json, **options)

    def delete(self, target: str, json: Any = NOTHING, **options: Any) -> Response:
        return self.request("DELETE", target, json=json, **options)

    def raw(self, request: bytes, *, idle_s: float = 2.0) -> bytes:
        """Write bytes to a new connection; returns what comes until the server closes it or falls silent."""
        received = b""
        with socket.create_connection(self._address, idle_s) as connection:
            connection.sendall(request)
            with contextlib.suppress(TimeoutError, ConnectionResetError):
                while chunk := connection.recv(65_536):
                    received += chunk
        return received

    def close(self) -> None:
        for connection in self._opened:
            connection.close()

    def _exchange(
        self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes | None, timeout_s: float
    ) -> Response:
        connection: http.client.HTTPConnection | None = getattr(self._kept, "connection", None)
        if connection is not None:
            try:
                return self._send(connection, method, target, headers, body, timeout_s)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                # The server closed an idle connection before it took the request.
                connection.close()
        connection = self._kept.connection = http.client.HTTPConnection(*self._address)
        self._opened.append(connection)
        _everybodys.add(connection)
        return self._send(connection, method, target, headers, body, timeout_s)

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        headers: Sequence[tuple[str, str]],
        body: bytes | None,
        timeout_s: float,
    ) -> Response:
        connection.timeout = timeout_s
        if connection.sock is not None:
            connection.sock.settimeout(timeout_s)
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            names = {name.lower() for name, _ in headers}
            for name, value in headers:
                connection.putheader(name, value)
            if body is not None and not names & {"content-length", "transfer-encoding"}:
                connection.putheader("content-length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            content = answer.read()
        except BaseException:
            connection.close()
            self._kept.connection = None
            raise
        found: dict[str, str] = {}
        for name, value in answer.getheaders():
            lower = name.lower()
            found[lower] = f"{found[lower]}, {value}" if lower in found else value
        if answer.will_close:
            self._kept.connection = None
        return Response(answer.status, found, content)


def _query_text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
