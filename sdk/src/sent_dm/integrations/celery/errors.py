"""What a task may raise to say by itself whether it shall be tried again.

SentDMTaskError
├── NonRetryableError    never
│   └── ValidationError    wrong arguments
├── RateLimitExceeded    after `retry_after` seconds
└── TemporaryError       after the task's backoff
"""

from typing import Any


class SentDMTaskError(Exception):
    def __init__(
        self,
        message: str,
        error_code: str | None = None,
        details: dict[str, Any] | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.error_code = error_code or "TASK_ERROR"
        self.details = details or {}
        self.retryable = retryable


class NonRetryableError(SentDMTaskError):
    def __init__(self, message: str, error_code: str = "NON_RETRYABLE", details: dict[str, Any] | None = None) -> None:
        super().__init__(message, error_code, details, retryable=False)


class ValidationError(NonRetryableError):
    def __init__(
        self, message: str, error_code: str = "VALIDATION_ERROR", details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message, error_code, details)


class RateLimitExceeded(SentDMTaskError):  # noqa: N818 (the documents' name)
    def __init__(self, message: str = "Rate limit exceeded", retry_after: float = 60) -> None:
        super().__init__(message, "RATE_LIMIT_EXCEEDED", {"retry_after": retry_after}, retryable=True)
        self.retry_after = retry_after


class TemporaryError(SentDMTaskError):
    def __init__(
        self, message: str, error_code: str = "TEMPORARY_ERROR", details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message, error_code, details, retryable=True)
