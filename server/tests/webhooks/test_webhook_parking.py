"""Events of a webhook that we have disabled are kept, and go out when it is enabled; one that a person has switched off
gets none. On both engines."""

import asyncio
from typing import Any

import pytest

from harness.receiver import Behaviour, Receiver
from sent_server import events
from sent_server.events import LogEntry, Span
from sent_server.webhooks import claims, outcomes, parking, service, store
from sent_server.webhooks.model import DeliveryOutcome, Webhook
from sent_server.webhooks.parking import Keep
from sent_server.webhooks.sender import Sender
from sent_server.webhooks.service import WebhookDraft
from webhooks.sending import CUSTOMER, World, run, until

DAY_S = 86_400
OTHER_CUSTOMER = "01900000-0000-7000-8000-00000000000b"


async def disabled(world: World, receiver: Receiver, *names: str) -> Webhook:
    """A webhook whose first event was answered 410, and whose receiver is well again."""
    webhook, _ = await world.webhook(receiver.url(), *names)
    receiver.plan.append(Behaviour(410))
    await world.emit(count=1)
    await world.send()
    assert not (await world.current(webhook))[0].is_active
    receiver.deliveries.clear()
    return webhook


async def waiting(world: World, webhook: Webhook) -> list[LogEntry]:
    """Parked entries, oldest first."""
    return [entry for entry in reversed(await world.log(webhook)) if entry.is_parked]


async def queue(world: World) -> list[str]:
    """The endpoints that the look for what is due comes by."""
    rows = await world.database.read(
        lambda tx: tx.fetch("SELECT DISTINCT endpoint_id FROM deliveries WHERE due_at_ms IS NOT NULL")
    )
    return [row[0] for row in rows]


async def tidy(sender: Sender) -> None:
    while await sender.tidy():
        pass


def ids_of(receiver: Receiver) -> list[str]:
    return [got.headers["x-webhook-event-id"] for got in receiver.deliveries]


def test_what_happens_while_we_have_disabled_it_goes_out_when_it_is_enabled(
    database_url: str, receiver: Receiver
) -> None:
    async def act(world: World) -> None:
        webhook = await disabled(world, receiver)
        for _ in range(5):
            world.advance(1)
            await world.emit()
        await world.settle()
        assert receiver.deliveries == []
        kept = await waiting(world, webhook)
        assert len(kept) == 5
        assert await queue(world) == [], "nobody looks at it"
        await world.switch(webhook, active=True)
        world.advance(1)
        await world.emit()
        await world.send()
        assert set(ids_of(receiver)) >= {entry.content.id for entry in kept}
        assert len(receiver.deliveries) == 6
        assert sorted(await world.statuses(webhook)) == ["delivered"] * 6 + ["failed"] * 2

    run(database_url, act)


def test_they_leave_the_queue_oldest_first_and_before_what_is_new(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook = await disabled(world, receiver)
        for _ in range(6):
            world.advance(1)
            await world.emit()
        kept = [entry.id for entry in await waiting(world, webhook)]
        await world.switch(webhook, active=True)
        await world.emit(count=1)
        share = events.Share(webhook.id, 7, 1_000)
        claimed = await world.database.write(lambda tx: events.claim(tx, [share], now_ms=world.clock.now_ms()))
        assert [one.id for one in claimed][:6] == kept
        assert len(claimed) == 7

    run(database_url, act)


def test_a_webhook_that_a_person_has_switched_off_gets_nothing_new(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url())
        await world.emit()  # waits already
        await world.switch(webhook, active=False)
        await world.emit(count=3)
        await world.settle()
        assert len(await waiting(world, webhook)) == 1
        assert await queue(world) == []
        world.advance(20 * DAY_S)
        await tidy(world.sender)
        await world.switch(webhook, active=True)
        await world.send()
        assert len(receiver.deliveries) == 1

    run(database_url, act)


def test_a_person_may_switch_off_what_we_have_disabled(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook = await disabled(world, receiver)
        await world.emit()
        await world.switch(webhook, active=False)
        await world.emit()
        await world.switch(webhook, active=True)
        await world.send()
        assert len(receiver.deliveries) == 1, "what came before the person said so"

    run(database_url, act)


@pytest.mark.parametrize("answer", [404, 503])
def test_what_waits_at_the_moment_is_kept_too(database_url: str, receiver: Receiver, answer: int) -> None:
    """Retrying, in flight and not tried yet: all of it leaves the queue and comes back."""

    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url())
        receiver.plan.append(Behaviour(answer))
        await world.emit()
        await world.send()  # retrying in a minute
        receiver.plan.append(Behaviour(410))
        await world.emit()
        await world.send()
        assert not (await world.current(webhook))[0].is_active
        world.advance(61)
        await world.settle()
        assert await queue(world) == []
        [kept] = await waiting(world, webhook)
        assert kept.attempts == 1
        receiver.deliveries.clear()
        await world.switch(webhook, active=True)
        await world.send()
        assert ids_of(receiver) == [kept.content.id]

    run(database_url, act)


def test_an_answer_that_comes_after_the_event_was_parked_records_nothing(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url())
        await world.emit()
        now_ms = world.clock.now_ms()
        share = events.Share(webhook.id, 1, 1_000)
        [claimed] = await world.database.write(lambda tx: events.claim(tx, [share], now_ms=now_ms))
        await world.switch(webhook, active=False)
        world.advance(2)  # the lease is over, its holder sleeps
        await world.settle()
        late = DeliveryOutcome(claimed, 3, now_ms, world.clock.now_ms(), 200, None, None)
        await world.database.write_batched(outcomes.record, [late])
        assert [entry.status for entry in await waiting(world, webhook)] == ["pending"]

    run(database_url, act)


def test_72_hours_without_an_answer_keep_what_waited(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url())
        receiver.behaviour = Behaviour(503)
        await world.emit(count=8)
        await world.send()
        world.advance(73 * 3600)
        await tidy(world.sender)
        assert not (await world.current(webhook))[0].is_active
        await world.emit(count=2)
        await world.settle()
        await tidy(world.sender)
        assert len(await waiting(world, webhook)) == 10
        receiver.behaviour = Behaviour()
        receiver.deliveries.clear()
        await world.switch(webhook, active=True)
        await tidy(world.sender)  # their 72 hours begin when they are back in the queue
        await world.send()
        assert len(set(ids_of(receiver))) == 10

    run(database_url, act)


def test_what_waits_at_an_unreachable_webhook_is_not_given_up_before_it_is_disabled(
    database_url: str, receiver: Receiver
) -> None:
    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url(), retry_count=5)
        receiver.behaviour = Behaviour(503)
        await world.emit()
        for _ in range(4):  # retries spread over an hour and a half, and the fifth failure parks it
            await world.send()
            world.advance(3600)
        await world.send()
        assert (await world.health(webhook)).parked_at_ms is not None
        world.advance(70 * 3600)
        await tidy(world.sender)
        assert (await world.current(webhook))[0].is_active
        assert (await world.statuses(webhook)) == ["retrying"] or (await world.statuses(webhook)) == ["pending"]

    run(database_url, act)


@pytest.mark.parametrize("how", ["toggle", "put"])
def test_it_may_be_enabled_by_either_call(database_url: str, receiver: Receiver, how: str) -> None:
    async def act(world: World) -> None:
        webhook = await disabled(world, receiver)
        await world.emit()
        if how == "toggle":
            await world.switch(webhook, active=True)
        else:
            draft = WebhookDraft(None, None, None, None, None, None, is_active=True)
            await _update(world, webhook, draft)
        await world.send()
        assert len(receiver.deliveries) == 1

    run(database_url, act)


def test_an_edit_or_a_new_secret_meanwhile_neither_enables_it_nor_loses_anything(
    database_url: str, receiver: Receiver
) -> None:
    async def act(world: World) -> None:
        webhook = await disabled(world, receiver)
        await world.emit()
        # A program puts back all that it has read, with another address.
        draft = WebhookDraft("New", receiver.url("/new"), ("message",), 2, 7, "v1", is_active=False)
        changed = await _update(world, webhook, draft)
        assert (changed.is_active, changed.is_disabled_by_us) == (False, True)
        await world.database.write(
            lambda tx: service.rotate_secret(tx, CUSTOMER, webhook.id, world.rules, now_ms=world.clock.now_ms())
        )
        await world.emit()
        await world.settle()
        assert receiver.deliveries == []
        await world.switch(webhook, active=True)
        await world.send()
        assert [got.path for got in receiver.deliveries] == ["/new"] * 2
        assert sorted(got.headers["x-webhook-event-type"] for got in receiver.deliveries) == [
            "message.delivered", "messages",
        ]  # fmt: skip

    run(database_url, act)


def test_events_that_it_no_longer_subscribes_to_are_not_parked(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook = await disabled(world, receiver)
        await _update(world, webhook, WebhookDraft(None, None, ("message.read",), None, None, None))
        await world.emit()
        await world.emit("message.read")
        assert [entry.event_name for entry in await waiting(world, webhook)] == ["message.read"]

    run(database_url, act)


def test_a_replay_meanwhile_waits_with_the_others(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook = await disabled(world, receiver)
        await world.emit()
        [kept] = await waiting(world, webhook)
        now_ms = world.clock.now_ms() + 1
        for _ in range(2):  # the second finds nothing more
            count, _ = await world.database.write(
                lambda tx: service.replay_span(tx, CUSTOMER, webhook.id, Span(0, now_ms, ("failed",)), now_ms=now_ms)
            )
        assert count == 0
        replayed = await world.database.write(
            lambda tx: service.replay_one(tx, CUSTOMER, webhook.id, kept.id, now_ms=now_ms)
        )
        assert replayed == 1
        assert len(await waiting(world, webhook)) == 2
        assert await queue(world) == []
        await world.switch(webhook, active=True)
        await world.send()
        assert len(set(ids_of(receiver))) == len(receiver.deliveries) == 2

    run(database_url, act)


def test_a_deleted_webhook_leaves_nothing_that_waits(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook = await disabled(world, receiver)
        await world.emit(count=3)
        await world.database.write(lambda tx: service.delete(tx, CUSTOMER, webhook.id))
        await tidy(world.sender)
        rows = await world.database.read(lambda tx: tx.fetch("SELECT status FROM deliveries"))
        assert {row[0] for row in rows} == {"failed"}

    run(database_url, act)


def test_the_oldest_are_given_up_when_too_many_wait_a_portion_at_a_time(
    database_url: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parking, "PORTION", 10)

    async def act(world: World) -> None:
        webhook = await disabled(world, receiver)
        for _ in range(40):
            world.advance(0.001)
            await world.emit()
        kept = await waiting(world, webhook)
        await world.sender.stop()
        world.sender = world.new_sender(keep=Keep(events=25))
        assert await world.sender.tidy() is True
        assert len(await waiting(world, webhook)) == 30, "one portion"
        await tidy(world.sender)
        left = await waiting(world, webhook)
        assert [entry.id for entry in left] == [entry.id for entry in kept[15:]]
        given_up = [
            entry for entry in await world.log(webhook) if entry.error_message and "25 events" in entry.error_message
        ]
        assert {entry.status for entry in given_up} == {"failed"}
        assert len(given_up) == 15
        await world.switch(webhook, active=True)
        for _ in range(5):
            await world.settle()
        assert len(receiver.deliveries) == 25

    run(database_url, act)


def test_the_counter_of_parked_events_follows_whatever_happens(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook = await disabled(world, receiver)
        await world.sender.stop()
        world.sender = world.new_sender(keep=Keep(events=5))
        await world.emit(count=4)
        assert await _parked(world, webhook) == 4
        [*_, first] = await world.log(webhook)
        for _ in range(2):  # the second finds it waiting
            await _replay(world, webhook, first.id)
            assert await _parked(world, webhook) == 5
        await world.emit(count=2)
        await tidy(world.sender)
        assert await _parked(world, webhook) == 5, "two were given up"
        await _replay(world, webhook, None)
        assert await _parked(world, webhook) == 7
        await world.switch(webhook, active=True)
        assert await _parked(world, webhook) == 0
        await world.switch(webhook, active=False)
        await world.settle()
        assert await _parked(world, webhook) == 7, "they were due and are kept"
        world.advance(31 * DAY_S)
        await tidy(world.sender)
        assert await _parked(world, webhook) == 0, "too old"

    run(database_url, act)


def test_nothing_is_left_of_a_deleted_webhook_once_its_log_has_aged(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook = await disabled(world, receiver)
        await world.emit(count=3)
        await world.emit(count=2, callback=receiver.url("/callback"))
        await world.send()
        before = await world.database.read(lambda tx: events.interest(tx, [CUSTOMER]))
        await world.database.write(lambda tx: service.delete(tx, CUSTOMER, webhook.id))
        late = events.Event(CUSTOMER, "message.sent", "m", {"message_id": "m"}, world.clock.now_ms())
        await world.database.write(lambda tx: events.emit(tx, [late], before))
        await tidy(world.sender)
        assert await world.count("endpoint_health") == 2, "its log is still there"
        world.advance(31 * DAY_S)
        await tidy(world.sender)
        await tidy(world.sender)
        for table in ("deliveries", "events", "endpoint_health"):
            assert await world.count(table) == 0, table
        left = await world.database.read(lambda tx: tx.fetch("SELECT name, total FROM counters"))
        assert [row for row in left if row[0].startswith("deliveries/")] == []

    run(database_url, act)


def test_events_age_out_although_every_endpoint_of_the_customer_is_gone(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhooks = [(await world.webhook(receiver.url()))[0] for _ in range(2)]
        await world.emit()
        for webhook in webhooks:
            await world.database.write(lambda tx, id=webhook.id: service.delete(tx, CUSTOMER, id))
        await tidy(world.sender)
        assert await world.count("endpoint_health") == 1, "one stays with the events"
        assert await world.count("events") == 1
        world.advance(31 * DAY_S)
        await tidy(world.sender)
        assert (await world.count("events"), await world.count("endpoint_health")) == (0, 0)

    run(database_url, act)


def test_after_30_days_they_are_given_up_visibly_and_can_be_replayed(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook = await disabled(world, receiver)
        await world.emit()
        world.advance(2 * DAY_S)
        await world.emit()
        world.advance(29 * DAY_S)
        await world.emit()
        await tidy(world.sender)
        assert len(await waiting(world, webhook)) == 2
        log = await world.log(webhook)
        assert [entry.error_message for entry in log].count(parking.TOO_OLD) == 1
        await world.switch(webhook, active=True)
        await tidy(world.sender)
        await world.send()
        assert len(receiver.deliveries) == 2
        now_ms = world.clock.now_ms() + 1
        await world.database.write(
            lambda tx: service.replay_span(tx, CUSTOMER, webhook.id, Span(0, now_ms, ("failed",)), now_ms=now_ms)
        )
        await world.send()
        assert len(receiver.deliveries) == 3
        world.advance(31 * DAY_S)
        await tidy(world.sender)
        assert (await world.count("deliveries"), await world.count("events")) == (0, 0)

    run(database_url, act)


def test_a_large_backlog_comes_back_in_portions_that_survive_a_crash_between_them(
    database_url: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parking, "PORTION", 50)

    async def act(world: World) -> None:
        webhook = await disabled(world, receiver)
        await world.emit(count=180)
        await world.switch(webhook, active=True)
        assert await _parked(world, webhook) == 130, "the first portion comes with the switch"
        await world.sender.release()
        assert await _parked(world, webhook) == 80
        await world.sender.stop()
        world.sender = world.new_sender()  # the process that did it is gone
        world.advance(120)
        while await world.sender.release():
            pass
        assert await _parked(world, webhook) == 0
        await world.send()
        assert len(set(ids_of(receiver))) == len(receiver.deliveries) == 180

    run(database_url, act)


def test_a_backlog_that_goes_out_holds_up_no_other_tenant(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook = await disabled(world, receiver)
        for _ in range(3):
            await world.emit(count=1_000)
        other, _ = await world.webhook(receiver.url("/other"), customer_id=OTHER_CUSTOMER)
        world.sender.start()
        await world.switch(webhook, active=True)
        for number in range(1, 4):
            await world.emit(customer_id=OTHER_CUSTOMER)
            await until(lambda number=number: _came(receiver, "/other", number))
            assert len(receiver.on("/hook")) < 3_000, "it was not sent after the backlog"
        assert {entry.status for entry in await world.log(other)} <= {"delivered", "pending"}

    run(database_url, act)


def test_an_event_that_is_parked_while_it_is_being_enabled_goes_out_all_the_same(
    database_url: str, receiver: Receiver
) -> None:
    """On PostgreSQL a transaction may read the subscription before the switch, and commit its event after it."""

    async def act(world: World) -> None:
        webhook = await disabled(world, receiver)
        before = await world.database.read(lambda tx: events.interest(tx, [CUSTOMER]))
        await world.switch(webhook, active=True)
        await world.settle()
        now_ms = world.clock.now_ms()
        late = events.Event(CUSTOMER, "message.sent", "m", {"message_id": "m"}, now_ms)
        await world.database.write(lambda tx: events.emit(tx, [late], before))
        assert await _parked(world, webhook) == 1
        await world.settle()
        assert len(receiver.deliveries) == 1
        world.advance(parking.SETTLED_AFTER_MS / 1_000)
        await world.sender.release()
        assert await world.database.read(lambda tx: store.releasing(tx, count=9)) == [], "it is over"
        left = await world.database.read(lambda tx: tx.fetch("SELECT name FROM counters"))
        assert left == [(f"deliveries/{webhook.id}",)], "and nothing is counted"

    run(database_url, act)


def test_an_event_that_is_queued_while_it_is_being_disabled_is_parked(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url())
        before = await world.database.read(lambda tx: events.interest(tx, [CUSTOMER]))
        now_ms = world.clock.now_ms()
        await world.database.write(lambda tx: service.disable(tx, CUSTOMER, webhook.id, reason="gone", now_ms=now_ms))
        late = events.Event(CUSTOMER, "message.sent", "m", {"message_id": "m"}, now_ms)
        await world.database.write(lambda tx: events.emit(tx, [late], before))
        await world.settle()
        assert (await _parked(world, webhook), await queue(world), receiver.deliveries) == (1, [], [])

    run(database_url, act)


def test_two_workers_and_people_who_switch_it_send_every_event_once(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook = await disabled(world, receiver)
        await world.emit(count=300)
        other = world.new_sender()
        world.sender.start()
        other.start()
        for active in (True, False, True, False, True):
            await world.switch(webhook, active=active)
            await asyncio.sleep(0.05)
        for _ in range(400):
            await asyncio.sleep(0.05)
            world.advance(0.05)
            if len(set(ids_of(receiver))) == 300:
                break
        await other.stop()
        assert len(set(ids_of(receiver))) == len(receiver.deliveries) == 300

    run(database_url, act)


def test_an_event_without_content_holds_nobody_up(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url())
        await world.emit()
        await world.database.write(
            lambda tx: tx.execute("DELETE FROM events WHERE customer_id = :customer_id", customer_id=CUSTOMER)
        )
        await world.emit()
        await world.send()
        assert len(receiver.deliveries) == 1
        rows = await world.database.read(
            lambda tx: tx.fetch("SELECT error_message FROM deliveries WHERE status = 'failed'")
        )
        assert rows == [(claims.NO_CONTENT,)]
        assert (await world.current(webhook))[0].is_active

    run(database_url, act)


async def _parked(world: World, webhook: Webhook) -> int:
    """How many are parked, which the counter must know."""
    counted = await world.database.read(lambda tx: events.count_parked(tx, CUSTOMER, webhook.id))
    rows = await world.database.read(
        lambda tx: tx.fetch(
            "SELECT COUNT(*) FROM deliveries WHERE endpoint_id = :id AND status = 'pending' AND due_at_ms IS NULL",
            id=webhook.id,
        )
    )
    assert counted == rows[0][0]
    return counted


async def _replay(world: World, webhook: Webhook, delivery_id: str | None) -> None:
    """That one, or all that failed."""
    now_ms = world.clock.now_ms() + 1
    span = Span(0, now_ms, ("failed",))
    if delivery_id is None:
        await world.database.write(lambda tx: service.replay_span(tx, CUSTOMER, webhook.id, span, now_ms=now_ms))
    else:
        await world.database.write(lambda tx: service.replay_one(tx, CUSTOMER, webhook.id, delivery_id, now_ms=now_ms))


async def _came(receiver: Receiver, path: str, count: int) -> bool:
    return len(receiver.on(path)) >= count


async def _update(world: World, webhook: Webhook, draft: WebhookDraft) -> Webhook:
    changed: tuple[Webhook, Any] = await world.database.write(
        lambda tx: service.update(tx, CUSTOMER, webhook.id, draft, world.rules, now_ms=world.clock.now_ms())
    )
    return changed[0]
