"""Runs a route's handler in its transaction, with idempotency and sandbox around it."""

import contextlib
from collections.abc import Awaitable, Callable

from sent_server.db import Database, Tx
from sent_server.db.failpoint import failpoint
from sent_server.errors import ApiError
from sent_server.http import envelope, idempotency
from sent_server.http.envelope import Answer, Reply
from sent_server.http.fields import RequestBody
from sent_server.http.idempotency import Claim, Idempotency, InFlight
from sent_server.http.route import Call, CommandHandler, Route
from sent_server.kernel.values import value_object


async def _check_rights(tx: Tx, route: Route, call: Call) -> None:
    if route.rights is not None:
        await route.rights(tx, call)


class _UndoError(Exception):
    """Rolls a sandbox request's effects back; never leaves this module."""


def _refusing(refusal: ApiError) -> CommandHandler:
    """A command that ends with what was decided before its transaction, so that it is stored like other refusals."""

    async def refuse(tx: Tx, call: Call, body: RequestBody) -> Reply:
        raise refusal

    return refuse


def is_stored(refusal: ApiError) -> bool:
    """Who may do it, how often and when can change by the next attempt; what was decided about the request stays."""
    return refusal.status < 500 and refusal.status not in (401, 403, 429) and refusal.code != "CONFLICT_001"


@value_object
class Executor:
    database: Database
    idempotency: Idempotency
    in_flight: InFlight
    doc_url_base: str

    async def run(self, route: Route, call: Call, body: RequestBody | None, key: str | None) -> Answer:
        """Raises ApiError for refusals that are not stored."""
        if route.query is not None:
            query = route.query
            reply = await self.database.read(
                lambda tx: query(tx, call), heavy=route.heavy or any(map(call.query.get, route.scans_with))
            )
            return self._render(call, reply)
        if route.inquiry is not None:
            return self._render(call, await route.inquiry(call))
        assert body is not None
        if key is None:
            return await self._mutate(route, call, body, None)
        mode = "sandbox" if call.sandbox else "live"
        operation = idempotency.operation(route.method, route.path, call.path)
        claim = Claim(call.caller.customer_id, mode, key, operation, call.request_id, call.now_ms, route.sealed)
        if not self.in_flight.enter(claim):
            return await self._answer_of_the_other(route, call, claim)
        try:
            return await self._mutate(route, call, body, claim)
        finally:
            self.in_flight.leave(claim)

    async def run_open(
        self, command: Callable[[Tx], Awaitable[Reply]], *, sandbox: bool, request_id: str, now_ms: int
    ) -> Answer:
        """A mutation that nobody's key stands behind. Raises ApiError for its refusals."""

        async def rehearse(tx: Tx) -> Reply:
            replies: list[Reply] = []
            with contextlib.suppress(_UndoError):
                async with tx.savepoint():
                    replies.append(await command(tx))
                    raise _UndoError
            return replies[0]

        reply = await self.database.write(rehearse if sandbox else command)
        return envelope.render(reply, request_id=request_id, now_ms=now_ms)

    async def _answer_of_the_other(self, route: Route, call: Call, claim: Claim) -> Answer:
        """Of a request that is under way with the same key: if it only replays, then so may this one."""

        async def look_up(tx: Tx) -> Answer | ApiError:
            await _check_rights(tx, route, call)
            return await self.idempotency.look_up(tx, claim)

        found = await self.database.read(look_up)
        if isinstance(found, ApiError):
            raise found
        return found

    async def _mutate(self, route: Route, call: Call, body: RequestBody, claim: Claim | None) -> Answer:
        if route.action is not None:
            return await self._act(route, call, body, claim)
        command = route.command
        assert command is not None
        if route.beforehand is not None and not call.sandbox:
            stored = await self.database.write(lambda tx: self._replay(tx, route, call, claim)) if claim else None
            if stored:
                return stored
            try:
                await route.beforehand(call, body)
            except ApiError as refusal:
                command = _refusing(refusal)
        if route.batch is not None and route.to_command is not None and not call.sandbox:
            value, weight = route.to_command(call, body, claim)
            answer = await self.database.write_batched(route.batch, value, weight=weight)
        else:
            answer = await self.database.write(lambda tx: self._in_transaction(tx, route, command, call, body, claim))
        failpoint("after_commit_before_reply")
        return answer

    async def _in_transaction(
        self, tx: Tx, route: Route, command: CommandHandler, call: Call, body: RequestBody, claim: Claim | None
    ) -> Answer:
        if claim is None and not call.sandbox:
            return self._render(call, await command(tx, call, body))
        if claim is not None and (stored := await self._replay(tx, route, call, claim)):
            return stored
        reply: Reply | None = None
        try:
            async with tx.savepoint():
                reply = await command(tx, call, body)
                if call.sandbox:
                    raise _UndoError
        except _UndoError:
            pass
        except ApiError as refusal:
            if claim is None or not is_stored(refusal):
                raise
            answer = self.render_error(call, refusal)
            await self.idempotency.store(tx, [(claim, answer)])
            return answer
        assert reply is not None
        answer = self._render(call, reply)
        if claim is not None:
            await self.idempotency.store(tx, [(claim, answer)])
        return answer

    async def _act(self, route: Route, call: Call, body: RequestBody, claim: Claim | None) -> Answer:
        action = route.action
        assert action is not None
        if claim is None:
            return self._render(call, await action(call, body))
        async with self.database.hold("/".join(claim.scope)) as ours:
            if not ours:
                return await self._answer_of_the_other(route, call, claim)
            stored = await self.database.write(lambda tx: self._replay(tx, route, call, claim, held=True))
            if stored:
                return stored
            try:
                answer = self._render(call, await action(call, body))
            except ApiError as refusal:
                if not is_stored(refusal):
                    raise
                answer = self.render_error(call, refusal)
            await self.database.write(lambda tx: self.idempotency.store(tx, [(claim, answer)]))
            return answer

    async def _replay(self, tx: Tx, route: Route, call: Call, claim: Claim, *, held: bool = False) -> Answer | None:
        await _check_rights(tx, route, call)
        stored = (await self.idempotency.replay(tx, [claim], held=held)).get(claim.scope)
        if isinstance(stored, ApiError):
            raise stored
        return stored

    def render_error(self, call: Call, refusal: ApiError) -> Answer:
        return envelope.render_error(
            refusal, request_id=call.request_id, now_ms=call.now_ms, doc_url_base=self.doc_url_base
        )

    def _render(self, call: Call, reply: Reply) -> Answer:
        return envelope.render(reply, request_id=call.request_id, now_ms=call.now_ms)
