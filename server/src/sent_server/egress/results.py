"""What a call comes to. Nothing here raises: `Answer | Failed | Refused`."""

from sent_server.kernel.values import value_object


@value_object
class EgressResponse:
    """The other side spoke. `text` is at most 1 KiB of its body; treat it as hostile."""

    status: int
    text: str
    retry_after_s: int | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


@value_object
class RequestFailed:
    """No answer: unreachable, broken off, or not within the deadline."""

    reason: str


@value_object
class RequestRefused:
    """We do not call that address."""

    reason: str


Result = EgressResponse | RequestFailed | RequestRefused
