"""Which exception a reply or a failure becomes."""

import httpx

from sent_dm import exceptions
from sent_dm.core.decode import json_or_text
from sent_dm.core.reply import Failure, Reply, Why
from sent_dm.exceptions import APIStatusError, InternalServerError, member

_BY_STATUS: dict[int, type[APIStatusError]] = {
    400: exceptions.BadRequestError,
    401: exceptions.AuthenticationError,
    403: exceptions.PermissionDeniedError,
    404: exceptions.NotFoundError,
    409: exceptions.ConflictError,
    422: exceptions.UnprocessableEntityError,
    429: exceptions.RateLimitError,
}


def error_of(got: Reply | Failure) -> exceptions.APIError:
    """The error that a failure or a reply other than 2xx stands for."""
    if isinstance(got, Reply):
        return _of_reply(got, json_or_text(got))
    cause = str(got.cause) or type(got.cause).__name__
    match got.why:
        case Why.TIMEOUT:
            return exceptions.APITimeoutError(f"Request timed out: {cause}", request_id=got.request_id)
        case Why.CONNECTION:
            return exceptions.APIConnectionError(f"Connection error: {cause}", request_id=got.request_id)
        case Why.UNREADABLE:
            message = f"The answer cannot be read: {got.cause}"
            return exceptions.APIResponseValidationError(message, request_id=got.request_id)


def _of_reply(reply: Reply, body: object) -> APIStatusError:
    """`body` is the JSON of the reply, or its text."""
    kind = _BY_STATUS.get(reply.status, InternalServerError if reply.status >= 500 else APIStatusError)
    message = member(member(body, "error"), "message")
    if not isinstance(message, str):
        message = _plain(reply, body)
    return kind(message, body=body, response=reply.response, status=reply.status, request_id=reply.request_id)


def _plain(reply: Reply, body: object) -> str:
    location = reply.headers.get("location")
    if 300 <= reply.status < 400 and location is not None:
        return f"Redirected to {location}; redirects are not followed, set base_url instead"
    if isinstance(body, str) and body.strip():
        return body.strip()[:200]
    return httpx.codes.get_reason_phrase(reply.status) or "Error"
