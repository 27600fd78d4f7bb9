"""What the engine and a carrier say to each other.

A carrier never raises for business results; it answers one outcome per submission.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from sent_server.carriers.reasons import Reason
from sent_server.kernel.values import value_object


class Channel(StrEnum):
    SMS = "sms"
    WHATSAPP = "whatsapp"
    RCS = "rcs"


@value_object
class MessageButton:
    type: str
    text: str
    value: str


@value_object
class MessageContent:
    """The rendered text of a message on one channel."""

    content: str
    header: str | None = None
    footer: str | None = None
    buttons: tuple[MessageButton, ...] = ()


@value_object
class Submission:
    """One submit. `attempt_id` is unique per attempt: a carrier that takes an idempotency key gets this one.

    `sender` is our number, `recipient` the contact's, both E.164.
    """

    attempt_id: str
    customer_id: str
    message_id: str
    channel: Channel
    sender: str
    recipient: str
    content: MessageContent


@value_object
class Accepted:
    """The carrier took it; receipts will name `ref`.

    `receipt_timeout_ms`: how long to wait for one, where that is longer than is usual for this carrier.
    """

    ref: str
    receipt_timeout_ms: int | None = None


@value_object
class Rejected:
    """It will never be delivered this way. `code` and `text` are the carrier's own words, `reason` is ours for them."""

    code: str
    text: str
    reason: Reason = Reason.UNKNOWN


@value_object
class Unknown:
    """The answer was lost: it may or may not have been taken."""

    reason: str


@value_object
class Later:
    """Not taken; try again after `after_ms`."""

    after_ms: int
    reason: str


SubmitOutcome = Accepted | Rejected | Unknown | Later


class ReceiptKind(StrEnum):
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@value_object
class Receipt:
    """A carrier's later word on `ref`. `event_id` is unique per carrier, the same on a repeat.

    Of a failure, `error_code` is the carrier's own, `reason` ours for it.
    """

    event_id: str
    ref: str
    kind: ReceiptKind
    error_code: str | None = None
    reason: Reason | None = None


@value_object
class Inbound:
    """A message from a person to one of our numbers."""

    event_id: str
    channel: Channel
    phone: str
    sender: str
    text: str


class Inbox(Protocol):
    """Where a carrier delivers what comes back. Returns once it is durable."""

    async def receipts(self, carrier: str, receipts: Sequence[Receipt]) -> None: ...

    async def inbound(self, carrier: str, messages: Sequence[Inbound]) -> None: ...


@value_object
class Traits:
    """What the engine must know of a carrier.

    `takes_idempotency_key`: the same `attempt_id` twice is sent once and answered alike, so that the engine may ask
    again after a crash. `max_in_flight` is how many submits it may have open in one process. A submit that is not
    answered within `submit_timeout_ms` is cancelled and counts as `Unknown`.
    """

    takes_idempotency_key: bool
    max_in_flight: int = 2_000
    submit_timeout_ms: int = 20_000


class Carrier(Protocol):
    """`name` is what the channel configuration stores. `messages_per_second` is what it takes from all senders
    together; None: as much as comes.

    `submit` sends one message and returns its outcome. Concurrency, the deadline and recording are the engine's
    affair: many submits run at once, and one may be cancelled at any await.
    """

    name: str
    traits: Traits
    messages_per_second: int | None

    async def submit(self, submission: Submission) -> SubmitOutcome: ...

    async def start(self, inbox: Inbox) -> None: ...

    async def stop(self) -> None: ...
