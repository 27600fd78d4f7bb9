"""Overview: does it work, and what should I do next?"""

from collections.abc import Mapping, Sequence

from starlette.responses import Response

from sent_server.dashboard import handset, words
from sent_server.dashboard.handset import Screen
from sent_server.dashboard.visit import Visit
from sent_server.db import Tx
from sent_server.kernel.paging import Page
from sent_server.kernel.values import value_object
from sent_server.ledger import service as ledger
from sent_server.messages import reading
from sent_server.messages.reading import EndedMessage, MessageHistory
from sent_server.messages.statuses import DELIVERED, FAILED, READ, RECEIVED, SENT
from sent_server.webhooks import service as webhooks

DAY_MS = 86_400_000
TRACK = ("QUEUED", "ROUTED", "SENT", "DELIVERED", "READ")
NOT_SENT = ("FAILED", "FILTERED", "BLOCKED")


@value_object
class Step:
    """`took` is empty while the message has not come so far."""

    mark: str
    tone: str
    label: str
    took: str


@value_object
class Todo:
    done: bool
    label: str
    detail: str
    action: str = ""
    url: str = ""
    command: str = ""


@value_object
class Bar:
    label: str
    count: str
    percent: int
    tone: str = ""


@value_object
class View:
    headline: str
    detail: str
    track: Sequence[Step]
    todos: Sequence[Todo]
    bars: Sequence[Bar]
    failed: Sequence[EndedMessage]
    balance: str
    screen: Screen | None

    @property
    def done(self) -> int:
        return sum(todo.done for todo in self.todos)


async def show(visit: Visit) -> Response:
    if visit.wants_part == "chat" and visit.is_admin:
        return visit.fragment("chat", screen=await visit.read(lambda tx: _screen(tx, visit)))
    return visit.answer("overview", await visit.read(lambda tx: _view(tx, visit)))


async def _screen(tx: Tx, visit: Visit) -> Screen:
    return await handset.screen_of_first(tx, visit, await reading.first(tx, visit.place.customer_id))


async def _view(tx: Tx, visit: Visit) -> View:
    customer_id, since_ms = visit.place.customer_id, visit.now_ms - DAY_MS
    first = await reading.first(tx, customer_id)
    counts = await reading.counts(tx, customer_id, since_ms=since_ms)
    failed = await reading.ended(tx, customer_id, NOT_SENT, since_ms=since_ms, count=5)
    _, hooks = await webhooks.list_page(tx, customer_id, page=Page(size=1), pattern=None, is_active=None)
    balances = await ledger.balances(tx, visit.caller.ledger_id)
    return View(
        headline=_headline(first),
        detail=_detail(first),
        track=_track(first),
        todos=_todos(visit, first, counts, hooks),
        bars=_bars(counts),
        failed=failed,
        balance=words.balance(balances.available_micros),
        screen=await handset.screen_of_first(tx, visit, first) if visit.is_admin else None,
    )


def _reached(history: MessageHistory, status: str) -> int | None:
    """Milliseconds from the first event to this status."""
    start_ms = history.events[0].at_ms
    return next((event.at_ms - start_ms for event in history.events if event.status == status), None)


def _headline(first: MessageHistory | None) -> str:
    if first is None:
        return "No message has been sent yet."
    if first.message.status in (FAILED, *NOT_SENT):
        return "Your first message was not delivered."
    took_ms = _reached(first, DELIVERED)
    return (
        "Your first message is on its way."
        if took_ms is None
        else (f"Your first message was delivered in {words.took(took_ms)}.")
    )


def _detail(first: MessageHistory | None) -> str:
    if first is None:
        return "Send one with the command below, or with any Sent client that uses this server's address."
    message, name = first.message, first.batch.template_name
    what = f"The template {name}" if name else "A text"
    by = f" by {words.channel(message.channel)}" if message.channel else ""
    cost = f" for {words.price(message.price_micros)}" if message.price_micros else ""
    return f"{what} went to {words.number(message.phone)}{by}{cost}."


def _track(first: MessageHistory | None) -> list[Step]:
    steps: list[Step] = []
    for status in TRACK if first else ():
        it, took_ms = words.state(status), _reached(first, status) if first else None
        label = "Accepted" if status == TRACK[0] else it.word
        known = took_ms is not None
        steps.append(Step(it.mark, it.tone if known else "", label, words.took(took_ms) if known else ""))
    return steps


def _todos(visit: Visit, first: MessageHistory | None, counts: Mapping[str, int], hooks: int) -> list[Todo]:
    arrived = first is not None and first.message.status in (DELIVERED, READ)
    sent = sum(count for status, count in counts.items() if status != RECEIVED)
    url = visit.parts.base_url
    command = (
        f'curl {url}/v3/messages -H "x-api-key: $SENT_API_KEY" \\\n'
        f'  -d \'{{"to": ["+14155550101"], "template": {{"name": "welcome"}}}}\''
    )
    return [
        Todo(True, "Start the server", "It runs, and this account is set up"),
        Todo(arrived, "Watch a message arrive", "On the phone beside this list", "Open phones", visit.link("/phones")),
        Todo(
            RECEIVED in counts,
            "Answer as the phone",
            "Type STOP: the person is opted out, and the next send is refused",
        ),
        Todo(sent > 1, "Send one yourself", "With this call, from any program", command=command),
        Todo(
            hooks > 0,
            "Receive an event",
            "Add a webhook: every status is posted to it",
            "How webhooks work",
            "/docs/guides/how-to/receive-webhooks",
        ),
    ]


def _bars(counts: Mapping[str, int]) -> list[Bar]:
    outbound = {status: count for status, count in counts.items() if status != RECEIVED}
    total = sum(outbound.values())
    read = outbound.get(READ, 0)
    delivered = read + outbound.get(DELIVERED, 0)
    sent = delivered + outbound.get(SENT, 0)
    rows = (("Accepted", total, ""), ("Sent", sent, ""), ("Delivered", delivered, "good"), ("Read", read, "read"))
    return [
        Bar(label, words.count(count), round(100 * count / total) if total else 0, tone) for label, count, tone in rows
    ]
