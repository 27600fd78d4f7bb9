"""The simulated payment processor. It discards every card at once, and declines one number.

4000 0000 0000 0002    declined
"""

from sent_server.ports.payment import Declined, Kept, PaymentCard

DECLINED_NUMBER = "4000000000000002"


class SimulatedProcessor:
    """`ports.payment.PaymentProcessor` without a network."""

    async def keep(self, card: PaymentCard, *, reference: str) -> Kept | Declined:
        if card.number == DECLINED_NUMBER:
            return Declined("The simulated processor declines this number")
        return Kept()
