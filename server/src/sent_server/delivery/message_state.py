"""The engine's working copy of a message: its progress, its plan, and the shared data of its request."""

from dataclasses import dataclass, field

from sent_server.carriers.base import MessageContent
from sent_server.carriers.reasons import Reason
from sent_server.messages.lifecycle import MessageProgress
from sent_server.messages.model import PlannedLeg, StoredPlan, load_contents, load_plans
from sent_server.messages.statuses import MessageStatus, refused_as
from sent_server.pricing.card import SERVICE


@dataclass(slots=True)
class MessageState:
    """Mutable on purpose: several events of one transaction work on the same message.

    `leg` counts within the plan of the current round. `created_at_ms` is the time at which this round began.
    """

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
    first_leg: int = 0
    # Set by a failure. Without one, the row keeps what it has.
    reason_code: str | None = None
    reason: str | None = None
    _plan: StoredPlan | None = field(default=None, init=False, repr=False)

    @property
    def progress(self) -> MessageProgress:
        return MessageProgress(self.status, self.leg, self.shown, self.legs)

    @property
    def leg_number(self) -> int:
        """The number of the current leg over all rounds, as in attempts and carrier references."""
        return self.first_leg + self.leg

    @property
    def shown(self) -> int:
        """The index of the leg that the message shows: its channel's, as a plan has one leg per channel."""
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
    def category(self) -> str | None:
        """The template's, SERVICE for a text, None for our replies to keywords."""
        return SERVICE if self.plan.is_text else self.template_category

    def refused_as(self, reason: Reason) -> MessageStatus:
        """The status if no carrier is to be asked. A message that is sent again is of a client that knows all."""
        return refused_as(reason, is_newer=self.plan.is_newer or self.round > 1)

    @property
    def content(self) -> MessageContent:
        return load_contents(self.contents_json)[self.planned_leg.channel]

    def text_of(self, leg: int) -> str | None:
        content = load_contents(self.contents_json).get(self.plan.legs[leg].channel)
        return content.content if content else None
