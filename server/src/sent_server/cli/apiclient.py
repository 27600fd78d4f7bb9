"""A minimal client to send and follow a message: standard library, one connection, no retries."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from sent_server.cli.failures import CommandError

TIMEOUT_S = 30.0


class ApiClient:
    """A connection to one server with one key. Raises CommandError for error responses and an unreachable server."""

    def __init__(self, base_url: str, api_key: str) -> None:
        address = urlsplit(base_url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise CommandError(f"{base_url!r} is not an http address; check --base-url and SENT_BASE_URL")
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        self.base_url = base_url.rstrip("/")
        self._prefix = address.path.rstrip("/")
        self._connection = kind(address.hostname, address.port, timeout=TIMEOUT_S)
        self._headers = {"x-api-key": api_key, "Content-Type": "application/json"}

    def get(self, path: str) -> Any:
        return self._call("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._call("POST", path, json.dumps(body).encode())

    def close(self) -> None:
        self._connection.close()

    def _call(self, method: str, path: str, body: bytes | None) -> Any:
        """The `data` of the response."""
        try:
            self._connection.request(method, self._prefix + path, body, self._headers)
            response = self._connection.getresponse()
            raw = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise CommandError(f"no response from {self.base_url} ({error}); is `sent up` running?") from error
        try:
            envelope: dict[str, Any] = json.loads(raw)
        except ValueError:
            raise CommandError(
                f"{self.base_url} returned {response.status} without JSON; is it a Sent server?"
            ) from None
        if response.status >= 400:
            refusal: dict[str, Any] = envelope.get("error") or {}
            raise CommandError(f"{method} {path} failed: {refusal.get('code')} {refusal.get('message')}")
        return envelope.get("data")
