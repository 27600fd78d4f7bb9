"""Sends due deliveries, many at a time. The queue is in the database: what this process loses, a lease gives back.

claim (one transaction) -> sign, POST (concurrently) -> record (one transaction for all that finished meanwhile)
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

import structlog

from sent_server import events
from sent_server.bus import Bus
from sent_server.db import Database, StorageUnavailableError, Tx, until_written
from sent_server.db.failpoint import failpoint
from sent_server.egress import Answer, Egress, Failed, Refused, Result
from sent_server.events import DueEndpoint
from sent_server.jobs import Worker
from sent_server.jobs.leases import Duty
from sent_server.kernel.clock import monotonic_ms
from sent_server.webhooks import body as bodies
from sent_server.webhooks import claims, outcomes, request, store
from sent_server.webhooks.claims import Book, Ready
from sent_server.webhooks.lanes import Lanes
from sent_server.webhooks.model import Outcome
from sent_server.webhooks.turns import KEEP_EVERY_MS, TAKE_OVER_EVERY_MS, Turns

log = structlog.get_logger()
TOPIC = events.TOPIC
POLL_MS = 100
TIDY_EVERY_MS = 30_000
TIDY_AT_ONCE = 100
STOP_WITHIN_S = 5
LOG_KEPT_MS = 30 * 86_400_000


@dataclass(frozen=True, slots=True)
class Clocks:
    """`now_ms` is the platform's time, which may be simulated; `wall_ms` the time that receivers check."""

    now_ms: Callable[[], int]
    wall_ms: Callable[[], int]
    monotonic_ms: Callable[[], int] = monotonic_ms


class Sender:
    def __init__(
        self,
        *,
        database: Database,
        bus: Bus,
        egress: Egress,
        book: Book,
        clocks: Clocks,
        clean_body: bool,
        log_kept_ms: int = LOG_KEPT_MS,
        alone: bool = False,
    ) -> None:
        self._database = database
        self._bus = bus
        self._egress = egress
        self._book = book
        self._clocks = clocks
        self._clean_body = clean_body
        self._log_kept_ms = log_kept_ms
        self._lanes = Lanes()
        self._turns = Turns(database, clocks.now_ms, alone=alone)
        self._tidying = Duty(database, clocks, f"{TOPIC}-tidy", lease_ms=2 * TIDY_EVERY_MS)
        self._open: set[asyncio.Task[None]] = set()
        self._tidied_up_to = ("", "")
        self._workers = [
            Worker(TOPIC, bus, self.step, poll_ms=POLL_MS),
            Worker(f"{TOPIC}-turns", bus, self.keep_turns, poll_ms=KEEP_EVERY_MS),
            Worker(f"{TOPIC}-take-over", bus, self.take_over, poll_ms=TAKE_OVER_EVERY_MS),
            Worker(f"{TOPIC}-tidy", bus, self.tidy, poll_ms=TIDY_EVERY_MS),
        ]

    def start(self) -> None:
        for worker in self._workers:
            worker.start()

    async def stop(self) -> None:
        """Finish what is open if it ends soon, and leave the rest to the others."""
        await asyncio.gather(*(worker.stop() for worker in self._workers))
        if self._open:
            _, late = await asyncio.wait(self._open, timeout=STOP_WITHIN_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        try:
            await self._turns.lay_down_all()
            await self._tidying.lay_down()
        except StorageUnavailableError as error:
            log.warning("webhook.turns_not_laid_down", error=str(error))

    @property
    def open_count(self) -> int:
        """Deliveries that are being sent or recorded."""
        return len(self._open)

    async def recover(self) -> None:
        """Take back what a killed process was sending. Only when no other process sends (SQLite)."""
        now_ms = self._clocks.now_ms()
        await self._database.write(lambda tx: events.release_all(tx, now_ms=now_ms))

    async def step(self) -> bool:
        """Start as much of what is due as there is room for; says whether it started anything."""
        now_ms = self._clocks.now_ms()
        due = await self._database.read(lambda tx: claims.sendable(tx, now_ms=now_ms))
        ours = self._turns.possible([one.endpoint_id for one in due])
        shares = self._lanes.share(
            [one.endpoint_id for one in due if one.endpoint_id in ours], now_ms=self._clocks.monotonic_ms()
        )
        chosen = [one for one in due if one.endpoint_id in shares]
        if not chosen:
            return False
        ready = await self._database.write(lambda tx: self._take(tx, chosen, shares, now_ms))
        for one in ready:
            self._lanes.lane(one.target.endpoint_id).open(one.claimed.lease, now_ms=self._clocks.monotonic_ms())
            task = asyncio.create_task(self._deliver(one))
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        return bool(ready)

    async def _take(self, tx: Tx, chosen: Sequence[DueEndpoint], shares: Mapping[str, int], now_ms: int) -> list[Ready]:
        ours = await self._turns.take(tx, [one.endpoint_id for one in chosen], now_ms=now_ms)
        mine = [one for one in chosen if one.endpoint_id in ours]
        return await claims.take(tx, mine, shares, self._book, now_ms=now_ms)

    async def keep_turns(self) -> bool:
        await self._turns.keep(self._lanes.in_use())
        return False

    async def take_over(self) -> bool:
        """Go on with what a dead process was sending."""
        if await self._turns.take_over():
            self._bus.hint(TOPIC)
        return False

    async def tidy(self) -> bool:
        """Look after some endpoints, in one process for all; starts over at the end, after a pause."""
        if not await self._tidying.mine():
            return False
        after = self._tidied_up_to
        keys = await self._database.read(lambda tx: store.endpoints_after(tx, after, count=TIDY_AT_ONCE))
        self._tidied_up_to = keys[-1] if len(keys) == TIDY_AT_ONCE else ("", "")
        if keys:
            now_ms, kept_ms = self._clocks.now_ms(), self._log_kept_ms
            await self._database.write(lambda tx: outcomes.tidy(tx, keys, now_ms=now_ms, kept_ms=kept_ms))
        return len(keys) == TIDY_AT_ONCE

    async def _deliver(self, ready: Ready) -> None:
        claimed, target = ready.claimed, ready.target
        lane = self._lanes.lane(target.endpoint_id)
        started_at_ms = self._clocks.now_ms()
        ok = False
        try:
            result = await self._post(ready)
            failpoint("after_post_before_record")
            ok = isinstance(result, Answer) and result.ok
        except Exception:
            log.exception("webhook.request_crashed", delivery_id=claimed.id)
            result = Refused("The request could not be made")
        finally:
            lane.close(claimed.lease, now_ms=self._clocks.monotonic_ms(), ok=ok)
            self._bus.hint(TOPIC)
        outcome = _outcome(ready, result, started_at_ms=started_at_ms, finished_at_ms=self._clocks.now_ms())
        try:
            await until_written(lambda: self._database.write_batched(outcomes.record, outcome))
        except Exception:
            # The lease gives it back: the receiver hears the event twice rather than never.
            log.exception("webhook.outcome_lost", delivery_id=claimed.id)

    async def _post(self, ready: Ready) -> Result:
        claimed, target = ready.claimed, ready.target
        url = claimed.callback_url or target.url
        assert url is not None
        body = bodies.encode(ready.content, claimed.field, clean=self._clean_body)
        headers = request.headers(
            target,
            field=claimed.field,
            event_name=claimed.event_name,
            event_id=claimed.event_id,
            body=body,
            wall_ms=self._clocks.wall_ms(),
        )
        return await self._egress.post(url, body, headers, timeout_seconds=target.timeout_seconds)


def _outcome(ready: Ready, result: Result, *, started_at_ms: int, finished_at_ms: int) -> Outcome:
    status, text, error, retry_after_s = None, None, None, None
    match result:
        case Answer():
            status, text, retry_after_s = result.status, result.text or None, result.retry_after_s
            error = None if result.ok else f"The endpoint answered HTTP {result.status}"
        case Failed() | Refused():
            error = result.reason
        case _:
            assert_never(result)
    return Outcome(
        claimed=ready.claimed,
        retry_count=ready.target.retry_count,
        started_at_ms=started_at_ms,
        finished_at_ms=finished_at_ms,
        status=status,
        text=text,
        error=error,
        retry_after_s=retry_after_s,
        refused=isinstance(result, Refused),
    )
