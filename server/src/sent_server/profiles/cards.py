"""Sends payment cards from a request to the processor. No card data is stored, logged or passed elsewhere."""

from typing import assert_never

from sent_server.errors import ApiError
from sent_server.kernel import timestamps
from sent_server.ports.payment import Declined, Kept, PaymentCard, PaymentProcessor

EXPIRED = "payment_details.expiry is in the past"


def check(card: PaymentCard, *, now_ms: int) -> None:
    """Raises VALIDATION_001 for an expired card. A card is valid until the end of its month."""
    month, year = card.expiry.split("/")
    if f"20{year}-{month}" < timestamps.month(now_ms):
        raise ApiError("VALIDATION_001", details={"payment_details.expiry": [EXPIRED]})


async def hand_over(processor: PaymentProcessor, card: PaymentCard, *, reference: str) -> None:
    """Raises VALIDATION_001 if the processor declines the card."""
    answer = await processor.keep(card, reference=reference)
    match answer:
        case Kept():
            return
        case Declined(reason=reason):
            raise ApiError("VALIDATION_001", details={"payment_details": [reason]})
    assert_never(answer)
