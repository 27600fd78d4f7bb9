"""Outcomes in the database: written together, and failing apart."""

import asyncio

from sent_server import events
from sent_server.outbound import OutcomeRecorder
from sent_server.webhooks import outcomes
from sent_server.webhooks.model import DeliveryOutcome, Webhook
from webhooks.sending import World, run, until

LEASE_MS = 35_000


async def claimed(world: World, count: int) -> tuple[Webhook, list[events.ClaimedDelivery]]:
    webhook, _ = await world.webhook("https://example.com/hook")
    await world.emit(count=count)
    share = events.Share(webhook.id, count, LEASE_MS)
    now_ms = world.clock.now_ms()
    return webhook, await world.database.write(lambda tx: events.claim(tx, [share], now_ms=now_ms))


def recorder_of(world: World) -> OutcomeRecorder[DeliveryOutcome]:
    return OutcomeRecorder(
        "webhook",
        lambda together: world.database.write_batched(outcomes.record, together, weight=len(together)),
        describe=lambda outcome: {"delivery_id": outcome.claimed.id},
    )


def outcome(one: events.ClaimedDelivery, world: World, text: str | None = None) -> DeliveryOutcome:
    now_ms = world.clock.now_ms()
    return DeliveryOutcome(one, 3, now_ms, now_ms, 200, text, None)


def test_what_comes_while_the_last_ones_are_written_is_written_next(database_url):
    async def act(world: World) -> None:
        webhook, some = await claimed(world, 30)
        recorder = recorder_of(world)
        for one in some[:10]:
            recorder.add(outcome(one, world))
        await asyncio.sleep(0)
        for one in some[10:]:
            recorder.add(outcome(one, world))
        assert recorder.held == 30
        await recorder.stop(within_s=5)
        assert recorder.held == 0
        assert await world.statuses(webhook) == ["delivered"] * 30

    run(database_url, act)


def test_one_that_cannot_be_written_takes_no_other_along(database_url):
    async def act(world: World) -> None:
        webhook, some = await claimed(world, 5)
        recorder = recorder_of(world)
        for number, one in enumerate(some):
            recorder.add(outcome(one, world, text="\ud800" if number == 2 else None))
        await until(lambda: _is(recorder.held == 0))
        statuses = await world.statuses(webhook)
        assert (statuses.count("delivered"), statuses.count("pending")) == (4, 1)

    run(database_url, act)


async def _is(value: bool) -> bool:
    return value
