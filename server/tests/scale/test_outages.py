"""Bus and cache vanish and come back: latency for the one, documented 503s for the other, and nothing lost."""

import asyncio
import time

import uvloop

from delivery import invariants
from harness import cluster as clusters
from harness import samples
from harness.waiting import equal_to, nothing
from sent_server.bus.nats import NatsBus


def test_messages_are_delivered_without_a_broker_and_quickly_again_after_it_returns_empty(cluster, nats, wait_for):
    api = cluster.api()
    workers = [cluster.worker(), cluster.worker()]
    account = cluster.account(api)
    template_id = clusters.template(account)
    query = invariants.rows_of(cluster.env["SENT_DATABASE_URL"])
    keys = [samples.key() for _ in range(3)]
    ids = clusters.send(account, template_id, 20, idempotency_key=keys[0])
    nats.kill()
    ids += clusters.send(account, template_id, 20, idempotency_key=keys[1])
    nats.erase()
    invariants.wait_until_ended(query, ids, 20)
    assert api.client().get("/health/ready").status == 204, "a lost bus costs latency only"
    nats.start()
    wait_for(lambda: [one.role for one in (api, *workers) if "bus.back" not in one.said], 10, until=nothing)
    time.sleep(1.5)
    ids += clusters.send(account, template_id, 20, idempotency_key=keys[2])
    invariants.wait_until_ended(query, ids, 20)
    assert invariants.all_wrong(query, accepted=ids, keys=keys) == []
    assert [one.said for one in (api, *workers) if "crashed" in one.said] == []
    assert [one.stop() for one in (api, *workers)] == [0, 0, 0]


def test_processes_stop_cleanly_while_the_broker_is_away(cluster, nats):
    started = [cluster.api(), cluster.worker()]
    nats.kill()
    assert [one.stop() for one in started] == [0, 0]


def test_the_bus_closes_at_any_moment_of_the_brokers_death(nats):
    async def close_after(delay_s: float) -> None:
        bus = await NatsBus.connect([f"nats://127.0.0.1:{nats.port}"], installation="test")
        bus.take("dispatch:simulator")
        nats.kill()
        began_s = time.monotonic()
        while time.monotonic() < began_s + delay_s:
            bus.hint("dispatch:simulator", ["an id"])
            await asyncio.sleep(0)
        await bus.close()

    for number in range(20):
        uvloop.run(close_after(number / 2_000))
        nats.start()


def test_without_the_cache_requests_are_503_and_are_well_again_when_it_is_back(cluster, redis, wait_for):
    api = cluster.api()
    account = cluster.account(api, tier="growth")
    assert account.http.get("/v3/me").status == 200
    redis.kill()
    for _ in range(5):
        refused = account.http.get("/v3/me")
        assert (refused.status, refused.code) == (503, "SERVICE_001")
    probe = api.client().get("/health/ready")
    assert (probe.status, probe.code) == (503, "SERVICE_001")
    assert api.client().get("/health/live").status == 204
    assert account.http.acting_as("no-such-key").get("/v3/me").status == 401, "who is nobody needs no counting"
    redis.start()
    wait_for(lambda: account.http.get("/v3/me").status, until=equal_to(200), every_s=0.02)
    assert api.client().get("/health/ready").status == 204


def test_tier_unlimited_does_not_need_the_cache(cluster, redis):
    api = cluster.api()
    account = cluster.account(api)
    redis.kill()
    assert account.http.get("/v3/me").status == 200
