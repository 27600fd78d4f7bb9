"""Looking for endpoints with something to send, a stretch at a time."""

from harness.receiver import Receiver
from sent_server import events
from sent_server.events import DueEndpoint
from sent_server.events import store as event_store
from sent_server.webhooks import due_endpoints
from webhooks.sending import CUSTOMER, World, run, until

LATER_MS = 60_000


async def origins(world: World, count: int) -> list[str]:
    """Ids of the endpoints of as many callback addresses, with an event each."""
    urls = [f"http://127.0.0.1:1/{number}" if number == 0 else f"http://h{number}.invalid/" for number in range(count)]
    for url in urls:
        await world.emit(callback=url)
    return sorted(events.callback_endpoint_id(CUSTOMER, url) for url in urls)


async def page(world: World, after: str, now_ms: int) -> tuple[list[str], str]:
    found, following = await world.database.read(
        lambda tx: events.due_endpoints(tx, after=after, now_ms=now_ms, count=3)
    )
    assert all(isinstance(one, DueEndpoint) for one in found)
    return [one.endpoint_id for one in found], following


def test_endpoints_are_looked_through_in_stretches_that_count_those_that_are_not_due(database_url):
    async def act(world: World) -> None:
        names = await origins(world, 7)
        now_ms = world.clock.now_ms()
        assert await page(world, "", now_ms) == (names[:3], names[2])
        assert await page(world, names[2], now_ms) == (names[3:6], names[5])
        assert await page(world, names[5], now_ms) == (names[6:], "")
        assert await page(world, "", now_ms - LATER_MS) == ([], names[2])

    run(database_url, act)


def test_many_endpoints_that_wait_for_later_do_not_hide_one_that_is_due(database_url, receiver):
    async def act(world: World) -> None:
        count = due_endpoints.AT_ONCE + 20
        rows = [
            (CUSTOMER, f"00000000-{number:04}", str(number), "an event", "message.sent", "messages", 0,
             "http://x.invalid/",
             "retrying", world.clock.now_ms() + LATER_MS, None, 0, None)
            for number in range(count)
        ]  # fmt: skip
        await world.database.write(lambda tx: tx.execute_many(event_store.INSERT_DELIVERY, rows))
        await world.emit(callback=receiver.url())
        world.sender.start()
        await until(lambda: _came(receiver))

    run(database_url, act)


async def _came(receiver: Receiver) -> bool:
    return bool(receiver.deliveries)
