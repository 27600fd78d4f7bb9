"""The interface between the delivery engine and a carrier.

A carrier does not raise for business results. It returns one outcome per submission.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from sent_server.carriers.reasons import Reason
from sent_server.kernel.channels import Channel
from sent_server.kernel.values import value_object


@value_object
class MessageButton:
    type: str
    text: str
    value: str


@value_object
class HeaderMedia:
    """`type` is image, video, gif or document."""

    type: str
    url: str


@value_object
class Location:
    latitude: str
    longitude: str
    name: str
    address: str


@value_object
class Attachment:
    """The carrier fetches it, or has received it. `media_type` is a hint: image, video, vcard or text.

    The others are what the carrier declares of a received one.
    """

    url: str
    media_type: str | None = None
    mime_type: str | None = None
    size_bytes: int | None = None
    hash_sha256: str | None = None


@value_object
class MessageContent:
    """The rendered text of a message on one channel. `header` also has the address of `header_media`."""

    content: str
    header: str | None = None
    footer: str | None = None
    buttons: tuple[MessageButton, ...] = ()
    header_media: HeaderMedia | None = None
    location: Location | None = None
    media: tuple[Attachment, ...] = ()
    subject: str | None = None


@value_object
class Submission:
    """One submit. `attempt_id` is unique per attempt and is the idempotency key for a carrier that accepts one.

    `sender` is our number, `recipient` the contact's, both in E.164.
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
    """The carrier accepted the message. Receipts refer to it by `ref`.

    `receipt_timeout_ms` is the time to wait for a receipt, if it is longer than the carrier's usual one.
    """

    ref: str
    receipt_timeout_ms: int | None = None


@value_object
class Rejected:
    """The message will not be delivered on this leg. `code` and `text` are the carrier's, `reason` is ours."""

    code: str
    text: str
    reason: Reason = Reason.UNKNOWN


@value_object
class Unknown:
    """The response was lost. The carrier may or may not have accepted the message."""

    reason: str


@value_object
class Later:
    """The carrier deferred the message. Retry after `after_ms`."""

    after_ms: int
    reason: str


SubmitOutcome = Accepted | Rejected | Unknown | Later


class ReceiptKind(StrEnum):
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@value_object
class Receipt:
    """A carrier's receipt for `ref`. `event_id` is unique per carrier, and the same when a receipt is repeated.

    For a failure, `error_code` is the carrier's and `reason` is ours.
    """

    event_id: str
    ref: str
    kind: ReceiptKind
    error_code: str | None = None
    reason: Reason | None = None


@value_object
class Inbound:
    """A message from a person to `sender`, one of our numbers.

    `ref` is the carrier's id of the message, if it is another one than `event_id`. `reply_to` is the reference of our
    message that it answers, if the person chose one.
    """

    event_id: str
    channel: Channel
    phone: str
    sender: str
    text: str
    ref: str | None = None
    reply_to: str | None = None
    media: tuple[Attachment, ...] = ()


class Inbox(Protocol):
    """The inbox to which a carrier delivers receipts and replies. Methods return once the data is durable."""

    async def receipts(self, carrier: str, receipts: Sequence[Receipt]) -> None: ...

    async def inbound(self, carrier: str, messages: Sequence[Inbound]) -> None: ...


@value_object
class Traits:
    """Properties of a carrier that the engine depends on.

    `takes_idempotency_key`: the same `attempt_id` is sent only once and gets the same response, so the engine may
    repeat a submit after a crash. `max_in_flight` is the limit of open submits per process. A submit without a response
    within `submit_timeout_ms` is cancelled and counts as `Unknown`.
    """

    takes_idempotency_key: bool
    max_in_flight: int = 2_000
    submit_timeout_ms: int = 20_000


class Carrier(Protocol):
    """`name` is stored in the channel configuration. `messages_per_second` limits all senders together. None means
    unlimited.

    `submit` sends one message and returns its outcome. The engine handles concurrency, the deadline and recording:
    many submits run concurrently, and a submit may be cancelled at any await.
    """

    name: str
    traits: Traits
    messages_per_second: int | None

    async def submit(self, submission: Submission) -> SubmitOutcome: ...

    async def start(self, inbox: Inbox) -> None: ...

    async def stop(self) -> None: ...
