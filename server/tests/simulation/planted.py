"""Bugs to plant into the engine, each of which the simulation must catch. A bug is an edit of one function's source."""

import asyncio
import contextlib
import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from sent_server import events
from sent_server.db import Tx
from sent_server.delivery import outcomes, prepare, receipts
from sent_server.delivery.message_updates import MessageUpdates
from sent_server.events import fan_out_store
from sent_server.http.idempotency import Idempotency
from sent_server.messages import cancel, held, lifecycle, rounds
from sent_server.webhooks import attempt
from simulation.scheduler import here
from simulation.world import EMIT, FREEZING


@dataclass(frozen=True)
class Bug:
    """In `function`, `old` becomes `new`, which may use `names` besides the module's own.

    `within` seeds must show it: at least nine times as many as it takes on average, since any change of the engine
    makes other worlds of the same seeds. `freezing`: look at the worlds where processes freeze.
    `first`: the place of a seed that has shown it, where the search begins, so that a rare one takes no minutes.
    """

    function: Callable[..., Any]
    old: str
    new: str
    within: int
    names: Mapping[str, Any] = field(default_factory=dict[str, Any])
    freezing: bool = False
    first: int = 0

    @property
    def seeds(self) -> Iterable[int]:
        seeds = range(FREEZING, 4 * self.within, 4) if self.freezing else range(self.within)
        return [*seeds[self.first :], *seeds[: self.first]]

    @contextlib.contextmanager
    def planted(self) -> Iterator[None]:
        function = self.function
        assert isinstance(function, FunctionType)
        source = textwrap.dedent(inspect.getsource(function))
        assert source.count(self.old) == 1, f"{function.__qualname__} has changed: look for another place for this bug"
        made: dict[str, Any] = {}
        exec(source.replace(self.old, self.new), {**function.__globals__, **self.names}, made)
        code, function.__code__ = function.__code__, made[function.__name__].__code__
        added = [name for name in self.names if name not in function.__globals__]
        function.__globals__.update({name: self.names[name] for name in added})
        try:
            yield
        finally:
            function.__code__ = code
            for name in added:
                del function.__globals__[name]


def _emit_after_commit(tx: Tx, wanted: Any) -> None:
    """What a queue flushed outside of the transaction does: mostly it works."""
    process = here()
    assert process is not None
    database = process.database

    async def emit() -> None:
        await database.write(lambda inner: events.emit(inner, wanted))

    tasks: list[asyncio.Task[None]] = []
    tx.after_commit(lambda: tasks.append(asyncio.create_task(emit())))


BUGS = {
    "the fence is not looked at": Bug(
        outcomes._record, "fences.get(p.job.id) == p.job.fence", "True", 60, freezing=True
    ),
    "every receipt captures again": Bug(MessageUpdates._charge, "if subject.settled_at_ms is None:", "if True:", 20),
    "the first leg that is sent is charged for good": Bug(
        MessageUpdates._charge, "if settles(subject.progress):", "if True:", 400
    ),
    "a cheaper leg that arrives after all brings nothing back": Bug(
        MessageUpdates._charge, "price_micros < charged_micros", "False", 600, first=160
    ),
    "what was released is shown as the price": Bug(
        MessageUpdates._give_back,
        "subject.price_micros = None",
        "subject.price_micros = subject.planned_leg.price_micros",
        20,
    ),
    "a receipt of one leg is shown as another's": Bug(
        MessageUpdates._show, "subject.plan.legs[leg].channel", "subject.plan.legs[subject.leg].channel", 100
    ),
    "receivers hear of the first leg only": Bug(
        MessageUpdates._record, "if status in announce.ANNOUNCED:", "if status in announce.ANNOUNCED and leg == 0:", 20
    ),
    "a FAILED receipt no longer starts the next leg": Bug(
        receipts._apply,
        "changes.apply(subject, step, failure=failure)",
        "step.next_leg is None and changes.apply(subject, step, failure=failure)",
        20,
    ),
    "events are emitted after the commit": Bug(
        MessageUpdates._announce,
        "await events.emit(tx, wanted, interest)",
        "_emit_after_commit(tx, wanted)",
        100,
        {"_emit_after_commit": _emit_after_commit},
    ),
    "parked receipts stay parked": Bug(
        receipts.match_parked, "parked = await receipt_store.parked(tx, carrier, refs)", "parked = []", 50
    ),
    "a lost answer makes a new attempt although the carrier takes a key": Bug(
        prepare._next_number, "return previous.number\n", "return previous.number + 1\n", 100
    ),
    "a stored answer is not replayed": Bug(
        Idempotency._stored, "found[claim.scope] = StoredAnswer(", "_ = StoredAnswer(", 20
    ),
    "a post without an answer counts as delivered": Bug(
        attempt._outcome, "None, None, None, None", "200, None, None, None", 20
    ),
    "what comes after the first portion is not written": Bug(
        fan_out_store.advance, "if done < row.total:", "if False:", 30
    ),
    "small events overtake a large fan-out that is not complete": Bug(
        EMIT._large, "or customer_id in known.fanning_out", "", 300
    ),
    "a delivery that was lost is recorded all the same": Bug(
        events.record, "RECORD,", "RECORD.replace('AND fence = :fence', 'AND :fence > 0'),", 60, freezing=True
    ),
    "a held message is released before its time": Bug(held.job, "scheduled_at_ms, now_ms)", "now_ms, now_ms)", 20),
    "a message is cancelled although it was released": Bug(
        cancel.cancel, "if message.status != SCHEDULED:", "if message.status == 'QUEUED':", 60
    ),
    "a receipt of an earlier round counts": Bug(lifecycle.on_receipt, "if leg < 0:", "if leg < -99:", 200),
    "a round has the reference of the first one": Bug(
        rounds._add_work, "entries.round_ref(message.id, message.round)", "entries.round_ref(message.id)", 60
    ),
    "a receipt may move a status back": Bug(
        receipts._apply, "step = on_receipt(subject.progress, leg=leg, kind=state, falls_back=falls_back)",
        "step = type(on_receipt(subject.progress, leg=leg, kind=state))(state, leg)", 20,
    ),
}  # fmt: skip
