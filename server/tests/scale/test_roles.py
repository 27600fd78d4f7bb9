"""One API process and two workers over PostgreSQL, NATS and Redis do what `sent up` does alone."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from delivery import invariants
from harness import cluster as clusters
from harness import samples, services
from harness.cluster import Cluster
from harness.messages import FINAL, wait_for_end
from harness.receiver import Behaviour
from harness.waiting import is_not, nothing


def test_two_workers_deliver_messages_and_webhooks_that_one_api_accepted(cluster, receiver, wait_for):
    api, workers = cluster.api(), [cluster.worker(), cluster.worker()]
    account = cluster.account(api)
    account.http.post("/v3/webhooks", samples.webhook(receiver.url(), "messages"))
    template_id = clusters.template(account)
    keys = [samples.key() for _ in range(30)]
    ids = [one for key in keys for one in clusters.send(account, template_id, 5, idempotency_key=key)]
    query = invariants.rows_of(cluster.env["SENT_DATABASE_URL"])
    invariants.wait_until_ended(query, ids, 30)
    told = lambda: {  # noqa: E731
        delivery.json["payload"]["message_id"]
        for delivery in list(receiver.deliveries)
        if delivery.json["payload"]["message_status"] in FINAL
    }
    wait_for(lambda: set(ids) - told(), 30, until=nothing, every_s=0.2, what="a final webhook per message")
    assert invariants.all_wrong(query, accepted=ids, keys=keys) == []
    assert [api.stop(), *(worker.stop() for worker in workers)] == [0, 0, 0]
    assert [one.said for one in (api, *workers) if "crashed" in one.said] == []


def test_a_single_message_needs_no_poll_when_the_bus_works(cluster, wait_for):
    api = cluster.api()
    for _ in range(2):
        cluster.worker()
    account = cluster.account(api)
    template_id = clusters.template(account)
    time.sleep(1)
    waits = []
    for _ in range(9):
        (message_id,) = clusters.send(account, template_id, 1)
        wait_for(
            lambda one=message_id: account.http.get(f"/v3/messages/{one}").data["status"], 5, until=is_not("QUEUED")
        )
        events = account.http.get(f"/v3/messages/{message_id}/activities").data["activities"]
        at = {event["status"]: event["timestamp"] for event in events}
        waits.append(milliseconds(at["QUEUED"], at["PROCESSED"]))
    assert sorted(waits)[4] < 125, waits  # polling alone would take half of 250 ms on average


def milliseconds(earlier, later):
    from datetime import datetime

    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds() * 1000


@pytest.mark.parametrize("role", ["api", "worker"])
def test_sqlite_is_refused_with_the_way_out(role, cluster):
    done = cluster.attempt(role, env={"SENT_DATABASE_URL": ""})
    assert done.returncode == 1
    assert b"needs PostgreSQL: set SENT_DATABASE_URL=postgresql://" in done.stderr
    assert b"`sent up`" in done.stderr


@pytest.mark.parametrize(
    ("env", "reason"),
    [
        ({"SENT_MASTER_KEY": ""}, b"the master key is missing: set SENT_MASTER_KEY"),
        ({"SENT_MASTER_KEY": "abc"}, b"must be 64 hex digits; create one with `openssl rand -hex 32`"),
        ({"SENT_DATABASE_URL": "postgresql://postgres@127.0.0.1:1/x"}, b"cannot connect to PostgreSQL"),
        ({"SENT_BUS_URL": "nats://127.0.0.1:1"}, b"cannot reach NATS at nats://127.0.0.1:1"),
        ({"SENT_BUS_URL": "amqp://127.0.0.1"}, b"write nats://HOST:4222"),
        ({"SENT_CACHE_URL": "redis://127.0.0.1:1"}, b"cannot use the cache at redis://127.0.0.1:1"),
        ({"SENT_CACHE_URL": "memcached://127.0.0.1"}, b"write redis://HOST:6379"),
    ],
)
def test_what_cannot_work_is_refused_at_start_with_the_remedy(env, reason, cluster):
    done = cluster.attempt("api", "--port", "0", env=env)
    assert (done.returncode, done.stdout) == (1, b"")
    assert reason in done.stderr
    assert (b"`sent doctor`" in done.stderr) == ("SENT_MASTER_KEY" not in env)
    assert len(done.stderr.splitlines()) == 1


def test_a_broker_without_jetstream_is_refused(cluster, tmp_path):
    plain = services.nats(tmp_path / "plain", jetstream=False)
    try:
        done = cluster.attempt("worker", env={"SENT_BUS_URL": f"nats://127.0.0.1:{plain.port}"})
    finally:
        plain.kill()
    assert done.returncode == 1
    assert b"runs without JetStream; start it with `nats-server -js`" in done.stderr


def test_a_database_that_lacks_migrations_is_refused(new_database, cluster):
    done = cluster.attempt("worker", env={"SENT_DATABASE_URL": new_database()})
    assert done.returncode == 1
    assert b"run `sent migrate` once" in done.stderr


def test_a_process_with_another_master_key_is_turned_away(cluster):
    cluster.command("accounts", "create", "First")
    done = cluster.attempt("worker", env={"SENT_MASTER_KEY": "ab" * 32})
    assert done.returncode == 1
    assert b"is not the one this database was sealed with" in done.stderr
    done = cluster.attempt("accounts", "create", "Second", env={"SENT_MASTER_KEY": ""})
    assert done.returncode == 1
    assert b"the master key of this installation is missing" in done.stderr
    assert not (cluster.home / "master.key").exists()


def test_the_redis_that_forgets_is_named(cluster):
    assert "appendonly yes" in cluster.api().said


def test_hints_of_two_installations_on_one_broker_do_not_mix(cluster, new_database, tmp_path, wait_for):
    other = Cluster.over(tmp_path / "other", new_database(), bus_url=cluster.env["SENT_BUS_URL"])
    try:
        accounts = []
        for one in (cluster, other):
            api = one.api()
            one.worker()
            accounts.append(one.account(api))
        for account in accounts:
            ids = clusters.send(account, clusters.template(account), 3)
            wait_for_end(account.http, ids, timeout_s=10)
    finally:
        other.stop()


def test_no_key_moves_the_clock_of_several_processes_and_their_operator_does(cluster, wait_for):
    one, other = cluster.api(), cluster.api()
    account = cluster.account(one)
    answer = account.http.post("/sim/clock", {"advance_ms": 1_000})
    assert (answer.status, answer.code) == (403, "AUTH_004")
    assert "sent sim clock advance" in answer.error["message"]
    assert cluster.command("sim", "clock", "advance", "2h")["offset_ms"] == 7_200_000
    for api in (one, other):
        http = api.client(account.api_key)
        wait_for(lambda http=http: http.get("/sim/clock").data["now"], 5, until=lambda now: "T" in now)
        assert http.get("/sim/clock").data["offset_ms"] == 7_200_000


def test_retries_to_several_processes_are_all_replays(cluster):
    """The lock that tells processes apart is for the work, not for reading the answer."""
    apis = [cluster.api(), cluster.api()]
    account = cluster.account(apis[0])
    clients = [api.client(account.api_key) for api in apis]
    contact, key = {"phone_number": samples.phone()}, samples.key()
    first = account.http.post("/v3/contacts", contact, idempotency_key=key)
    assert first.status == 201
    retry = lambda number: clients[number % 2].post("/v3/contacts", contact, idempotency_key=key)  # noqa: E731
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(retry, range(96)))
    assert {answer.status for answer in answers} == {201}
    assert {answer.body for answer in answers} == {first.body}


def test_an_account_that_another_process_deleted_is_unknown_and_no_fault(cluster):
    """The key is remembered for a second, and the account behind it may be gone by then."""
    one, other = cluster.api(), cluster.api()
    account = cluster.account(one)
    profile = account.http.post("/v3/profiles", {"name": "Short lived", "billing_model": "organization"}).data["id"]
    key = cluster.command("keys", "create", account.customer_id, "--profile", profile)["api_key"]
    http = other.client(key)
    assert http.get("/v3/me").status == 200
    assert account.http.delete(f"/v3/profiles/{profile}", {}).status == 204
    for answer in (http.get("/v3/me"), http.post("/v3/users", samples.user())):
        assert (answer.status, answer.code) == (401, "AUTH_002")


def test_a_worker_that_is_asked_to_end_takes_nothing_more_and_does_not_wait(cluster, wait_for):
    """`drain_ms` is for load balancers in front of the API; a worker has none."""
    api = cluster.api()
    account = cluster.account(api)
    template_id = clusters.template(account)
    worker = cluster.worker(env={"SENT_DRAIN_MS": "60000"})
    (before,) = clusters.send(account, template_id, 1)
    wait_for_end(account.http, [before])
    worker.ask_to_stop()
    assert worker.process.wait(60) == 0
    (after,) = clusters.send(account, template_id, 1)
    cluster.worker()
    wait_for_end(account.http, [after])


def test_a_worker_stops_claiming_while_it_finishes(cluster, wait_for, receiver):
    """One request of a webhook is open when the signal comes: it ends, and nothing else is begun meanwhile."""
    api = cluster.api()
    account = cluster.account(api)
    template_id = clusters.template(account)
    account.http.post("/v3/webhooks", {**samples.webhook(receiver.url()), "timeout_seconds": 20})
    receiver.plan.append(Behaviour(after_s=3))
    worker = cluster.worker()
    clusters.send(account, template_id, 1)
    receiver.wait(1, 20)
    worker.ask_to_stop()
    time.sleep(0.5)
    (late,) = clusters.send(account, template_id, 1)
    assert worker.process.wait(60) == 0
    assert account.http.get(f"/v3/messages/{late}").data["status"] == "QUEUED"
    cluster.worker()
    wait_for_end(account.http, [late])
