"""The error response for requests that reach no endpoint, as bytes. It closes the connection."""

import http
import time

from sent_server.errors import ApiError
from sent_server.http.dialect import V3
from sent_server.http.reply import Meta
from sent_server.kernel import ids


def render(status: int, reason: str, doc_url_base: str) -> bytes:
    """INTERNAL_001 for 500, INTERNAL_005 for 503, and VALIDATION_001 for errors of the client."""
    request_id = ids.new_request_id()
    match status:
        case 500:
            message = f"An unexpected error occurred. Please contact support with request ID: {request_id}"
            refused = ApiError("INTERNAL_001", message)
        case 503:
            refused = ApiError("INTERNAL_005", f"Service temporarily unavailable: {reason}")
        case _:
            refused = ApiError("VALIDATION_001", details={"request": [reason]}, status=status)
    now_ms = time.time_ns() // 1_000_000
    answer = V3.answer(refused, Meta(request_id, now_ms, ""), doc_url_base)
    lines = [
        f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}",
        "content-type: application/json",
        f"content-length: {len(answer.body)}",
        f"{V3.headers.request_id.decode()}: {request_id}",
        f"{V3.headers.api_version.decode()}: {V3.version.decode()}",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        *(["retry-after: 1"] if status == 503 else []),
        "connection: close",
    ]
    return "\r\n".join((*lines, "", "")).encode() + answer.body
