"""Many events times many webhooks: bounded transactions, every delivery once and in order. On both engines."""

import asyncio
import importlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import database, samples
from harness.server import OwnServer
from harness.waiting import nothing, wait_for
from sent_server import events
from sent_server.db import Row, Tx
from sent_server.events import Event, filters
from sent_server.kernel import ids
from sent_server.webhooks import fan_out, service
from sent_server.webhooks.fan_out import WRITTEN_AT_ONCE
from sent_server.webhooks.model import Webhook
from webhooks.sending import CUSTOMER, World, run

# The package has a function of the module's name.
EMIT = importlib.import_module("sent_server.events.emit")
OTHER_CUSTOMER = "01900000-0000-7000-8000-00000000000b"


async def subscribed(world: World, count: int, customer_id: str = CUSTOMER) -> None:
    """So many webhooks. Subscriptions alone are enough to be told."""
    for number in range(count):
        await world.webhook(f"http://127.0.0.1:9/{number}", "message.queued", customer_id=customer_id)


async def written(world: World, customer_id: str = CUSTOMER) -> int:
    sql = "SELECT COUNT(*) FROM deliveries WHERE customer_id = :customer_id"
    rows = await world.database.read(lambda tx: tx.fetch(sql, customer_id=customer_id))
    return rows[0][0]


def test_no_transaction_writes_more_than_a_bounded_number_of_deliveries(database_url: str) -> None:
    async def act(world: World) -> None:
        await subscribed(world, 21)
        await world.emit("message.queued", count=100)
        assert (await world.count("events"), await written(world)) == (100, 0), "2,100 are too many for one transaction"
        steps = [0]
        while await world.sender.fan_out():
            steps.append(await written(world))
        assert steps == [0, WRITTEN_AT_ONCE, 2 * WRITTEN_AT_ONCE, 2_100]
        assert await world.count("fan_outs") == 0

    run(database_url, act)


def test_what_is_small_is_written_with_its_events(database_url: str) -> None:
    async def act(world: World) -> None:
        await subscribed(world, 20)
        await world.emit("message.queued", count=100)
        assert (await written(world), await world.count("fan_outs")) == (EMIT.WRITTEN_AT_ONCE, 0)

    run(database_url, act)


PROFILE = """
    INSERT INTO customers (id, kind, organization_id, name, status, tier, callback_secret_sealed, created_at_ms)
    VALUES (:id, 'profile', :organization_id, 'A profile', 'ACTIVE', 'unlimited', '', 0)
"""


def test_an_organizations_webhook_gets_the_events_of_its_profiles(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EMIT, "WRITTEN_AT_ONCE", 0)

    async def act(world: World) -> None:
        await world.database.write(lambda tx: tx.execute(PROFILE, id=OTHER_CUSTOMER, organization_id=CUSTOMER))
        theirs, _ = await world.webhook("http://127.0.0.1:9/", "message.queued")
        own, _ = await world.webhook("http://127.0.0.1:9/", "message.queued", customer_id=OTHER_CUSTOMER)
        labels = filters.expand(["message.queued"])
        await world.database.write(lambda tx: events.subscribe_to_profiles(tx, CUSTOMER, theirs.id, labels))
        await world.emit("message.queued", count=3, customer_id=OTHER_CUSTOMER)
        while await world.sender.fan_out():
            pass
        logs = [await world.log(webhook) for webhook in (theirs, own)]
        subjects = [[entry.content.subject_id for entry in log] for log in logs]
        assert subjects == [["message-2", "message-1", "message-0"]] * 2

    run(database_url, act)


def test_customers_take_turns(database_url: str) -> None:
    async def act(world: World) -> None:
        for customer_id in (CUSTOMER, OTHER_CUSTOMER):
            await subscribed(world, 25, customer_id)
            await world.emit("message.queued", count=100, customer_id=customer_id)
        for so_far in (WRITTEN_AT_ONCE, 2 * WRITTEN_AT_ONCE, 2_500):
            await world.sender.fan_out()
            assert [await written(world, one) for one in (CUSTOMER, OTHER_CUSTOMER)] == [so_far, so_far]

    run(database_url, act)


def test_another_write_waits_for_a_portion_and_not_for_the_fan_out(tmp_path: Path) -> None:
    """On SQLite, where all share one writer: how many portions are committed while another write waits."""

    async def act(world: World) -> None:
        await subscribed(world, 50)
        await world.emit("message.queued", count=500)
        portions = 0

        async def go_on() -> None:
            nonlocal portions
            while await world.sender.fan_out():
                portions += 1

        async def other(tx: Tx) -> None:
            await tx.fetch("SELECT 1")

        fanning_out = asyncio.create_task(go_on())
        waited: list[int] = []
        while not fanning_out.done():
            before = portions
            await world.database.write(other)
            waited.append(portions - before)
        await fanning_out
        assert portions == 25
        assert max(waited) <= 2
        assert len(waited) >= 10, "others have their turn all the time"

    run(f"sqlite:///{tmp_path / 'sent.db'}", act)


@pytest.mark.parametrize("first", [0, 20])
def test_every_webhook_gets_what_it_wanted_once_and_in_order(
    database_url: str, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    """Small and large fan-outs by turns, in portions of any size, while webhooks are disabled, switched and deleted."""
    monkeypatch.setattr(EMIT, "WRITTEN_AT_ONCE", 5)

    async def act(world: World) -> None:
        for seed in range(first, first + 20):
            await _play(world, random.Random(seed), ids.new_id(world.clock.now_ms()))

    run(database_url, act)


async def _play(world: World, chance: random.Random, customer_id: str) -> None:
    hooks: dict[str, Webhook] = {}
    for number in range(chance.randrange(1, 5)):
        hook, _ = await world.webhook(f"http://127.0.0.1:9/{number}", customer_id=customer_id)
        hooks[hook.id] = hook
    hears = dict.fromkeys(hooks, True)
    wanted: dict[str, list[str]] = {hook_id: [] for hook_id in hooks}
    called: list[str] = []
    deleted: dict[str, list[Row]] = {}

    async def emit() -> None:
        told = [ids.new_id(world.clock.now_ms()) for _ in range(chance.randrange(1, 7))]
        callback = "http://127.0.0.1:9/" if chance.random() < 0.3 else None
        now_ms = world.clock.now_ms()
        happened = [Event(customer_id, "message.sent", subject, {}, now_ms, callback) for subject in told]
        before = await written(world, customer_id)
        await world.database.write(lambda tx: events.emit(tx, happened))
        callbacks = len(told) if callback else 0
        assert await written(world, customer_id) - before <= EMIT.WRITTEN_AT_ONCE + callbacks
        called.extend(told[:callbacks])
        for hook_id in hooks:
            wanted[hook_id] += told if hears[hook_id] else []

    async def portion(count: int) -> bool:
        return await world.database.write(lambda tx: fan_out.write_portion(tx, customer_id, count=count))

    async def change() -> None:
        hook = hooks[chance.choice(sorted(hooks))]
        now_ms = world.clock.now_ms()
        match chance.choice(("delete", "disable", "on", "off")):
            case "delete" if len(hooks) > 1:
                await world.database.write(lambda tx: service.delete(tx, customer_id, hook.id))
                del hooks[hook.id], hears[hook.id]
                wanted.pop(hook.id)
                deleted[hook.id] = [row for row in await found(world, customer_id) if row[0] == hook.id]
            case "disable" if hears[hook.id]:
                await world.database.write(
                    lambda tx: service.disable(tx, customer_id, hook.id, reason="a test", now_ms=now_ms)
                )
            case "on":
                await world.switch(hook, active=True)
                hears[hook.id] = True
            case _:
                await world.switch(hook, active=False)
                hears[hook.id] = False

    moves: list[Callable[[], object]] = [emit, emit, emit, lambda: portion(chance.randrange(1, 8)), change]
    for _ in range(chance.randrange(5, 25)):
        await chance.choice(moves)()  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]
    while await portion(3):
        pass
    rows = await found(world, customer_id)
    assert [row[1] for row in rows if row[0] not in wanted | deleted] == called
    for hook_id, before in deleted.items():
        assert [row for row in rows if row[0] == hook_id] == before, "nothing new for a webhook that is deleted"
    await _check(world, customer_id, rows, wanted)


async def found(world: World, customer_id: str) -> list[Row]:
    return await world.database.read(lambda tx: tx.fetch(FOUND, customer_id=customer_id))


async def _check(world: World, customer_id: str, rows: list[Row], wanted: dict[str, list[str]]) -> None:
    counted = await world.database.read(lambda tx: tx.fetch(COUNTED, customer_id=customer_id))
    counters: dict[str, int] = dict(counted)
    for hook_id, subjects in wanted.items():
        own = [row for row in rows if row[0] == hook_id]
        assert [subject for _, subject, name, _ in own if name == "message.sent"] == subjects
        assert counters.get(f"deliveries/{hook_id}", 0) == len(own)
        parked = sum(1 for *_, is_parked in own if is_parked)
        assert counters.get(f"deliveries/{hook_id}/parked", 0) == parked


FOUND = """
    SELECT d.endpoint_id, e.subject_id, e.name, d.status = 'pending' AND d.due_at_ms IS NULL
    FROM deliveries d
    JOIN events e ON e.customer_id = d.customer_id AND e.id = d.event_id
    WHERE d.customer_id = :customer_id
    ORDER BY d.created_at_ms, d.id
"""
COUNTED = "SELECT name, total FROM counters WHERE customer_id = :customer_id"


def test_a_process_that_dies_while_it_writes_loses_and_repeats_nothing(own_server: OwnServer) -> None:
    """kill -9 at the end of the second portion, before it is committed."""
    server = own_server(env={"SENT_FAILPOINT": "fan_out_before_commit:2"})
    for number in range(21):
        hook = samples.webhook(f"http://127.0.0.1:9/{number}", "message.queued")
        assert server.http.post("/v3/webhooks", hook).status == 201
    body = {
        "to": [samples.phone() for _ in range(100)],
        "template": {"id": server.template_ids["welcome"]},
        "channel": ["sms"],
    }
    accepted = server.http.post("/v3/messages", body)
    assert accepted.status == 202, accepted.body
    promised = {recipient["message_id"] for recipient in accepted.data["recipients"]}
    assert server.process.wait(60) == -9, "the failpoint was never reached"
    assert database.rows(server.database_url, "SELECT total, done FROM fan_outs") == [(2_100, WRITTEN_AT_ONCE)]
    again = own_server(home=server.home, database_url=server.database_url)
    left = "SELECT total, done FROM fan_outs"
    wait_for(lambda: database.rows(again.database_url, left), 60, until=nothing, what="the rest of the fan-out")
    told = database.rows(again.database_url, TOLD)
    assert len(told) == 2_100
    assert {message_id for _, message_id in told} == promised
    assert len({endpoint_id for endpoint_id, _ in told}) == 21
    assert len(set(told)) == 2_100, "each message at each webhook"


TOLD = "SELECT d.endpoint_id, e.subject_id FROM deliveries d JOIN events e ON e.id = d.event_id"
