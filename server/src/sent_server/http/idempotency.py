"""One effect per Idempotency-Key: the key, the effect and the stored answer share a transaction.

In flight is a process-local set, plus a transaction lock on PostgreSQL for the other processes.
Scope: effective customer, live or sandbox, key; kept 24 h. Source: DECISIONS "Idempotency", contract NOTES e.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.http.envelope import Answer
from sent_server.kernel.sealing import Sealer

KEPT_MS = 24 * 3600 * 1000
_KEY = re.compile(r"[a-zA-Z0-9_-]{1,255}", re.ASCII)

FIND = """
    SELECT k.idempotency_key, k.request_id, k.status, k.body, k.sealed_at_ms, k.created_at_ms
    FROM EACH(:keys) AS n
    LOOKUP idempotency_keys AS k BY (k.customer_id = :customer_id AND k.mode = :mode AND k.idempotency_key = n.value)
"""
STORE = """
    INSERT INTO idempotency_keys
        (customer_id, mode, idempotency_key, request_id, status, body, sealed_at_ms, created_at_ms)
    VALUES (:customer_id, :mode, :idempotency_key, :request_id, :status, :body, :sealed_at_ms, :created_at_ms)
"""
FORGET = """
    DELETE FROM idempotency_keys
    WHERE customer_id = :customer_id AND mode = :mode AND idempotency_key IN (:keys[])
"""
FORGET_OLD = """
    DELETE FROM idempotency_keys
    WHERE created_at_ms <= :before_ms
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A request's wish to be the only one with this key."""

    customer_id: str
    mode: str
    key: str
    request_id: str
    now_ms: int
    sealed: bool = False

    @property
    def scope(self) -> tuple[str, str, str]:
        return self.customer_id, self.mode, self.key


def check_key(raw: bytes) -> str:
    key = raw.decode("latin-1")
    if not _KEY.fullmatch(key):
        raise ApiError(
            "VALIDATION_007",
            details={"Idempotency-Key": ["Use 1 to 255 letters, digits, hyphens and underscores"]},
        )
    return key


class InFlight:
    """The keys this process works on. Entered before the transaction, left before the answer is written."""

    def __init__(self) -> None:
        self._scopes: set[tuple[str, str, str]] = set()

    def enter(self, claim: Claim) -> None:
        if claim.scope in self._scopes:
            raise ApiError("CONFLICT_001")
        self._scopes.add(claim.scope)

    def leave(self, claim: Claim) -> None:
        self._scopes.discard(claim.scope)


class Idempotency:
    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    async def replay(
        self, tx: Tx, claims: Sequence[Claim], *, held: bool = False
    ) -> dict[tuple[str, str, str], Answer | ApiError]:
        """The stored answers of those claims that have one; CONFLICT_001 for those another process holds.

        `held`: the caller holds them already, beyond this transaction.
        """
        found: dict[tuple[str, str, str], Answer | ApiError] = {}
        by_owner: dict[tuple[str, str], list[Claim]] = {}
        names = ["/".join(claim.scope) for claim in claims]
        locked = names if held else await tx.try_locks(names)
        for claim in sorted(claims, key=lambda claim: claim.scope):
            if "/".join(claim.scope) in locked:
                by_owner.setdefault((claim.customer_id, claim.mode), []).append(claim)
            else:
                found[claim.scope] = ApiError("CONFLICT_001")
        for (customer_id, mode), owned in by_owner.items():
            keys = [claim.key for claim in owned]
            expired: list[str] = []
            for key, request_id, status, body, sealed_at_ms, created_at_ms in await tx.fetch(
                FIND, customer_id=customer_id, mode=mode, keys=keys
            ):
                if created_at_ms <= owned[0].now_ms - KEPT_MS:
                    expired.append(key)
                    continue
                text = self._sealer.open(body, row_id=f"{customer_id}/{key}") if sealed_at_ms else body
                headers = {"X-Sandbox": "true"} if mode == "sandbox" else {}
                found[(customer_id, mode, key)] = Answer(status, text.encode(), headers, replay_of=request_id)
            if expired:
                await tx.execute(FORGET, customer_id=customer_id, mode=mode, keys=expired)
        return found

    async def store(self, tx: Tx, answers: Sequence[tuple[Claim, Answer]]) -> None:
        await tx.execute_many(STORE, [self._row(claim, answer) for claim, answer in answers])

    def _row(self, claim: Claim, answer: Answer) -> tuple[str, str, str, str, int, str, int | None, int]:
        body = answer.body.decode()
        sealed_at_ms = None
        if claim.sealed:
            body = self._sealer.seal(body, row_id=f"{claim.customer_id}/{claim.key}")
            sealed_at_ms = claim.now_ms
        return (*claim.scope, claim.request_id, answer.status, body, sealed_at_ms, claim.now_ms)


async def forget_old(tx: Tx, *, now_ms: int) -> int:
    return await tx.execute(FORGET_OLD, before_ms=now_ms - KEPT_MS)
