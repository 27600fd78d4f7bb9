"""The SQL of webhooks and of the health of endpoints."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from sent_server.db import Row, Tx, keyset
from sent_server.db.database import fetch_one
from sent_server.egress import urls
from sent_server.events import Filters
from sent_server.kernel.paging import Page
from sent_server.webhooks.model import EndpointHealth, SenderProfile, Webhook
from sent_server.webhooks.signing import SignatureMode

_COLUMNS = """
    w.customer_id, w.id, w.display_name, w.endpoint_url, w.event_types_json, w.retry_count, w.timeout_seconds,
    w.signature_mode, w.secret_sealed, w.disabled_at_ms, w.disabled_reason, w.created_at_ms, w.updated_at_ms,
    w.userinfo_sealed, w.event_filters_json, w.sender_profile_json
"""
_HEALTH_COLUMNS = """
    h.consecutive_failures, h.unreachable_in_row, h.failed_events_in_row, h.parked_at_ms, h.probe_at_ms,
    h.last_attempt_at_ms, h.last_success_at_ms
"""
INSERT = """
    INSERT INTO webhooks
        (customer_id, id, display_name, endpoint_url, search_text, event_types_json, retry_count, timeout_seconds,
         signature_mode, secret_sealed, userinfo_sealed, disabled_at_ms, created_at_ms, event_filters_json,
         sender_profile_json)
    VALUES
        (:customer_id, :id, :display_name, :endpoint_url, :search_text, :event_types_json, :retry_count,
         :timeout_seconds, :signature_mode, :secret_sealed, :userinfo_sealed, :disabled_at_ms, :created_at_ms,
         :event_filters_json, :sender_profile_json)
"""
UPDATE = """
    UPDATE webhooks
    SET display_name = :display_name, endpoint_url = :endpoint_url, search_text = :search_text,
        event_types_json = :event_types_json, retry_count = :retry_count, timeout_seconds = :timeout_seconds,
        signature_mode = :signature_mode, secret_sealed = :secret_sealed, userinfo_sealed = :userinfo_sealed,
        disabled_at_ms = :disabled_at_ms, disabled_reason = :disabled_reason, updated_at_ms = :updated_at_ms,
        event_filters_json = :event_filters_json, sender_profile_json = :sender_profile_json
    WHERE customer_id = :customer_id AND id = :id
"""
DELETE = """
    DELETE FROM webhooks
    WHERE customer_id = :customer_id AND id = :id
"""
BY_ID = f"""
    SELECT {_COLUMNS}, {_HEALTH_COLUMNS}
    FROM webhooks w
    JOIN endpoint_health h ON h.customer_id = w.customer_id AND h.endpoint_id = w.id
    WHERE w.customer_id = :customer_id AND w.id = :id
"""
LOCK = """
    SELECT id FROM webhooks
    WHERE customer_id = :customer_id AND id = :id
    /*pg: FOR UPDATE*/
"""
# An account has at most `webhook_quota` webhooks, so counting and filtering are cheap.
_MATCHING = """
    WHERE w.customer_id = :customer_id
      AND w.search_text LIKE :pattern ESCAPE '\\'
      AND (CASE WHEN w.disabled_at_ms IS NULL THEN 'active' ELSE 'inactive' END) IN (:states[])
"""
LIST_PAGE = f"""
    SELECT {_COLUMNS}, {_HEALTH_COLUMNS}
    FROM webhooks w
    JOIN endpoint_health h ON h.customer_id = w.customer_id AND h.endpoint_id = w.id
    {_MATCHING}
      AND w.id > :above_id AND w.id < :below_id
    ORDER BY w.id DESC
    LIMIT :count OFFSET :skip
"""
COUNT = f"""
    SELECT COUNT(*)
    FROM webhooks w
    {_MATCHING}
"""
BY_IDS = f"""
    SELECT {_COLUMNS}
    FROM webhooks w
    WHERE w.customer_id IN (:customer_ids[]) AND w.id IN (:ids[])
"""
HEALTH_OF = f"""
    SELECT h.customer_id, h.endpoint_id, {_HEALTH_COLUMNS}
    FROM endpoint_health h
    WHERE h.customer_id IN (:customer_ids[]) AND h.endpoint_id IN (:ids[])
"""
LOCK_HEALTH = HEALTH_OF + "    ORDER BY h.customer_id, h.endpoint_id\n    /*pg: FOR UPDATE*/\n"
PUT_HEALTH = """
    INSERT INTO endpoint_health
        (consecutive_failures, unreachable_in_row, failed_events_in_row, parked_at_ms, probe_at_ms,
         last_attempt_at_ms, last_success_at_ms, customer_id, endpoint_id)
    VALUES
        (:consecutive_failures, :unreachable_in_row, :failed_events_in_row, :parked_at_ms, :probe_at_ms,
         :last_attempt_at_ms, :last_success_at_ms, :customer_id, :endpoint_id)
    ON CONFLICT (customer_id, endpoint_id) DO UPDATE SET
        consecutive_failures = excluded.consecutive_failures, unreachable_in_row = excluded.unreachable_in_row,
        failed_events_in_row = excluded.failed_events_in_row, parked_at_ms = excluded.parked_at_ms,
        probe_at_ms = excluded.probe_at_ms, last_attempt_at_ms = excluded.last_attempt_at_ms,
        last_success_at_ms = COALESCE(excluded.last_success_at_ms, endpoint_health.last_success_at_ms)
"""
# Unless the row was updated since. A customer's last row stays while there are events: it drives their retention.
FORGET_HEALTH = """
    DELETE FROM endpoint_health
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id
      AND COALESCE(last_attempt_at_ms, 0) = :last_attempt_at_ms
      AND (
        EXISTS (
            SELECT 1 FROM endpoint_health h
            WHERE h.customer_id = :customer_id AND h.endpoint_id <> :endpoint_id
        )
        OR NOT EXISTS (SELECT 1 FROM events e WHERE e.customer_id = :customer_id)
      )
"""
POSTPONE_PROBE = """
    UPDATE endpoint_health
    SET probe_at_ms = :probe_at_ms
    WHERE customer_id = :customer_id AND endpoint_id = :endpoint_id AND probe_at_ms <= :now_ms
"""
# Global by nature: housekeeping visits the endpoints of all tenants, a batch at a time.
ENDPOINTS_AFTER = """
    SELECT customer_id, endpoint_id
    FROM endpoint_health
    WHERE (customer_id, endpoint_id) > (:customer_id, :endpoint_id)
    ORDER BY customer_id, endpoint_id
    LIMIT :count
"""
SET_RELEASING = """
    UPDATE webhooks
    SET releasing_since_ms = :since_ms
    WHERE customer_id = :customer_id AND id = :id
"""
# Global by nature: one process does it for all tenants.
RELEASING = """
    SELECT customer_id, id, releasing_since_ms
    FROM webhooks
    WHERE releasing_since_ms IS NOT NULL
    ORDER BY releasing_since_ms
    LIMIT :count
"""


class HealthRow(NamedTuple):
    """How an endpoint has answered: the columns of `EndpointHealth`, and whose it is."""

    consecutive_failures: int
    unreachable_in_row: int
    failed_events_in_row: int
    parked_at_ms: int | None
    probe_at_ms: int | None
    last_attempt_at_ms: int | None
    last_success_at_ms: int | None
    customer_id: str
    endpoint_id: str


Key = tuple[str, str]
# Serializes additions to an account's webhooks, so that two concurrent ones do not exceed its quota.
QUOTA_LOCK = """
    SELECT 1 /*pg: FROM pg_advisory_xact_lock(hashtextextended('webhooks:' || CAST(:customer_id AS TEXT), 0))*/
"""


async def hold_up_others(tx: Tx, customer_id: str) -> None:
    """Block other additions to the account's webhooks until our commit."""
    await tx.fetch(QUOTA_LOCK, customer_id=customer_id)


async def insert(tx: Tx, webhook: Webhook) -> None:
    await tx.execute(
        INSERT,
        customer_id=webhook.customer_id,
        id=webhook.id,
        display_name=webhook.display_name,
        endpoint_url=webhook.endpoint_url,
        search_text=_search_text(webhook),
        event_types_json=_json(webhook.event_types),
        retry_count=webhook.retry_count,
        timeout_seconds=webhook.timeout_seconds,
        signature_mode=webhook.signature_mode.value,
        secret_sealed=webhook.secret_sealed,
        userinfo_sealed=webhook.userinfo_sealed,
        disabled_at_ms=webhook.disabled_at_ms,
        created_at_ms=webhook.created_at_ms,
        event_filters_json=_filters_json(webhook.event_filters),
        sender_profile_json=_profile_json(webhook.sender_profile),
    )


async def update(tx: Tx, webhook: Webhook) -> None:
    await tx.execute(
        UPDATE,
        customer_id=webhook.customer_id,
        id=webhook.id,
        display_name=webhook.display_name,
        endpoint_url=webhook.endpoint_url,
        search_text=_search_text(webhook),
        event_types_json=_json(webhook.event_types),
        retry_count=webhook.retry_count,
        timeout_seconds=webhook.timeout_seconds,
        signature_mode=webhook.signature_mode.value,
        secret_sealed=webhook.secret_sealed,
        userinfo_sealed=webhook.userinfo_sealed,
        disabled_at_ms=webhook.disabled_at_ms,
        disabled_reason=webhook.disabled_reason,
        updated_at_ms=webhook.updated_at_ms,
        event_filters_json=_filters_json(webhook.event_filters),
        sender_profile_json=_profile_json(webhook.sender_profile),
    )


async def delete(tx: Tx, customer_id: str, webhook_id: str) -> bool:
    return await tx.execute(DELETE, customer_id=customer_id, id=webhook_id) > 0


async def by_id(tx: Tx, customer_id: str, webhook_id: str) -> tuple[Webhook, EndpointHealth] | None:
    row = await fetch_one(tx, BY_ID, customer_id=customer_id, id=webhook_id)
    return _pair(row) if row else None


async def locked(tx: Tx, customer_id: str, webhook_id: str) -> tuple[Webhook, EndpointHealth] | None:
    """Like `by_id`, and locks the webhook until the end of the transaction."""
    await tx.fetch(LOCK, customer_id=customer_id, id=webhook_id)
    return await by_id(tx, customer_id, webhook_id)


async def list_page(
    tx: Tx, customer_id: str, *, page: Page, pattern: str, states: Sequence[str]
) -> list[tuple[Webhook, EndpointHealth]]:
    """Newest first, one more than the page contains."""
    rows = await tx.fetch(
        keyset.ordered(LIST_PAGE, page),
        customer_id=customer_id,
        pattern=pattern,
        states=states,
        **keyset.window(page),
    )
    return [_pair(row) for row in rows]


async def count(tx: Tx, customer_id: str, *, pattern: str = "%", states: Sequence[str] = ("active", "inactive")) -> int:
    rows = await tx.fetch(COUNT, customer_id=customer_id, pattern=pattern, states=states)
    return rows[0][0]


async def by_ids(tx: Tx, keys: Sequence[Key]) -> dict[Key, Webhook]:
    rows = await tx.fetch(BY_IDS, customer_ids=_first(keys), ids=[key[1] for key in keys])
    return {(row[0], row[1]): _webhook(row) for row in rows}


async def health_of(tx: Tx, keys: Sequence[Key], *, lock: bool = False) -> dict[Key, EndpointHealth]:
    rows = await tx.fetch(LOCK_HEALTH if lock else HEALTH_OF, customer_ids=_first(keys), ids=[key[1] for key in keys])
    return {(row[0], row[1]): EndpointHealth(*row[2:]) for row in rows}


async def put_health(tx: Tx, healths: Mapping[Key, EndpointHealth]) -> None:
    rows = [
        HealthRow(
            health.consecutive_failures,
            health.unreachable_in_row,
            health.failed_events_in_row,
            health.parked_at_ms,
            health.probe_at_ms,
            health.last_attempt_at_ms,
            health.last_success_at_ms,
            *key,
        )
        for key, health in sorted(healths.items())
    ]
    await tx.execute_many(PUT_HEALTH, rows, distinct=True)


async def forget_health(tx: Tx, key: Key, known: EndpointHealth) -> bool:
    """Delete an endpoint's health unless it was updated since `known`. Returns whether it was deleted."""
    last_ms = known.last_attempt_at_ms or 0
    gone = await tx.execute(FORGET_HEALTH, customer_id=key[0], endpoint_id=key[1], last_attempt_at_ms=last_ms)
    return gone > 0


async def take_probe(tx: Tx, key: Key, *, now_ms: int, probe_at_ms: int) -> bool:
    """Claim the next probe of a parked endpoint. False if another sender has claimed it."""
    changed = await tx.execute(
        POSTPONE_PROBE, customer_id=key[0], endpoint_id=key[1], now_ms=now_ms, probe_at_ms=probe_at_ms
    )
    return changed > 0


async def set_releasing(tx: Tx, key: Key, since_ms: int | None) -> None:
    """Set the time since which parked events go back into the queue. None ends the release."""
    await tx.execute(SET_RELEASING, customer_id=key[0], id=key[1], since_ms=since_ms)


async def releasing(tx: Tx, *, count: int) -> list[tuple[Key, int]]:
    """Webhooks whose parked events go back into the queue, with the start of the release."""
    return [((row[0], row[1]), row[2]) for row in await tx.fetch(RELEASING, count=count)]


async def endpoints_after(tx: Tx, key: Key, *, count: int) -> list[Key]:
    rows = await tx.fetch(ENDPOINTS_AFTER, customer_id=key[0], endpoint_id=key[1], count=count)
    return [(row[0], row[1]) for row in rows]


def _pair(row: Row) -> tuple[Webhook, EndpointHealth]:
    return _webhook(row), EndpointHealth(*row[16:23])


def _webhook(row: Row) -> Webhook:
    customer_id, webhook_id, name, url, event_types, retry_count, timeout_seconds, mode = row[:8]
    return Webhook(
        customer_id,
        webhook_id,
        name,
        url,
        tuple(orjson.loads(event_types)),
        retry_count,
        timeout_seconds,
        SignatureMode(mode),
        *row[8:14],
        event_filters=orjson.loads(row[14]) if row[14] else {},
        sender_profile=_sender_profile(row[15]),
    )


def _search_text(webhook: Webhook) -> str:
    return f"{webhook.display_name}\n{urls.masked(webhook.endpoint_url)}".lower()


def _json(names: Sequence[str]) -> str:
    return orjson.dumps(list(names)).decode()


def _filters_json(filters: Filters) -> str | None:
    return orjson.dumps(dict(filters)).decode() if filters else None


def _profile_json(profile: SenderProfile | None) -> str | None:
    if profile is None:
        return None
    kept = {"event_types": list(profile.event_types), "event_filters": dict(profile.event_filters)}
    return orjson.dumps(kept).decode()


def _sender_profile(text: str | None) -> SenderProfile | None:
    if text is None:
        return None
    kept = orjson.loads(text)
    return SenderProfile(tuple(kept["event_types"]), kept["event_filters"])


def _first(keys: Sequence[Key]) -> list[str]:
    return sorted({key[0] for key in keys})
