"""Webhooks of the release before: what the migrations make of their subscriptions."""

import asyncio

import orjson
import pytest

from sent_server.db import Tx, migrate, open_database
from sent_server.events import filters, names
from webhooks.sending import CUSTOMER

BEFORE = 9
BEFORE_COUNTERS = 14
DELIVER = """
    INSERT INTO deliveries
        (customer_id, endpoint_id, id, event_id, event_name, field, status, attempts, spent, due_at_ms, fence,
         created_at_ms)
    VALUES (:customer_id, 'e', :id, 'v', 'message.sent', 'messages', :status, 0, 0, :due_at_ms, 0, 1)
"""
COUNT = "INSERT INTO counters (customer_id, name, total) VALUES (:customer_id, :name, :total)"
INSERT = """
    INSERT INTO webhooks
        (customer_id, id, display_name, endpoint_url, search_text, event_types_json, retry_count, timeout_seconds,
         signature_mode, secret_sealed, disabled_at_ms, disabled_reason, created_at_ms)
    VALUES (:customer_id, :id, '', '', '', :event_types, 3, 30, 'v1', '', :disabled_at_ms, :disabled_reason, 1)
"""
SUBSCRIBE = """
    INSERT INTO subscriptions (customer_id, event_name, endpoint_id, field)
    VALUES (:customer_id, :event_name, :endpoint_id, :field)
"""
SUBSCRIBED = [
    ["messages"], ["message"], ["message", "messages"], ["messages", "message"], ["*"], ["templates"], ["template"],
    ["message.sent", "contact.help"], ["message.status.updated"], ["message.sent", "messages", "templates"],
]  # fmt: skip


@pytest.mark.parametrize("subscribed", SUBSCRIBED)
def test_active_webhooks_get_their_header_and_disabled_ones_keep_events(
    empty_database_url: str, subscribed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = migrate.known()

    async def fill(tx: Tx) -> None:
        types = orjson.dumps(subscribed).decode()
        for name, disabled_at_ms, reason in (("on", None, None), ("ours", 5, "410"), ("theirs", 5, None)):
            await tx.execute(
                INSERT, customer_id=CUSTOMER, id=name, event_types=types, disabled_at_ms=disabled_at_ms,
                disabled_reason=reason,
            )  # fmt: skip
        for event_name, label in filters.expand(subscribed).items():
            await tx.execute(
                SUBSCRIBE, customer_id=CUSTOMER, event_name=event_name, endpoint_id="on", field=label.field
            )

    async def main() -> None:
        database = await open_database(empty_database_url)
        try:
            with monkeypatch.context() as patched:
                patched.setattr(migrate, "known", lambda: [one for one in everything if one.version <= BEFORE])
                await migrate.apply(database)
            await database.write(fill)
            await migrate.apply(database)
            rows = await database.read(
                lambda tx: tx.fetch("SELECT endpoint_id, event_name, field, names_event, parks FROM subscriptions")
            )
        finally:
            await database.close()
        raised = {
            name: (label.field, int(label.names_event) if name != names.TEMPLATES else 0)
            for name, label in filters.expand(subscribed).items()
        }
        assert {row[1]: row[2:] for row in rows if row[0] == "on"} == {
            name: (*label, 0) for name, label in raised.items()
        }
        assert {row[1]: row[2:] for row in rows if row[0] == "ours"} == {
            name: (*label, 1) for name, label in raised.items()
        }
        assert [row for row in rows if row[0] == "theirs"] == []

    asyncio.run(main())


def test_what_is_parked_is_counted_and_counters_below_zero_are_gone(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = migrate.known()

    async def fill(tx: Tx) -> None:
        states = [("pending", None), ("pending", None), ("pending", 5), ("failed", None)]
        for number, (status, due_at_ms) in enumerate(states):
            await tx.execute(DELIVER, customer_id=CUSTOMER, id=str(number), status=status, due_at_ms=due_at_ms)
        for name, total in (("deliveries/e", 4), ("deliveries/callback", -3), ("others", -1)):
            await tx.execute(COUNT, customer_id=CUSTOMER, name=name, total=total)

    async def main() -> None:
        database = await open_database(empty_database_url)
        try:
            with monkeypatch.context() as patched:
                before = [one for one in everything if one.version <= BEFORE_COUNTERS]
                patched.setattr(migrate, "known", lambda: before)
                await migrate.apply(database)
            await database.write(fill)
            await migrate.apply(database)
            rows = await database.read(lambda tx: tx.fetch("SELECT name, total FROM counters"))
        finally:
            await database.close()
        assert dict(rows) == {"deliveries/e": 4, "deliveries/e/parked": 2, "others": -1}

    asyncio.run(main())
