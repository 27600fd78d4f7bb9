"""Whoever keeps payment cards for us. Card data goes to it and nowhere else: we keep the reference only."""

from dataclasses import field
from typing import Protocol

from sent_server.kernel.values import value_object


@value_object
class PaymentCard:
    """`expiry` is MM/YY. Nothing of it shows when printed."""

    number: str = field(repr=False)
    expiry: str = field(repr=False)
    cvc: str = field(repr=False)
    zip_code: str = field(repr=False)


@value_object
class Kept:
    """The card can be charged by its reference from now on."""


@value_object
class Declined:
    reason: str


class PaymentProcessor(Protocol):
    async def keep(self, card: PaymentCard, *, reference: str) -> Kept | Declined:
        """The same card may come again under the same reference, and is kept once."""
        ...
