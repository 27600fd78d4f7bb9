"""Everything that the SDK raises on purpose.

SentDmError
├── APIError                        something went wrong between you and the API
│   ├── APIConnectionError          no answer, or not all of it
│   │   └── APITimeoutError
│   ├── APIResponseValidationError  an answer that is not what the API answers
│   └── APIStatusError              a refusal: status_code, code, message, details, request_id
│       ├── BadRequestError           400
│       ├── AuthenticationError       401
│       ├── PermissionDeniedError     403
│       ├── NotFoundError             404
│       ├── ConflictError             409
│       ├── UnprocessableEntityError  422
│       ├── RateLimitError            429
│       └── InternalServerError       500 and above
├── MessageFailedError              wait_until_delivered: it will not arrive
├── DeliveryTimeoutError            wait_until_delivered: not yet
└── WebhookVerificationError        unwrap: not from Sent, too old, or not an event

Wrong arguments are TypeError and ValueError, raised before anything is sent.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import httpx

if TYPE_CHECKING:
    from sent_dm.types import Message

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "AuthenticationError",
    "BadRequestError",
    "ConflictError",
    "DeliveryTimeoutError",
    "InternalServerError",
    "MessageFailedError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "SentDmError",
    "SentError",
    "UnprocessableEntityError",
    "WebhookVerificationError",
]


class SentDmError(Exception):
    pass


SentError = SentDmError


class APIError(SentDmError):
    """`code`, `details` and `doc_url` come from the error object of the response; None without one."""

    message: str
    name: str
    code: str | None = None
    details: dict[str, list[str]] | None = None
    doc_url: str | None = None

    def __init__(
        self,
        message: str = "",
        request: httpx.Request | None = None,
        *,
        body: object = None,
        response: httpx.Response | None = None,
        status: int | None = None,
        name: str | None = None,
        headers: Mapping[str, str] | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.name = name or type(self).__name__
        self.body = body
        self._request = request
        self._response = response
        self._status = status
        self._headers = None if headers is None else httpx.Headers(dict(headers))
        self._request_id = request_id
        self._read_error_object(body)

    def _read_error_object(self, body: object) -> None:
        error = member(body, "error")
        if not isinstance(error, dict):
            return
        fields = cast("dict[str, Any]", error)
        self.code = fields["code"] if isinstance(fields.get("code"), str) else None
        self.details = fields["details"] if isinstance(fields.get("details"), dict) else None
        self.doc_url = fields["doc_url"] if isinstance(fields.get("doc_url"), str) else None

    @property
    def response(self) -> httpx.Response | None:
        return self._response

    @property
    def request(self) -> httpx.Request | None:
        if self._request is None and self._response is not None:
            return getattr(self._response, "_request", None)
        return self._request

    @property
    def status_code(self) -> int | None:
        """None while no answer has arrived."""
        if self._status is None and self._response is not None:
            return self._response.status_code
        return self._status

    @property
    def status(self) -> int | None:
        return self.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        if self._headers is not None:
            return self._headers
        return httpx.Headers() if self._response is None else self._response.headers

    @property
    def request_id(self) -> str | None:
        """What support asks for."""
        if self._request_id is not None:
            return self._request_id
        in_body = member(member(self.body, "meta"), "request_id")
        return self.headers.get("x-request-id") or (in_body if isinstance(in_body, str) else None)

    def __str__(self) -> str:
        """`404 - Template not found [RESOURCE_002]`, then what is wrong with which field."""
        status = self.status_code
        text = self.message if not isinstance(status, int) else f"{status} - {self.message}"
        if self.code is not None and self.code not in text:
            text += f" [{self.code}]"
        for field, faults in (self.details or {}).items():
            # Another server's details may have another form; an error message must never fail.
            said = ", ".join(map(str, faults)) if isinstance(faults, list) else str(faults)  # pyright: ignore[reportUnnecessaryIsInstance]
            text += f"; {field}: {said}"
        return text

    def __reduce__(self) -> tuple[Any, ...]:
        """Task queues pickle errors; an httpx.Response does not survive that once it has been streamed."""
        state = {
            "message": self.message, "name": self.name, "body": self.body, "status": self.status_code,
            "headers": dict(self.headers), "request_id": self.request_id,
        }  # fmt: skip
        return _rebuild, (type(self), state)


def member(value: object, name: str) -> object:
    """A field of a JSON object; None if it is missing, or if this is not an object."""
    return cast("dict[str, object]", value).get(name) if isinstance(value, dict) else None


def _rebuild(kind: type[APIError], state: dict[str, Any]) -> APIError:
    error = kind(state.pop("message"), **state)
    if state["status"] is not None and isinstance(error, APIStatusError):
        body = state["body"]
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        # The content is decoded already; these would have httpx do it again.
        kept = {k: v for k, v in state["headers"].items() if k.lower() not in ("content-encoding", "content-length")}
        error._response = httpx.Response(state["status"], headers=kept, content=content)  # pyright: ignore[reportPrivateUsage]
    return error


class APIConnectionError(APIError):
    """`__cause__` is the error of the HTTP library."""

    def __init__(self, message: str = "Connection error.", request: httpx.Request | None = None, **more: Any) -> None:
        super().__init__(message, request, **more)


class APITimeoutError(APIConnectionError):
    def __init__(self, message: str = "Request timed out.", request: httpx.Request | None = None, **more: Any) -> None:
        super().__init__(message, request, **more)


class APIResponseValidationError(APIError):
    """The answer arrived, and is not JSON, or not of the form that this call answers with."""


class APIStatusError(APIError):
    # Of an error that was made without an answer, as a task queue does that keeps name and message only.
    _implied_status = 500

    @property
    def response(self) -> httpx.Response:
        made = super().response
        if made is None:
            made = self._response = httpx.Response(self._status or self._implied_status, headers=self._headers)
        return made

    @property
    def status_code(self) -> int:
        return self._status if self._status is not None else self.response.status_code


class BadRequestError(APIStatusError):
    _implied_status = 400


class AuthenticationError(APIStatusError):
    _implied_status = 401


class PermissionDeniedError(APIStatusError):
    _implied_status = 403


class NotFoundError(APIStatusError):
    _implied_status = 404


class ConflictError(APIStatusError):
    _implied_status = 409


class UnprocessableEntityError(APIStatusError):
    _implied_status = 422


class RateLimitError(APIStatusError):
    _implied_status = 429

    @property
    def retry_after(self) -> float | None:
        """Seconds that the server asks to wait."""
        value = self.headers.get("retry-after")
        try:
            return None if value is None else float(value)
        except ValueError:
            return None


class InternalServerError(APIStatusError):
    pass


class MessageFailedError(SentDmError):
    """The message will not arrive; `message_data` is what the API says about it."""

    def __init__(self, message: str, message_data: "Message | None" = None) -> None:
        super().__init__(message)
        self.message = message
        self.message_data = message_data


class DeliveryTimeoutError(SentDmError, TimeoutError):
    """Not delivered in the time given; it may still be."""

    def __init__(self, message: str, message_data: "Message | None" = None) -> None:
        super().__init__(message)
        self.message = message
        self.message_data = message_data


class WebhookVerificationError(SentDmError):
    pass
