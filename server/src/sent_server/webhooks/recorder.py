"""Writes down what receivers answered: everything of a moment in one transaction.

A moment is a few milliseconds. What a crash takes with it is sent once more, as whatever was on its way then.
"""

import asyncio
from collections.abc import Sequence

import structlog

from sent_server.db import Database, StorageUnavailableError, Tx, write_with_retry
from sent_server.webhooks import outcomes
from sent_server.webhooks.model import DeliveryOutcome

log = structlog.get_logger()
MOMENT_S = 0.01


class Recorder:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[DeliveryOutcome] = []
        self._writing: asyncio.Task[None] | None = None
        self._held = 0

    @property
    def held(self) -> int:
        """Outcomes that are not written yet."""
        return self._held

    def add(self, outcome: DeliveryOutcome) -> None:
        self._waiting.append(outcome)
        self._held += 1
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all(), name="webhooks-record")

    async def stop(self, *, within_s: float) -> None:
        """Write the last ones, if the database takes them."""
        if self._writing:
            await asyncio.wait({self._writing}, timeout=within_s)

    async def _write_all(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, []
            await self._write(together)
            self._held -= len(together)
            if self._held:
                await asyncio.sleep(MOMENT_S)
        self._writing = None

    async def _write(self, together: Sequence[DeliveryOutcome]) -> None:
        try:
            await write_with_retry(lambda: self._database.write_batched(_record_sets, together, weight=len(together)))
        except StorageUnavailableError as error:
            log.error("webhook.outcomes_lost", count=len(together), error=str(error))
        except Exception:
            if len(together) == 1:
                # The lease gives it back: the receiver hears the event twice rather than never.
                log.exception("webhook.outcome_lost", delivery_id=together[0].claimed.id)
                return
            for outcome in together:  # one bad one must not take its neighbours along
                await self._write([outcome])


async def _record_sets(tx: Tx, commands: Sequence[Sequence[DeliveryOutcome]]) -> Sequence[None]:
    await outcomes.record(tx, [outcome for together in commands for outcome in together])
    return [None] * len(commands)
