"""One effect per Idempotency-Key: the key, the effect and the stored response share a transaction.

Keys in flight are in a table of the process, and on PostgreSQL under a transaction lock for other processes. A replay
needs neither: a request whose key is in use looks for the stored response first.
Scope: effective customer, live or sandbox, key; for one operation, which is a method and a path; kept 24 h.
Source: docs/decisions/0030, docs/decisions/0019, contract/NOTES.md e.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.http import envelope, idempotency_store
from sent_server.http.idempotency_store import IdempotencyRow
from sent_server.http.reply import Problem, Reply, StoredAnswer
from sent_server.kernel.sealing import Sealer
from sent_server.kernel.values import value_object

KEPT_MS = 24 * 3600 * 1000
MAX_OPERATION_LENGTH = 200
OTHER_OPERATION = "This Idempotency-Key was used for another method or path; use a new key for another operation"
_KEY = re.compile(r"[a-zA-Z0-9_-]{1,255}", re.ASCII)
Scope = tuple[str, str, str]
Replays = dict[Scope, StoredAnswer | ApiError]


@value_object
class Claim:
    """A request's claim on a key. `operation` is its method and concrete path."""

    customer_id: str
    mode: str
    key: str
    operation: str
    request_id: str
    now_ms: int
    sealed: bool = False

    @property
    def scope(self) -> Scope:
        return self.customer_id, self.mode, self.key


def operation(method: str, path: str, values: Mapping[str, str]) -> str:
    """`path` with parameter values, as stored: ids in lower case, long values as hashes."""
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", value)
    text = f"{method} {path}"
    return text if len(text) <= MAX_OPERATION_LENGTH else f"{method} {hashlib.sha256(path.encode()).hexdigest()}"


def check_key(raw: bytes) -> str:
    key = raw.decode("latin-1")
    if not _KEY.fullmatch(key):
        raise ApiError(
            "VALIDATION_007",
            details={"Idempotency-Key": ["Use 1 to 255 letters, digits, hyphens and underscores"]},
        )
    return key


def of_another_operation() -> ApiError:
    """Repeating the same request gives the same error."""
    return ApiError("CONFLICT_001", OTHER_OPERATION, headers={"x-should-retry": "false"})


class InFlight:
    """The keys in use by this process. Added before the transaction, removed before the response is written."""

    def __init__(self) -> None:
        self._operations: dict[Scope, str] = {}

    def enter(self, claim: Claim) -> bool:
        """False if the same operation is in progress with this key. Raises CONFLICT_001 for another operation."""
        under_way = self._operations.get(claim.scope)
        if under_way is None:
            self._operations[claim.scope] = claim.operation
            return True
        if under_way != claim.operation:
            raise of_another_operation()
        return False

    def leave(self, claim: Claim) -> None:
        self._operations.pop(claim.scope, None)


class Idempotency:
    """`doc_url_base` is part of a stored error, so that its replay has the same bytes."""

    def __init__(self, sealer: Sealer, doc_url_base: str) -> None:
        self._sealer = sealer
        self._doc_url_base = doc_url_base

    async def replay(self, tx: Tx, claims: Sequence[Claim], *, held: bool = False) -> Replays:
        """The stored responses of the claims, where they exist.

        CONFLICT_001 for a key that another process uses, or that was used for another operation.
        `held`: the caller already holds the keys beyond this transaction.
        """
        names = ["/".join(claim.scope) for claim in claims]
        locked = set(names) if held else await tx.try_locks(names)
        found, expired = await self._stored(tx, claims)
        for claim in claims:
            if "/".join(claim.scope) in locked:
                continue
            expired.discard(claim.scope)
            found.setdefault(claim.scope, ApiError("CONFLICT_001"))
        for (customer_id, mode), scopes in _by_owner(expired).items():
            keys = [key for _, _, key in scopes]
            await idempotency_store.forget(tx, customer_id, mode, keys)
        return found

    async def look_up(self, tx: Tx, claim: Claim) -> StoredAnswer | ApiError:
        """The stored response for a key in use by another request. CONFLICT_001 while it does not exist."""
        found, _ = await self._stored(tx, [claim])
        return found.get(claim.scope) or ApiError("CONFLICT_001")

    async def store(self, tx: Tx, results: Sequence[tuple[Claim, Reply | ApiError]]) -> list[StoredAnswer]:
        """Store each result under its key. Returns what was stored, in order."""
        answers = [self._answer(claim, result) for claim, result in results]
        rows = [self._row(claim, answer) for (claim, _), answer in zip(results, answers, strict=True)]
        await idempotency_store.insert(tx, rows)
        return answers

    async def _stored(self, tx: Tx, claims: Sequence[Claim]) -> tuple[Replays, set[Scope]]:
        """The stored responses of these keys, and the keys whose response expired."""
        found: Replays = {}
        expired: set[Scope] = set()
        by_scope = {claim.scope: claim for claim in claims}
        for (customer_id, mode), scopes in _by_owner(by_scope).items():
            keys = [key for _, _, key in scopes]
            for row in await idempotency_store.find(tx, customer_id, mode, keys):
                claim = by_scope[customer_id, mode, row.idempotency_key]
                if row.created_at_ms <= claim.now_ms - KEPT_MS:
                    expired.add(claim.scope)
                    continue
                # A row of an older release does not name its operation. At least its secret is not shown elsewhere.
                is_same = (
                    claim.sealed == bool(row.sealed_at_ms)
                    if row.operation is None
                    else row.operation == claim.operation
                )
                if not is_same:
                    found[claim.scope] = of_another_operation()
                    continue
                text = row.body
                if row.sealed_at_ms:
                    text = self._sealer.open(text, row_id=f"{customer_id}/{row.idempotency_key}")
                found[claim.scope] = StoredAnswer(
                    row.status, text.encode(), row.request_id, row.created_at_ms, is_replay=True
                )
        return found, expired

    def _answer(self, claim: Claim, result: Reply | ApiError) -> StoredAnswer:
        shown = Problem.of(result, self._doc_url_base) if isinstance(result, ApiError) else result
        document = envelope.dump(shown, request_id=claim.request_id, now_ms=claim.now_ms)
        return StoredAnswer(result.status, document, claim.request_id, claim.now_ms, False, result.headers)

    def _row(self, claim: Claim, answer: StoredAnswer) -> IdempotencyRow:
        body = answer.document.decode()
        sealed_at_ms = None
        if claim.sealed:
            body = self._sealer.seal(body, row_id=f"{claim.customer_id}/{claim.key}")
            sealed_at_ms = claim.now_ms
        return IdempotencyRow(
            *claim.scope, claim.operation, claim.request_id, answer.status, body, sealed_at_ms, claim.now_ms
        )


def _by_owner(scopes: Iterable[Scope]) -> dict[tuple[str, str], list[Scope]]:
    """The same lock order for all transactions."""
    found: dict[tuple[str, str], list[Scope]] = {}
    for scope in sorted(scopes):
        found.setdefault(scope[:2], []).append(scope)
    return found


async def forget_old(tx: Tx, *, now_ms: int) -> int:
    return await idempotency_store.forget_old(tx, before_ms=now_ms - KEPT_MS)
