"""The simulated setup of senders, with predictable decisions for tests.

It approves an order REVIEW_MS after it was submitted and has the sender PROVISION_MS later, on the platform's clock. If
any text of the order contains a trigger word (a separate word, in any case), the order is refused or stays:

    REJECT_ME     refused: something has to be changed
    NEVER_REVIEW  no decision

Numbers are those of no subscriber: area code 500, or exchange 555 in another area code of North America. In other
countries they are the example numbers of the numbering plan with other last digits.
"""

import hashlib
import re
from collections.abc import Iterator

from sent_server.kernel import phone
from sent_server.ports.provisioning import (
    OrderApproved,
    OrderPending,
    OrderRefused,
    Provisioning,
    Review,
    SenderOrder,
    SenderReady,
)

CONNECTION = "simulator"
REVIEW_MS = 2_000
PROVISION_MS = 1_000
ASK_AGAIN_MS = 3_600_000
NEVER = "NEVER_REVIEW"
REASONS = {"REJECT_ME": "The simulated carrier refuses every order that says REJECT_ME"}
NO_NUMBER = "The simulated carrier has no free number of this kind"
_TRIGGER = re.compile(rf"\b({'|'.join([*REASONS, NEVER])})\b", re.IGNORECASE)
_NORTH_AMERICA = ("US", "CA")
_MAX_TRIES = 200


class SimulatedProvisioner:
    """`ports.provisioning.Provisioner` without a network."""

    async def review(self, order: SenderOrder, *, now_ms: int) -> Review:
        waiting_ms = order.submitted_at_ms + REVIEW_MS - now_ms
        if waiting_ms > 0:
            return OrderPending(waiting_ms)
        trigger = _TRIGGER.search("\n".join([order.sender_value or "", *order.facts.values()]))
        if trigger is None:
            return OrderApproved()
        word = trigger.group(1).upper()
        return OrderPending(ASK_AGAIN_MS) if word == NEVER else OrderRefused(REASONS[word])

    async def provision(self, order: SenderOrder, *, now_ms: int) -> Provisioning:
        waiting_ms = order.submitted_at_ms + REVIEW_MS + PROVISION_MS - now_ms
        if waiting_ms > 0:
            return OrderPending(waiting_ms)
        value = order.sender_value or next((number for number in _numbers(order) if number not in order.declined), None)
        if value is None:
            return OrderRefused(NO_NUMBER)
        ids = {"phone_number_id": str(_digest(order.market_id, 0))[:15]} if order.channel == "whatsapp" else {}
        return SenderReady(CONNECTION, value, ids)


def _numbers(order: SenderOrder) -> Iterator[str]:
    """The numbers that this order may get, in the same order each time."""
    for attempt in range(_MAX_TRIES):
        digest = _digest(order.market_id, attempt)
        if order.number_type == "SHORT_CODE":
            yield str(20_000 + digest % 80_000)
        elif order.number_type == "TOLL_FREE" and order.country in _NORTH_AMERICA:
            yield f"+1888555{1_000 + digest % 9_000}"
        elif not order.country or (order.country in _NORTH_AMERICA and not order.area_codes):
            yield f"+1500{200 + digest % 355}{1_000 + digest // 1_000 % 9_000}"
        elif order.country in _NORTH_AMERICA:
            area_code = order.area_codes[attempt % len(order.area_codes)]
            yield f"+1{area_code}555{1_000 + digest % 9_000}"
        elif (example := phone.example(order.country, order.number_type)) is not None:
            yield f"{example[:-4]}{digest % 10_000:04}"


def _digest(market_id: str, attempt: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{market_id} {attempt}".encode()).digest()[:8], "big")
