"""The invariants are worth something: each notices the bug that is planted for it."""

import asyncio
from dataclasses import dataclass

import pytest

from delivery import invariants
from harness import samples
from harness import server as servers
from harness.backends import Backend
from harness.messages import wait_for_status
from harness.receiver import Receiver
from harness.waiting import nothing, wait_for
from sent_server.db import Tx, open_database

KEY = "planted-0"


@dataclass(frozen=True)
class Delivered:
    """A database in which nothing is wrong: messages that were delivered, with their webhooks. No server uses it."""

    database_url: str
    message_ids: list[str]


@pytest.fixture(scope="module")
def delivered(backend: Backend) -> Delivered:
    home = backend.new_home()
    url = backend.url_for(home)
    with Receiver() as receiver:
        server = servers.start(home, backend.name, database_url=url)
        hook = samples.webhook(receiver.url(), "message.delivered")
        assert server.http.post("/v3/webhooks", hook).status == 201
        body = {"to": [samples.phone() for _ in range(4)], "template": {"id": server.template_ids["welcome"]}}
        sent = server.http.post("/v3/messages", body, idempotency_key=KEY)
        ids = [recipient["message_id"] for recipient in sent.data["recipients"]]
        wait_for_status(server.http, ids[0], "READ", "DELIVERED", timeout_s=20)
        query = invariants.rows_of(url)
        wait_for(lambda: invariants.all_wrong(query, accepted=ids, keys=[KEY]), 20, until=nothing)
        assert server.stop() == 0
    # Messages that are only delivered, so that a better leg can be planted.
    execute(
        url,
        "UPDATE messages SET status = 'DELIVERED' WHERE status = 'READ'",
        "UPDATE attempts SET state = 'DELIVERED' WHERE state = 'READ'",
    )
    return Delivered(url, ids)


@pytest.mark.parametrize(
    ("plant", "caught_by"),
    [
        ("DELETE FROM messages WHERE id = '{id}'", "was accepted and is gone"),
        ("UPDATE messages SET status = 'QUEUED' WHERE id = '{id}'", "is still QUEUED"),
        ("UPDATE ledger_entries SET amount_micros = amount_micros + 1 WHERE kind = 'capture'", "its entries say"),
        ("UPDATE messages SET price_micros = 1 WHERE id = '{id}'", "was charged"),
        ("UPDATE messages SET settled_at_ms = NULL WHERE id = '{id}'", "still holds money"),
        ("UPDATE messages SET channel = 'sms' WHERE id = '{id}'", "shows sms instead of whatsapp"),
        ("UPDATE messages SET refunded_micros = 5 WHERE id = '{id}'", "refunded 5 and has"),
        ("UPDATE attempts SET ref = NULL WHERE message_id = '{id}'", "though no carrier took it"),
        ("DELETE FROM messages WHERE id = '{id}'", "names no message and has"),
        (
            "INSERT INTO attempts SELECT customer_id, message_id, leg, attempt + 1, channel, carrier, state, ref, "
            "error_code, created_at_ms, updated_at_ms, reason, detail FROM attempts WHERE message_id = '{id}'",
            "was tried again after",
        ),
        ("UPDATE attempts SET state = 'READ' WHERE message_id = '{id}'", "a leg got further"),
        ("DELETE FROM deliveries", "has no delivery"),
        ("DELETE FROM idempotency_keys", "has no stored answer"),
    ],
)
def test_each_invariant_catches_a_planted_bug(
    backend: Backend, delivered: Delivered, plant: str, caught_by: str
) -> None:
    url = backend.copy_of(delivered.database_url)
    execute(url, plant.format(id=delivered.message_ids[0]))
    wrong = invariants.all_wrong(invariants.rows_of(url), accepted=delivered.message_ids, keys=[KEY])
    assert any(caught_by in line for line in wrong), wrong


def test_without_a_planted_bug_a_copy_has_nothing_wrong(backend: Backend, delivered: Delivered) -> None:
    query = invariants.rows_of(backend.copy_of(delivered.database_url))
    assert invariants.all_wrong(query, accepted=delivered.message_ids, keys=[KEY]) == []


def execute(database_url: str, *statements: str) -> None:
    async def run(tx: Tx) -> None:
        for statement in statements:
            await tx.execute(statement)

    async def go() -> None:
        database = await open_database(database_url)
        await database.write(run)
        await database.close()

    asyncio.run(go())
