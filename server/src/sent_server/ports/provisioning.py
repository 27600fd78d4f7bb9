"""Setting up a sender at a carrier: its review, and the number, sender id or agent that follows."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from sent_server.kernel.values import value_object


@value_object
class SenderOrder:
    """What an account asked for. `country` and `number_type` are empty for WhatsApp and RCS.

    `sender_value` is the wanted sender id or own number. `facts` holds what the account says about itself and its
    messages, by dotted names: `brand.legalName`. `declined` are numbers that it was offered and cannot have.
    """

    customer_id: str
    market_id: str
    channel: str
    country: str
    number_type: str
    sender_value: str | None
    area_codes: Sequence[str]
    facts: Mapping[str, str]
    declined: Sequence[str]
    submitted_at_ms: int


@value_object
class OrderApproved:
    pass


@value_object
class OrderRefused:
    """`reason` says what the account has to change."""

    reason: str


@value_object
class OrderPending:
    """Undecided. Repeat the request after `after_ms`."""

    after_ms: int


@value_object
class SenderReady:
    """`value` can send from now on. `details` are further ids of the carrier, in the form of answers."""

    connection_id: str
    value: str
    details: Mapping[str, str]


Review = OrderApproved | OrderRefused | OrderPending
Provisioning = SenderReady | OrderRefused | OrderPending


class Provisioner(Protocol):
    """Repeated calls with the same order order nothing new."""

    async def review(self, order: SenderOrder, *, now_ms: int) -> Review: ...

    async def provision(self, order: SenderOrder, *, now_ms: int) -> Provisioning:
        """After the approval."""
        ...
