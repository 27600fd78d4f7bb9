"""Sends due deliveries concurrently. The queue is in the database: leases return the work of a process that dies.

claim (one transaction) -> sign, POST (concurrently) -> record (one transaction for all finished attempts)
"""

import asyncio
import functools
from collections import Counter
from collections.abc import Mapping, Sequence

import structlog

from sent_server import events
from sent_server.bus import Bus
from sent_server.db import Database, StorageUnavailableError, Tx
from sent_server.egress import Egress
from sent_server.events import DueEndpoint
from sent_server.jobs import Worker
from sent_server.jobs.leases import LeaderLease
from sent_server.outbound import OpenAttempts, OutcomeRecorder, TargetLimiter
from sent_server.webhooks import claims, fan_out, outcomes, parking, store
from sent_server.webhooks.attempt import Clocks, attempt
from sent_server.webhooks.claims import Ready, TargetResolver
from sent_server.webhooks.due_endpoints import DueEndpoints
from sent_server.webhooks.endpoint_leases import RENEW_EVERY_MS, TAKE_OVER_EVERY_MS, EndpointLeases
from sent_server.webhooks.model import DeliveryOutcome
from sent_server.webhooks.parking import Keep
from sent_server.webhooks.store import Key

log = structlog.get_logger()
TOPIC = events.TOPIC
POLL_MS = 100
TIDY_EVERY_MS = 30_000
TIDY_AT_ONCE = 100
FAN_OUT_EVERY_MS = 100
FAN_OUT_AT_ONCE = 20  # customers
PARK_EVERY_MS = 250
PARK_AT_ONCE = 100
RELEASE_EVERY_MS = 500
STOP_WITHIN_S = 5
LOG_KEPT_MS = 30 * 86_400_000


class Sender:
    def __init__(
        self,
        *,
        database: Database,
        bus: Bus,
        egress: Egress,
        book: TargetResolver,
        clocks: Clocks,
        current_names_only: bool,
        log_kept_ms: int = LOG_KEPT_MS,
        keep: Keep = Keep(),  # noqa: B008 - a frozen value
        alone: bool = False,
    ) -> None:
        self._database = database
        self._bus = bus
        self._egress = egress
        self._book = book
        self._clocks = clocks
        self._current_names_only = current_names_only
        self._log_kept_ms = log_kept_ms
        self._keep = keep
        self._limiter = TargetLimiter()
        self._due = DueEndpoints(
            database, now_ms=clocks.now_ms, monotonic_ms=clocks.monotonic_ms, wake=lambda: bus.wake(TOPIC)
        )
        self._recorder = OutcomeRecorder("webhook", self._record, describe=_described)
        self._leases = EndpointLeases(database, clocks.now_ms, alone=alone)
        self._tidying = LeaderLease(database, clocks, f"{TOPIC}-tidy", lease_ms=2 * TIDY_EVERY_MS)
        self._attempts: OpenAttempts[Ready] = OpenAttempts()
        self._tidied_up_to: Key = ("", "")
        self._fanned_out_up_to = ""
        self._workers = [
            Worker(TOPIC, bus, self.step, poll_ms=POLL_MS),
            Worker(f"{TOPIC}-leases", bus, self.renew_leases, poll_ms=RENEW_EVERY_MS),
            Worker(f"{TOPIC}-take-over", bus, self.take_over, poll_ms=TAKE_OVER_EVERY_MS),
            Worker(f"{TOPIC}-fan-out", bus, self.fan_out, poll_ms=FAN_OUT_EVERY_MS),
            Worker(f"{TOPIC}-park", bus, self.park, poll_ms=PARK_EVERY_MS),
            Worker(f"{TOPIC}-release", bus, self.release, poll_ms=RELEASE_EVERY_MS),
            Worker(f"{TOPIC}-tidy", bus, self.tidy, poll_ms=TIDY_EVERY_MS),
        ]

    def start(self) -> None:
        for worker in self._workers:
            worker.start()

    async def stop(self) -> None:
        """Finish open requests that end soon, and leave the rest to other processes."""
        await asyncio.gather(*(worker.stop() for worker in self._workers))
        await self._attempts.stop(within_s=STOP_WITHIN_S)
        await self._recorder.stop(within_s=STOP_WITHIN_S)
        try:
            await self._leases.release_all()
            await self._tidying.release()
        except StorageUnavailableError as error:
            log.warning("webhook.leases_not_released", error=str(error))

    @property
    def open_count(self) -> int:
        """Deliveries that are being sent or recorded."""
        return len(self._attempts) + self._recorder.held

    @property
    def pause_ms(self) -> int:
        """The time until a step scans the queue again. Until then, steps serve the endpoints known to have more."""
        return self._due.pause_ms

    async def recover(self) -> None:
        """Return the claims of a killed process to the queue. Only if no other process sends (SQLite)."""
        now_ms = self._clocks.now_ms()
        await self._database.write(lambda tx: events.release_all(tx, now_ms=now_ms))

    async def step(self) -> bool:
        """Start due deliveries within the limits. Returns whether any was started."""
        due = await self._due.endpoints()
        now_ms = self._clocks.now_ms()
        ours = self._leases.possible([one.endpoint_id for one in due])
        shares = self._limiter.share(
            [one.endpoint_id for one in due if one.endpoint_id in ours], now_ms=self._clocks.monotonic_ms()
        )
        chosen = [one for one in due if one.endpoint_id in shares]
        if not chosen:
            return False
        ready = await self._database.write(lambda tx: self._take(tx, chosen, shares, now_ms))
        got = Counter(one.claimed.endpoint_id for one in ready)
        for name, share in shares.items():
            self._due.note(name, asked=share, got=got[name])
        opened_at_ms = self._clocks.monotonic_ms()
        for one in ready:
            self._limiter.open(one.claimed.endpoint_id, one.claimed.lease, now_ms=opened_at_ms)
            self._attempts.start(one, self._deliver(one))
        return bool(ready)

    async def _take(self, tx: Tx, chosen: Sequence[DueEndpoint], shares: Mapping[str, int], now_ms: int) -> list[Ready]:
        ours = await self._leases.take(tx, [one.endpoint_id for one in chosen], now_ms=now_ms)
        mine = [one for one in chosen if one.endpoint_id in ours]
        return await claims.take(tx, mine, shares, self._book, now_ms=now_ms)

    async def renew_leases(self) -> bool:
        await self._leases.renew(self._limiter.in_use())
        return False

    async def take_over(self) -> bool:
        """Take over the endpoints of dead processes."""
        if await self._leases.take_over():
            self._bus.wake(TOPIC)
        return False

    async def tidy(self) -> bool:
        """Clean up some endpoints, in one process for all. Starts over at the end, after a pause."""
        if not await self._tidying.is_leader():
            return False
        after = self._tidied_up_to
        keys = await self._database.read(lambda tx: store.endpoints_after(tx, after, count=TIDY_AT_ONCE))
        self._tidied_up_to = keys[-1] if len(keys) == TIDY_AT_ONCE else ("", "")
        if not keys:
            return False
        now_ms, kept_ms = self._clocks.now_ms(), self._log_kept_ms
        done = await self._database.write(
            lambda tx: outcomes.tidy(tx, keys, now_ms=now_ms, kept_ms=kept_ms, keep=self._keep)
        )
        if done < len(keys):  # that endpoint is not done
            self._tidied_up_to = keys[done - 1] if done else after
            return True
        return len(keys) == TIDY_AT_ONCE

    async def fan_out(self) -> bool:
        """Write a portion of the deliveries of each customer with a large fan-out, round-robin."""
        after = self._fanned_out_up_to
        customers = await self._database.read(lambda tx: events.fanning_out(tx, after=after, count=FAN_OUT_AT_ONCE))
        wrote = False
        for customer_id in customers:
            self._fanned_out_up_to = customer_id  # if this one crashes, the next ones still have their turn
            write = functools.partial(fan_out.write_portion, customer_id=customer_id, count=fan_out.WRITTEN_AT_ONCE)
            if await self._database.write(write):
                self._bus.hint(TOPIC)
                wrote = True
        if len(customers) < FAN_OUT_AT_ONCE:
            self._fanned_out_up_to = ""
        return wrote or bool(after)

    async def park(self) -> bool:
        """Take the due deliveries of webhooks that are off out of the queue, so that scans do not meet them again."""
        off = self._due.take_off()[:PARK_AT_ONCE]
        if off:
            now_ms = self._clocks.now_ms()
            await self._database.write(lambda tx: parking.park(tx, off, now_ms=now_ms))
        return False

    async def release(self) -> bool:
        """Put the parked events of webhooks that are on again back into the queue, in one process for all."""
        if not await self._tidying.is_leader():
            return False
        if not await self._database.read(lambda tx: store.releasing(tx, count=1)):
            return False
        now_ms = self._clocks.now_ms()
        more = await self._database.write(lambda tx: parking.go_on(tx, now_ms=now_ms))
        self._bus.wake(TOPIC)
        return more

    async def _deliver(self, ready: Ready) -> None:
        endpoint_id, lease, ok = ready.claimed.endpoint_id, ready.claimed.lease, False
        try:
            outcome = await attempt(ready, self._egress, self._clocks, current_names_only=self._current_names_only)
            ok = outcome.succeeded
        finally:
            self._limiter.close(endpoint_id, lease, now_ms=self._clocks.monotonic_ms(), ok=ok)
            self._bus.wake(TOPIC)
        self._recorder.add(outcome)

    async def _record(self, together: Sequence[DeliveryOutcome]) -> None:
        await self._database.write_batched(outcomes.record, together, weight=len(together))


def _described(outcome: DeliveryOutcome) -> dict[str, str]:
    return {"delivery_id": outcome.claimed.id}
