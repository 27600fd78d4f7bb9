"""One effect per idempotency key: replay stored responses, run new commands, store their results.

The steps work on lists. A single request is a list of one. A command with external calls runs each step in its own
transaction.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

from sent_server.db import Batch, Tx
from sent_server.errors import ApiError
from sent_server.http.idempotency import Claim, Idempotency, Replays
from sent_server.http.reply import Outcome, Reply

T = TypeVar("T")
# (indexes of the requests that are new) -> one result for each, in order
Work = Callable[[Sequence[int]], Awaitable[Sequence[Reply | ApiError]]]
Check = Callable[[Tx], Awaitable[None]]


class Within(Protocol):
    """Runs one step in a transaction: the caller's, or a new one (`database.write`)."""

    async def __call__(self, step: Callable[[Tx], Awaitable[T]], /) -> T: ...


def this_transaction(tx: Tx) -> Within:
    async def within(step: Callable[[Tx], Awaitable[T]], /) -> T:
        return await step(tx)

    return within


def is_stored(refusal: ApiError) -> bool:
    """Whether a repeated request gets this error again.

    Rights, limits, other requests and the state of the server may change before the next attempt.
    """
    return refusal.status < 500 and refusal.status not in (401, 403, 429) and refusal.code != "CONFLICT_001"


async def each(
    idempotency: Idempotency,
    within: Within,
    claims: Sequence[Claim | None],
    work: Work,
    *,
    check: Check | None = None,
    held: bool = False,
) -> Sequence[Outcome]:
    """One outcome per request, in order. Requests without a claim are always new.

    `check` may refuse before a replay. `held`: the caller holds the keys beyond transactions.
    """
    keyed = [claim for claim in claims if claim is not None]
    if not keyed:
        return await work(range(len(claims)))

    async def look(tx: Tx) -> Replays:
        if check is not None:
            await check(tx)
        return await idempotency.replay(tx, keyed, held=held)

    known = await within(look)
    fresh = [index for index, claim in enumerate(claims) if claim is None or claim.scope not in known]
    results = await work(fresh) if fresh else ()
    outcomes: dict[int, Outcome] = {}
    kept: list[int] = []
    pairs: list[tuple[Claim, Reply | ApiError]] = []
    for index, result in zip(fresh, results, strict=True):
        outcomes[index] = result
        claim = claims[index]
        if claim is not None and (isinstance(result, Reply) or is_stored(result)):
            kept.append(index)
            pairs.append((claim, result))
    if pairs:
        outcomes.update(zip(kept, await within(lambda tx: idempotency.store(tx, pairs)), strict=True))
    return [
        outcomes[index] if claim is None or index in outcomes else known[claim.scope]
        for index, claim in enumerate(claims)
    ]


def idempotent_batch(
    idempotency: Idempotency, run_many: Callable[[Tx, Sequence[Any]], Awaitable[Sequence[Reply | ApiError]]]
) -> Batch[tuple[Claim | None, Any], Outcome]:
    """A batch over pairs of claim and command. `run_many` gets the commands with new keys."""

    async def run(tx: Tx, members: Sequence[tuple[Claim | None, Any]], /) -> Sequence[Outcome]:
        async def work(fresh: Sequence[int]) -> Sequence[Reply | ApiError]:
            return await run_many(tx, [members[index][1] for index in fresh])

        return await each(idempotency, this_transaction(tx), [claim for claim, _ in members], work)

    return run
