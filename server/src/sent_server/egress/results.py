"""The results of a request: `EgressResponse | RequestFailed | RequestRefused`. Nothing here raises."""

from sent_server.kernel.values import value_object


@value_object
class EgressResponse:
    """The peer responded. `text` is at most 1 KiB of its body. Treat it as untrusted."""

    status: int
    text: str
    retry_after_s: int | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


@value_object
class RequestFailed:
    """No response: unreachable, interrupted, or not within the deadline."""

    reason: str


@value_object
class RequestRefused:
    """The server does not call this address."""

    reason: str


Result = EgressResponse | RequestFailed | RequestRefused
