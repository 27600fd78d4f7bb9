"""Runs a route's handler in its transaction, with idempotency and sandbox. Returns the outcome to render."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import field
from typing import Any, assert_never

from sent_server.db import Batch, Database, Tx
from sent_server.db.failpoint import failpoint
from sent_server.errors import ApiError
from sent_server.http import idempotency, once
from sent_server.http.fields import RequestBody
from sent_server.http.idempotency import Claim, Idempotency, InFlight
from sent_server.http.reply import Outcome, Reply
from sent_server.http.route import (
    AnyCommand,
    BatchCommand,
    Call,
    Command,
    ExternalCommand,
    ExternalQuery,
    Query,
    Route,
)
from sent_server.kernel.values import value_object

Run = Callable[[Tx], Awaitable[Reply]]


class _UndoError(Exception):
    """Rolls back the effects of a sandbox request. Never leaves this module."""


@value_object
class Executor:
    database: Database
    idempotency: Idempotency
    in_flight: InFlight
    _batches: dict[BatchCommand, Batch[Any, Outcome]] = field(default_factory=dict[BatchCommand, Batch[Any, Outcome]])

    async def run(self, route: Route, call: Call, body: RequestBody | None, key: str | None) -> Outcome:
        """Raises ApiError for errors that are not stored."""
        match route.handler:
            case Query(run=query, heavy_when=heavy_when, heavy=heavy):
                heavy = heavy or any(map(call.query.get, heavy_when))
                return await self.database.read(lambda tx: query(tx, call), heavy=heavy)
            case ExternalQuery(run=ask):
                return await ask(call)
            case Command() | BatchCommand() | ExternalCommand() as command:
                assert body is not None
                return await self._run_once(route, command, call, body, key)
            case _:
                assert_never(route.handler)

    async def run_public(self, command: Run, *, sandbox: bool) -> Reply:
        """A mutation without an API key. Raises ApiError for its errors."""
        return await self.database.write((lambda tx: _rehearse(tx, command)) if sandbox else command)

    async def _run_once(
        self, route: Route, command: AnyCommand, call: Call, body: RequestBody, key: str | None
    ) -> Outcome:
        if key is None:
            return await self._mutate(route, command, call, body, None)
        mode = "sandbox" if call.sandbox else "live"
        operation = idempotency.operation(route.method, route.path, call.path)
        claim = Claim(call.caller.customer_id, mode, key, operation, call.request_id, call.now_ms, route.sealed)
        if not self.in_flight.enter(claim):
            return await self._look_up(route, call, claim)
        try:
            return await self._mutate(route, command, call, body, claim)
        finally:
            self.in_flight.leave(claim)

    async def _mutate(
        self, route: Route, command: AnyCommand, call: Call, body: RequestBody, claim: Claim | None
    ) -> Outcome:
        match command:
            case Command(run=run, prepare=None):
                outcome = await self._in_transaction(route, call, claim, lambda tx: run(tx, call, body))
            case Command():
                outcome = await self._prepared(route, command, call, body, claim)
            case BatchCommand() if call.sandbox:
                outcome = await self._in_transaction(route, call, claim, lambda tx: _run_one(tx, command, call, body))
            case BatchCommand():
                value = command.to_command(call, body)
                batch = self._batches.get(command) or self._batch(command)
                outcome = await self.database.write_batched(batch, (claim, value), weight=value.weight)
            case ExternalCommand():
                return await self._external(route, command, call, body, claim)
            case _:
                assert_never(command)
        failpoint("after_commit_before_reply")
        return outcome

    async def _in_transaction(self, route: Route, call: Call, claim: Claim | None, run: Run) -> Outcome:
        if claim is None:
            return await self.database.write((lambda tx: _rehearse(tx, run)) if call.sandbox else run)

        async def transaction(tx: Tx) -> Outcome:
            async def work(_: Sequence[int]) -> Sequence[Reply | ApiError]:
                return [await _attempt(tx, run, sandbox=call.sandbox)]

            check = _rights(route, call)
            [outcome] = await once.each(self.idempotency, once.this_transaction(tx), [claim], work, check=check)
            return _raise_unstored(outcome)

        return await self.database.write(transaction)

    async def _prepared(
        self, route: Route, command: Command, call: Call, body: RequestBody, claim: Claim | None
    ) -> Outcome:
        """An error of `prepare` is stored like an error of the command."""
        refused: ApiError | None = None
        if command.prepare is not None and not call.sandbox:
            if claim is not None:
                known = await self.database.write(lambda tx: self._replay(tx, route, call, claim))
                if known is not None:
                    return known
            try:
                await command.prepare(call, body)
            except ApiError as refusal:
                refused = refusal

        async def run(tx: Tx) -> Reply:
            if refused is not None:
                raise refused
            return await command.run(tx, call, body)

        return await self._in_transaction(route, call, claim, run)

    async def _external(
        self, route: Route, command: ExternalCommand, call: Call, body: RequestBody, claim: Claim | None
    ) -> Outcome:
        if claim is None:
            return await command.run(call, body)

        async def work(_: Sequence[int]) -> Sequence[Reply | ApiError]:
            try:
                return [await command.run(call, body)]
            except ApiError as refusal:
                return [refusal]

        async with self.database.hold("/".join(claim.scope)) as ours:
            if not ours:
                return await self._look_up(route, call, claim)
            check = _rights(route, call)
            [outcome] = await once.each(self.idempotency, self.database.write, [claim], work, check=check, held=True)
            return _raise_unstored(outcome)

    async def _look_up(self, route: Route, call: Call, claim: Claim) -> Outcome:
        """For a key in use by another request: the stored response, if the other request is a replay as well."""

        async def look(tx: Tx) -> Outcome:
            if (check := _rights(route, call)) is not None:
                await check(tx)
            return await self.idempotency.look_up(tx, claim)

        return await self.database.read(look)

    async def _replay(self, tx: Tx, route: Route, call: Call, claim: Claim) -> Outcome | None:
        if (check := _rights(route, call)) is not None:
            await check(tx)
        found = (await self.idempotency.replay(tx, [claim])).get(claim.scope)
        return None if found is None else _raise_unstored(found)

    def _batch(self, command: BatchCommand) -> Batch[Any, Outcome]:
        """One per handler, because the database groups requests by batch."""
        return self._batches.setdefault(command, once.idempotent_batch(self.idempotency, command.run_many))


def _rights(route: Route, call: Call) -> once.Check | None:
    rights = route.rights
    return None if rights is None else lambda tx: rights(tx, call)


def _raise_unstored(outcome: Outcome) -> Outcome:
    """Raise errors that are not stored, so that the transaction rolls back."""
    if isinstance(outcome, ApiError) and not once.is_stored(outcome):
        raise outcome
    return outcome


async def _run_one(tx: Tx, command: BatchCommand, call: Call, body: RequestBody) -> Reply:
    [result] = await command.run_many(tx, [command.to_command(call, body)])
    if isinstance(result, ApiError):
        raise result
    return result


async def _attempt(tx: Tx, run: Run, *, sandbox: bool) -> Reply | ApiError:
    """An error undoes the command, so that only the error is stored."""
    try:
        if sandbox:
            return await _rehearse(tx, run)
        async with tx.savepoint():
            return await run(tx)
    except ApiError as refusal:
        return refusal


async def _rehearse(tx: Tx, run: Run) -> Reply:
    replies: list[Reply] = []
    with contextlib.suppress(_UndoError):
        async with tx.savepoint():
            replies.append(await run(tx))
            raise _UndoError
    return replies[0]
