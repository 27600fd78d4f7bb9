"""The sender over a real database and a real receiver, on both engines."""

import asyncio
import time

import pytest

from harness.receiver import Behaviour, Delivery, Receiver
from sent_server import events
from sent_server.webhooks import endpoint_leases, outcomes, service, signing
from sent_server.webhooks.model import DeliveryOutcome
from sent_server.webhooks.service import WebhookDraft
from sent_server.webhooks.signing import SignatureMode
from webhooks.sending import CALLBACK_SECRET, CUSTOMER, World, run, step, until

OTHER = "01900000-0000-7000-8000-00000000000b"


def is_signed(delivery: Delivery, secret: str) -> bool:
    headers = delivery.headers
    expected = signing.sign(
        SignatureMode.V1,
        secret=secret,
        webhook_id=headers["x-webhook-id"],
        timestamp_s=int(headers["x-webhook-timestamp"]),
        body=delivery.body,
    )
    fresh = abs(time.time() - int(headers["x-webhook-timestamp"])) < 60
    return fresh and headers["x-webhook-signature"] == expected


def test_an_event_arrives_signed_and_is_logged(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook, secret = await world.webhook(receiver.url())
        await world.emit()
        await world.send()
        [got] = receiver.deliveries
        assert is_signed(got, secret)
        assert got.headers["x-webhook-id"] == webhook.id
        assert got.headers["x-webhook-event-type"] == "messages"
        assert got.headers["x-webhook-event"] == "message.delivered"
        assert got.headers["content-type"].startswith("application/json")
        assert got.json["meta"]["request_id"] == got.headers["x-webhook-event-id"]
        [entry] = await world.log(webhook)
        assert (entry.status, entry.http_status_code, entry.response_body, entry.attempts) == (
            "delivered",
            200,
            "ok",
            1,
        )
        assert entry.started_at_ms is not None
        assert entry.completed_at_ms is not None
        health = await world.health(webhook)
        assert health.last_success_at_ms is not None

    run(database_url, act)


def test_only_subscribed_events_of_the_own_account_are_written(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        await world.webhook(receiver.url("/sent"), "message.sent")
        await world.emit("message.delivered")
        await world.emit("message.sent", customer_id=OTHER)
        assert (await world.count("events"), await world.count("deliveries")) == (0, 0)
        await world.emit("message.sent")
        await world.send()
        assert len(receiver.deliveries) == 1

    run(database_url, act)


def test_interest_says_who_wants_what(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        await world.webhook(receiver.url(), "message.sent")
        interest = await world.database.read(lambda tx: events.interest(tx, [CUSTOMER, OTHER]))
        assert interest.wants(CUSTOMER, "message.sent")
        assert not interest.wants(CUSTOMER, "message.read")
        assert not interest.wants(OTHER, "message.sent")

    run(database_url, act)


@pytest.mark.parametrize(("subscribed", "header"), [("messages", "messages"), ("message", "message.delivered")])
def test_a_failed_attempt_is_repeated_with_the_same_bytes_and_names(
    database_url: str, receiver: Receiver, subscribed: str, header: str
) -> None:
    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url(), subscribed)
        receiver.plan.append(Behaviour(500, body=b"oops"))
        await world.emit()
        await world.send()
        [entry] = await world.log(webhook)
        assert (entry.status, entry.http_status_code, entry.response_body) == ("retrying", 500, "oops")
        world.advance(59)
        await world.send()
        assert len(receiver.deliveries) == 1
        world.advance(2)
        await world.send()
        first, second = receiver.deliveries
        assert first.body == second.body
        assert first.headers["x-webhook-event-id"] == second.headers["x-webhook-event-id"]
        assert [got.headers["x-webhook-event-type"] for got in (first, second)] == [header, header]
        [entry] = await world.log(webhook)
        assert (entry.status, entry.attempts, entry.error_message) == ("delivered", 2, None)

    run(database_url, act)


def test_rotating_the_secret_signs_even_the_retries_with_the_new_one(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook, old = await world.webhook(receiver.url())
        receiver.plan.append(Behaviour(404))
        await world.emit()
        await world.send()
        new = await world.database.write(
            lambda tx: service.rotate_secret(tx, CUSTOMER, webhook.id, world.rules, now_ms=world.clock.now_ms())
        )
        world.advance(61)
        await world.send()
        first, second = receiver.deliveries
        assert (is_signed(first, old), is_signed(second, new), is_signed(second, old)) == (True, True, False)

    run(database_url, act)


def test_after_its_retries_an_event_is_failed_and_ten_of_them_disable(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url(), retry_count=1)
        receiver.behaviour = Behaviour(404)
        await world.emit(count=9)
        await world.send()
        world.advance(61)
        await world.send()
        assert set(await world.statuses(webhook)) == {"failed"}
        assert (await world.current(webhook))[0].is_active
        await world.emit()
        await world.send()
        world.advance(61)
        await world.send()
        disabled, health = await world.current(webhook)
        assert not disabled.is_active
        assert health.consecutive_failures == 20
        note = (await world.log(webhook))[0]
        assert (note.event_name, note.status, note.attempts) == ("webhook.disabled", "failed", 0)
        assert note.error_message == "Disabled after 10 failed events in a row"
        assert await world.statuses(webhook) == ["failed"] * 11
        await world.emit()
        assert (await world.log(webhook))[0].is_parked

    run(database_url, act)


def test_an_outage_parks_events_and_a_probe_lets_all_of_them_through(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url())
        receiver.behaviour = Behaviour(503)
        await world.emit(count=5)
        await world.send()
        assert (await world.health(webhook)).parked_at_ms is not None
        await world.emit(count=20)
        await world.send()
        sent = len(receiver.deliveries)
        world.advance(31)
        await world.send()
        assert len(receiver.deliveries) == sent + 1  # a single probe
        receiver.behaviour = Behaviour(200)
        world.advance(3_600)
        await world.send()
        assert set(await world.statuses(webhook)) == {"delivered"}
        assert len(await world.log(webhook)) == 25
        assert (await world.health(webhook)).consecutive_failures == 0

    run(database_url, act)


def test_72_hours_without_an_answer_disable_the_webhook(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url())
        receiver.behaviour = Behaviour(503)
        await world.emit(count=8)
        await world.send()
        world.advance(71 * 3600)
        await world.sender.tidy()
        assert (await world.current(webhook))[0].is_active
        world.advance(2 * 3600)
        await world.sender.tidy()
        assert not (await world.current(webhook))[0].is_active
        log = await world.log(webhook)
        assert [entry.event_name for entry in log].count("webhook.disabled") == 1
        assert [entry.status for entry in log].count("failed") == 1, "its events are kept"

    run(database_url, act)


def test_switching_on_again_sends_what_waited(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url())
        await world.emit()
        for active in (False, True):
            await world.database.write(
                lambda tx, active=active: service.toggle(
                    tx, CUSTOMER, webhook.id, active=active, now_ms=world.clock.now_ms()
                )
            )
            await world.send()
            assert len(receiver.deliveries) == int(active)

    run(database_url, act)


def test_a_deleted_webhook_hears_no_more(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url())
        await world.emit()
        await world.database.write(lambda tx: service.delete(tx, CUSTOMER, webhook.id))
        await world.emit()
        await world.send()
        assert receiver.deliveries == []
        assert await world.count("deliveries") == 0

    run(database_url, act)


def test_an_edited_address_is_used_at_once_and_forgives_the_old_one(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook, _ = await world.webhook("http://127.0.0.1:9/")
        await world.emit(count=5)
        await world.send()
        assert (await world.health(webhook)).parked_at_ms is not None
        draft = WebhookDraft(None, receiver.url(), None, None, None, None)
        await world.database.write(
            lambda tx: service.update(tx, CUSTOMER, webhook.id, draft, world.rules, now_ms=world.clock.now_ms())
        )
        await world.emit()
        await world.send()
        assert len(receiver.deliveries) == 1

    run(database_url, act)


def test_a_callback_address_is_signed_with_the_accounts_secret(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        await world.emit(callback=receiver.url("/one"))
        await world.emit(callback=receiver.url("/two"))
        await world.send()
        assert sorted(got.path for got in receiver.deliveries) == ["/one", "/two"]
        assert all(is_signed(got, CALLBACK_SECRET) for got in receiver.deliveries)
        assert {got.headers["x-webhook-id"] for got in receiver.deliveries} == {CUSTOMER}

    run(database_url, act)


@pytest.mark.parametrize("mode", ["hex", "sha256-hex", "base64"])
def test_a_webhook_may_choose_a_raw_body_signature(database_url: str, receiver: Receiver, mode: str) -> None:
    async def act(world: World) -> None:
        webhook, secret = await world.webhook(receiver.url(), signature_mode=mode)
        await world.emit()
        await world.send()
        [got] = receiver.deliveries
        assert got.headers["x-webhook-signature"] == signing.sign(
            SignatureMode(mode), secret=secret, webhook_id=webhook.id, timestamp_s=0, body=got.body
        )

    run(database_url, act)


def test_an_endpoint_is_served_by_one_process_until_its_turn_runs_out(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url())
        await world.emit()
        dead = world.new_sender()
        assert await step(dead) is True
        await world.emit(count=2)
        await world.send()
        assert len(await asyncio.to_thread(receiver.wait, 1)) == 1, "another process has the turn"
        world.advance(endpoint_leases.LEASE_MS / 1000 + 1)
        await world.send()
        assert await world.statuses(webhook) == ["delivered"] * 3

    run(database_url, act)


def test_a_process_that_stops_leaves_its_turns_and_what_it_could_not_finish(
    database_url: str, receiver: Receiver
) -> None:
    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url(), timeout_seconds=30)
        receiver.plan.append(Behaviour(after_s=8))
        await world.emit()
        stopping = world.new_sender()
        assert await step(stopping) is True
        await asyncio.to_thread(receiver.wait, 1)
        await stopping.stop()
        await world.send()
        assert await world.statuses(webhook) == ["delivered"]
        assert len(receiver.deliveries) == 2

    run(database_url, act)


def test_a_turn_ends_so_that_others_get_theirs(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        await world.webhook(receiver.url())
        await world.emit()
        other = world.new_sender()
        assert await step(world.sender) is True
        await asyncio.to_thread(receiver.wait, 1)
        while world.sender.open_count:
            await asyncio.sleep(0.005)
        await world.emit()
        assert await step(other) is False
        world.advance(endpoint_leases.HELD_AT_MOST_MS / 1000)
        await world.sender.renew_leases()
        assert await step(world.sender) is False, "it steps back for a moment"
        assert await step(other) is True
        await other.stop()

    run(database_url, act)


def test_what_a_killed_process_was_sending_is_sent_again(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url(), timeout_seconds=120)
        await world.emit(count=3)
        killed = world.new_sender()
        receiver.behaviour = Behaviour(after_s=3)
        assert await step(killed) is True
        await asyncio.to_thread(receiver.wait, 3)
        receiver.behaviour = Behaviour()
        await world.sender.take_over()
        assert await step(world.sender) is False
        world.advance(endpoint_leases.LEASE_MS / 1000)
        await world.sender.take_over()
        await world.send()
        assert await world.statuses(webhook) == ["delivered"] * 3
        assert len(receiver.deliveries) == 6
        await killed.stop()

    run(database_url, act)


def test_a_process_that_slept_and_sends_the_same_again_records_the_newer_of_its_two_requests(
    database_url: str, receiver: Receiver
) -> None:
    """Found by the simulation (seed 14): the first to end took away what the second one needed to end."""

    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url())
        receiver.plan.extend([Behaviour(after_s=0.8), Behaviour(after_s=1.6)])
        await world.emit()
        assert await step(world.sender)
        world.advance(endpoint_leases.LEASE_MS / 1000 + 1)  # the turn runs out while the request is open
        await world.sender.take_over()
        assert await step(world.sender)
        assert world.sender.open_count == 2
        while world.sender.open_count:
            await asyncio.sleep(0.02)
        assert len(receiver.deliveries) == 2
        assert await world.statuses(webhook) == ["delivered"]

    run(database_url, act)


def test_an_expired_lease_is_taken_over_and_the_old_holder_writes_nothing(
    database_url: str, receiver: Receiver
) -> None:
    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url())
        await world.emit()
        now_ms = world.clock.now_ms()
        share = events.Share(webhook.id, 1, 35_000)
        [stale] = await world.database.write(lambda tx: events.claim(tx, [share], now_ms=now_ms))
        world.advance(36)
        await world.send()
        late = DeliveryOutcome(stale, 3, now_ms, world.clock.now_ms(), 404, None, "late")
        await world.database.write_batched(outcomes.record, [late])
        [entry] = await world.log(webhook)
        assert (entry.status, entry.attempts, entry.http_status_code) == ("delivered", 1, 200)

    run(database_url, act)


def test_hanging_receivers_delay_nobody_else(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        with Receiver() as hanging:
            hanging.behaviour = Behaviour(after_s=20)
            for number in range(10):
                await world.webhook(hanging.url(f"/{number}"), "message.read")
            quick, _ = await world.webhook(receiver.url(), "message.delivered")
            await world.emit("message.read", count=20)
            world.sender.start()
            await asyncio.sleep(0.5)
            await world.emit("message.delivered", count=50)

            async def all_delivered() -> bool:
                return (await world.statuses(quick)) == ["delivered"] * 50

            await until(all_delivered)
            assert await world.delivered("message.read") == 0, "it did not wait for one of the others"

    run(database_url, act)


def test_the_worker_sends_without_a_hint(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        await world.webhook(receiver.url())
        world.sender.start()
        await asyncio.sleep(0.05)
        await world.emit(count=200)

        async def all_arrived() -> bool:
            return len(receiver.deliveries) >= 200

        await until(all_arrived)

    run(database_url, act)


def test_old_log_rows_are_forgotten_and_no_longer_counted(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        webhook, _ = await world.webhook(receiver.url())
        await world.emit(count=3)
        await world.send()
        world.advance(31 * 86_400)
        await world.emit()
        await world.send()
        await world.sender.tidy()
        assert len(await world.log(webhook)) == 1
        assert (await world.count("events"), await world.count("deliveries")) == (1, 1)
        rows = await world.database.read(
            lambda tx: tx.fetch("SELECT total FROM counters WHERE name LIKE 'deliveries/%'")
        )
        assert [row[0] for row in rows] == [1]

    run(database_url, act)


def test_one_unreadable_secret_stops_only_its_own_webhook(database_url: str, receiver: Receiver) -> None:
    async def act(world: World) -> None:
        broken, _ = await world.webhook(receiver.url("/broken"))
        await world.webhook(receiver.url("/well"))
        await world.database.write(
            lambda tx: tx.execute(
                "UPDATE webhooks SET secret_sealed = :other WHERE customer_id = :customer_id AND id = :id",
                other=world.rules.sealer.seal("whsec_AAAA", row_id="another"),
                customer_id=CUSTOMER,
                id=broken.id,
            )
        )
        await world.emit()
        await step(world.sender)
        await until(lambda: _arrived(receiver, 1))
        assert [got.path for got in receiver.deliveries] == ["/well"]

    run(database_url, act)


async def _arrived(receiver: Receiver, count: int) -> bool:
    return len(receiver.deliveries) >= count
