"""Idempotency for use cases written over lists: one look-up and one insert of keys for a whole group."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from sent_server.db import Batch, Tx
from sent_server.errors import ApiError
from sent_server.http import envelope
from sent_server.http.envelope import Answer, Reply
from sent_server.http.idempotency import Claim, Idempotency


class Claimed(Protocol):
    """What every batched command carries for its answer."""

    @property
    def claim(self) -> Claim | None: ...
    @property
    def request_id(self) -> str: ...
    @property
    def now_ms(self) -> int: ...


C = TypeVar("C", bound=Claimed)
# (tx, commands) -> one reply or refusal per command; a refused command must leave no trace
ListUseCase = Callable[[Tx, Sequence[C]], Awaitable[Sequence[Reply | ApiError]]]


def once_each(use_case: ListUseCase[C], idempotency: Idempotency, *, doc_url_base: str) -> Batch[C, Answer]:
    """Make a batch that runs `use_case` for the commands whose key is new, and replays the others."""

    async def run(tx: Tx, commands: Sequence[C], /) -> Sequence[Answer]:
        claims = [command.claim for command in commands if command.claim]
        replays = await idempotency.replay(tx, claims) if claims else {}
        fresh = [command for command in commands if command.claim is None or command.claim.scope not in replays]
        results = iter(await use_case(tx, fresh) if fresh else [])
        answers: list[Answer] = []
        keep: list[tuple[Claim, Answer]] = []
        for command in commands:
            replayed = replays.get(command.claim.scope) if command.claim else None
            answer = _render(command, next(results) if replayed is None else replayed, doc_url_base)
            answers.append(answer)
            if command.claim and replayed is None:
                keep.append((command.claim, answer))
        if keep:
            await idempotency.store(tx, keep)
        return answers

    return run


def _render(command: Claimed, result: Reply | ApiError | Answer, doc_url_base: str) -> Answer:
    match result:
        case Answer():
            return result
        case Reply():
            return envelope.render(result, request_id=command.request_id, now_ms=command.now_ms)
        case ApiError():
            return envelope.render_error(
                result, request_id=command.request_id, now_ms=command.now_ms, doc_url_base=doc_url_base
            )
