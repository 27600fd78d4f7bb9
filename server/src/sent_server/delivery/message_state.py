"""A message as the engine works on it: its progress, its plan, and what its batch knows."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sent_server.carriers.base import MessageContent
from sent_server.db import Tx
from sent_server.messages.lifecycle import MessageProgress
from sent_server.messages.model import PlannedLeg, StoredPlan, load_contents, load_plans

LOAD = """
    SELECT m.customer_id, m.id, m.contact_id, m.phone, m.status, m.channel, m.leg, m.legs, m.plan_number,
        m.held_micros, m.settled_at_ms, m.price_micros, m.active_contact_price_micros, m.refunded_micros, m.round,
        m.last_sequence, m.created_at_ms,
        b.ledger_id, b.template_id, b.template_name, b.template_category, b.contents_json, b.plans_json,
        b.callback_url
    FROM EACH(:ids) AS n
    LOOKUP messages AS m BY (m.customer_id = :customer_id AND m.id = n.value) FOR UPDATE
    LOOKUP batches AS b BY (b.customer_id = m.customer_id AND b.id = m.batch_id)
"""


@dataclass(slots=True)
class MessageState:
    """Mutable on purpose: several events of one transaction work on the same message."""

    customer_id: str
    id: str
    contact_id: str
    phone: str
    status: str
    channel: str | None
    leg: int
    legs: int
    plan_number: int
    held_micros: int
    settled_at_ms: int | None
    price_micros: int | None
    active_contact_price_micros: int | None
    refunded_micros: int
    round: int
    last_sequence: int
    created_at_ms: int
    ledger_id: str
    template_id: str | None
    template_name: str | None
    template_category: str | None
    contents_json: str
    plans_json: str
    callback_url: str | None
    _plan: StoredPlan | None = field(default=None, init=False, repr=False)

    @property
    def progress(self) -> MessageProgress:
        return MessageProgress(self.status, self.leg, self.shown, self.legs)

    @property
    def shown(self) -> int:
        """The leg that the message shows: the one of its channel, as a plan has one leg per channel."""
        if self.legs <= 1 or self.channel is None:
            return self.leg
        return next((n for n, leg in enumerate(self.plan.legs) if leg.channel == self.channel), self.leg)

    @property
    def plan(self) -> StoredPlan:
        if self._plan is None:
            self._plan = load_plans(self.plans_json)[self.plan_number]
        return self._plan

    @property
    def planned_leg(self) -> PlannedLeg:
        return self.plan.legs[self.leg]

    @property
    def content(self) -> MessageContent:
        return load_contents(self.contents_json)[self.planned_leg.channel]


async def load(tx: Tx, keys: Iterable[tuple[str, str]]) -> dict[str, MessageState]:
    """Lock and read messages by (customer_id, id); one statement per customer."""
    by_customer: defaultdict[str, list[str]] = defaultdict(list)
    for customer_id, message_id in keys:
        by_customer[customer_id].append(message_id)
    found: dict[str, MessageState] = {}
    for customer_id, message_ids in sorted(by_customer.items()):
        for row in await tx.fetch(LOAD, customer_id=customer_id, ids=sorted(set(message_ids))):
            subject = MessageState(*row)
            found[subject.id] = subject
    return found
