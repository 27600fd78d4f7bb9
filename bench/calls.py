"""Single requests of a benchmark's set-up."""

import http.client
import json
from typing import Any

from bench.processes import Running


def call(server: Running, method: str, path: str, body: Any = None, *, api_key: str = "") -> Any:
    """The decoded answer. Raises when it is not a success."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        headers = {"content-type": "application/json"} if body is not None else {}
        if api_key:
            headers["x-api-key"] = api_key
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path} answered {answer.status}: {content[:500]!r}")
    return json.loads(content) if content else None
