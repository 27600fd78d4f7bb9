"""The payment processor, which stores payment cards. Card data goes to it only; we keep a reference."""

from dataclasses import field
from typing import Protocol

from sent_server.kernel.values import value_object


@value_object
class PaymentCard:
    """`expiry` is MM/YY. `repr` shows none of the data."""

    number: str = field(repr=False)
    expiry: str = field(repr=False)
    cvc: str = field(repr=False)
    zip_code: str = field(repr=False)


@value_object
class Kept:
    """The card can now be charged by its reference."""


@value_object
class Declined:
    reason: str


class PaymentProcessor(Protocol):
    async def keep(self, card: PaymentCard, *, reference: str) -> Kept | Declined:
        """Store a card. The same card under the same reference is stored once."""
        ...
