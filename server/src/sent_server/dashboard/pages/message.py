"""Message: what happened to this one, why so, and what did it cost?"""

from collections.abc import Mapping, Sequence

from starlette.responses import Response

from sent_server.carriers.base import MessageContent
from sent_server.dashboard import words
from sent_server.dashboard.errors import nothing_here
from sent_server.dashboard.visit import Visit
from sent_server.db import Tx
from sent_server.delivery import attempt_log
from sent_server.delivery.attempt_log import LoggedAttempt
from sent_server.kernel import plurals, segments
from sent_server.kernel.values import value_object
from sent_server.ledger import service as ledger
from sent_server.ledger.model import round_ref
from sent_server.messages import attempt_states, reading, wire
from sent_server.messages.model import Message, MessageEvent, StoredPlan, load_contents, load_plans
from sent_server.messages.reading import MessageHistory
from sent_server.messages.statuses import DELIVERED, FAILED, PROCESSED, READ, RECEIVED, SENT

ENDED_BADLY = (FAILED, "FILTERED", "BLOCKED")
ATTEMPT_WORDS: Mapping[str, str] = {
    attempt_states.SUBMITTING: "Being submitted",
    attempt_states.UNKNOWN: "The carrier's answer was lost",
    attempt_states.LATER: "Deferred by the carrier",
    attempt_states.REJECTED: "Rejected",
    attempt_states.SENT: "Taken by the carrier",
    attempt_states.FAILED: "Failed",
    attempt_states.DELIVERED: "Delivered",
    attempt_states.READ: "Read",
}

ENTRY_WORDS = {"hold": "Held when accepted", "capture": "Charged", "release": "Released", "refund": "Refunded"}


@value_object
class TimelineRow:
    status: str
    title: str
    detail: str
    after: str
    at_ms: int


@value_object
class Choice:
    """A channel and why it was chosen or not. `order` is "1st", "2nd" or "no"."""

    channel: str
    order: str
    reason: str
    price: str


@value_object
class View:
    message: Message
    headline: str
    timeline: Sequence[TimelineRow]
    choices: Sequence[Choice]
    is_automatic: bool
    attempts: Sequence[LoggedAttempt]
    content: MessageContent | None
    encoding: str
    money: Sequence[tuple[str, str]]
    cost: str
    template: str
    sender: str
    raw: dict[str, object]

    def attempt_words(self, attempt: LoggedAttempt) -> str:
        return ATTEMPT_WORDS.get(attempt.state, attempt.state)


async def show(visit: Visit) -> Response:
    view = await visit.read(lambda tx: _view(tx, visit))
    if view is None:
        raise nothing_here()
    return visit.answer("message", view)


async def _view(tx: Tx, visit: Visit) -> View | None:
    customer_id, message_id = visit.place.customer_id, visit.params["id"]
    history = await reading.one(tx, customer_id, message_id)
    if history is None:
        return None
    message, batch = history.message, history.batch
    plan = load_plans(batch.plans_json)[message.plan_number]
    contents = load_contents(batch.contents_json)
    channel = message.channel or (plan.legs[0].channel if plan.legs else "")
    content = contents.get(channel)
    leg = next((one for one in plan.legs if one.channel == channel), None)
    return View(
        message=message,
        headline=headline(history),
        timeline=[_row(event, history.events[0].at_ms) for event in history.events if event.status != PROCESSED],
        choices=_choices(plan),
        is_automatic=len(plan.judgements) > 1,
        attempts=await attempt_log.of_message(tx, customer_id, message_id),
        content=content,
        encoding=_encoding(content) if channel == "sms" and content else "",
        money=await _money(tx, message, batch.ledger_id),
        cost=words.price(message.price_micros) or "$0.0000",
        template=batch.template_name or "",
        sender=words.number(leg.sender) if leg else "",
        raw=wire.message(message, batch, history.events),
    )


async def _money(tx: Tx, message: Message, ledger_id: str) -> list[tuple[str, str]]:
    """What the ledger did for the message, as (words, amount)."""
    moved = await ledger.moved(tx, ledger_id, round_ref(message.id))
    return [(label, words.price(moved[kind])) for kind, label in ENTRY_WORDS.items() if kind in moved]


def headline(history: MessageHistory) -> str:
    """The outcome in one sentence."""
    message, start_ms = history.message, history.events[0].at_ms
    channel = words.channel(message.channel)
    took = {event.status: words.took(event.at_ms - start_ms) for event in history.events}
    match message.status:
        case _ if message.status == RECEIVED:
            return f"Received by {channel}."
        case _ if message.status == READ:
            return f"Read on {channel} {took[READ]} after it was accepted."
        case _ if message.status == DELIVERED:
            return f"Delivered by {channel} in {took[DELIVERED]}."
        case _ if message.status == SENT:
            return f"Sent by {channel}. The carrier's receipt has not arrived yet."
        case _ if message.status in ENDED_BADLY:
            why = history.events[-1].description or ""
            return f"{words.state(message.status).word}: {why.partition(': ')[2] or why}"
        case _:
            return f"{words.state(message.status).word}."


def _row(event: MessageEvent, start_ms: int) -> TimelineRow:
    it = words.state(event.status)
    by = "" if event.channel in ("sent", "") else f" by {words.channel(event.channel)}"
    title = "Accepted" if event.status == "QUEUED" else f"{it.word}{by}"
    return TimelineRow(event.status, title, event.description or "", words.took(event.at_ms - start_ms), event.at_ms)


def _choices(plan: StoredPlan) -> list[Choice]:
    order = {leg.channel: number for number, leg in enumerate(plan.legs)}
    prices = {leg.channel: words.price(leg.price_micros) for leg in plan.legs}
    names = ("1st", "2nd", "3rd", "4th")
    found = [
        Choice(
            judged.channel,
            names[order[judged.channel]] if judged.channel in order else "no",
            judged.reason,
            prices.get(judged.channel, ""),
        )
        for judged in plan.judgements
    ]
    return sorted(found, key=lambda choice: order.get(choice.channel, len(names)))


def _encoding(content: MessageContent) -> str:
    found = segments.count(content.content)
    return f"{plurals.counted(found.segments, 'segment')}, {found.encoding}"
