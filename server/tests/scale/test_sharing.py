"""What several API processes share: rate limits, idempotency keys, revoked keys."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import asyncpg

from delivery import invariants
from harness import cluster as clusters
from harness import samples
from harness.receiver import Behaviour
from harness.waiting import equal_to


def test_one_minute_holds_one_limit_however_many_processes_count(cluster):
    first, second = cluster.api(), cluster.api()
    account = cluster.account(first, tier="starter")
    clients = [account.http, second.client(account.api_key)]
    body = {"to": [samples.phone()], "template": {"id": samples.UNKNOWN_ID}}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: clients[number % 2].post("/v3/messages", body), range(90)))
    assert sorted(answer.status for answer in answers) == [404] * 60 + [429] * 30
    remaining = sorted(int(answer.headers["x-ratelimit-remaining"]) for answer in answers if answer.status == 404)
    assert remaining == list(range(60))
    for refused in (answer for answer in answers if answer.status == 429):
        assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert account.http.get("/v3/me").status == 200, "another class has a window of its own"


def test_a_burst_is_a_second_wide_across_processes_and_refused_requests_do_not_count(cluster):
    first, second = cluster.api(), cluster.api()
    account = cluster.account(first, tier="growth")
    clients = [account.http, second.client(account.api_key)]
    for client in clients:
        client.get("/v3/me", headers={"x-profile-id": samples.UNKNOWN_ID})
    time.sleep(1.1)
    with ThreadPoolExecutor(16) as pool:
        started_s = time.monotonic()
        answers = list(pool.map(lambda number: clients[number % 2].get("/v3/me"), range(100)))
        took_s = time.monotonic() - started_s
    passed = [answer for answer in answers if answer.status == 200]
    for refused in (answer for answer in answers if answer.status == 429):
        assert (refused.headers["x-ratelimit-limit"], refused.headers["x-ratelimit-remaining"]) == ("50", "0")
    assert 50 <= len(passed) <= 50 * (1 + int(took_s))
    assert int(min(passed, key=lambda one: int(one.headers["x-ratelimit-remaining"])).headers[
        "x-ratelimit-remaining"
    ]) == 200 - len(passed)  # fmt: skip


def test_parallel_retries_of_one_key_over_three_processes_have_one_effect(cluster):
    apis = [cluster.api() for _ in range(3)]
    account = cluster.account(apis[0])
    clients = [account.http, *(api.client(account.api_key) for api in apis[1:])]
    body = {
        "to": [samples.phone()],
        "template": {"id": clusters.template(account)},
        "channel": ["sms"],
    }
    key = samples.key()
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: clients[n % 3].post("/v3/messages", body, idempotency_key=key), range(120)))
    accepted = [answer for answer in answers if answer.status == 202]
    assert {answer.code for answer in answers if answer.status != 202} <= {"CONFLICT_001"}
    assert len({answer.data["recipients"][0]["message_id"] for answer in accepted}) == 1
    assert len([answer for answer in accepted if "idempotent-replayed" not in answer.headers]) == 1
    query = invariants.rows_of(cluster.env["SENT_DATABASE_URL"])
    assert query("SELECT COUNT(*) FROM messages")[0][0] == 1


def test_an_action_under_one_key_calls_the_outside_once_across_processes(cluster, receiver):
    first, second = cluster.api(), cluster.api()
    account = cluster.account(first)
    other = second.client(account.api_key)
    hook = account.http.post("/v3/webhooks", samples.webhook(receiver.url(), "message.delivered")).data["id"]
    receiver.behaviour = Behaviour(after_s=1.0)
    target, body, key = f"/v3/webhooks/{hook}/test", {"event_type": "message.delivered"}, samples.key()
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(account.http.post, target, body, idempotency_key=key)
        receiver.wait(1)
        assert other.post(target, body, idempotency_key=key).code == "CONFLICT_001"
        original = running.result()
    replayed = other.post(target, body, idempotency_key=key)
    assert (original.status, replayed.body) == (200, original.body)
    assert replayed.headers["idempotent-replayed"] == "true"
    assert len(receiver.deliveries) == 1


def test_a_revoked_key_is_refused_everywhere_soon(cluster, wait_for):
    first, second = cluster.api(), cluster.api()
    account = cluster.account(first)
    other = second.client(account.api_key)
    assert (account.http.get("/v3/me").status, other.get("/v3/me").status) == (200, 200)
    (key,) = cluster.command("keys", "list", account.customer_id)
    cluster.command("keys", "revoke", key["id"])
    wait_for(lambda: (account.http.get("/v3/me").status, other.get("/v3/me").status), until=equal_to((401, 401)))


def test_reading_the_account_waits_for_nobody(cluster):
    account = cluster.account(cluster.api())

    async def read_while_locked():
        connection = await asyncpg.connect(cluster.env["SENT_DATABASE_URL"])
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM customers FOR UPDATE")
            answer = await asyncio.to_thread(account.http.get, "/v3/me")
        await connection.close()
        return answer

    assert asyncio.run(read_while_locked()).status == 200
