"""A worker dies, or sleeps, with work in its hands: the others go on with it, once."""

import signal
import time

from delivery import invariants
from harness import cluster as clusters
from harness import samples
from harness.receiver import Behaviour
from harness.waiting import equal_to, nothing

# After this time a process that died is noticed: the leases on its endpoints end.
ENDPOINT_LEASE_S = 10


def test_the_messages_of_a_dead_worker_go_on_elsewhere(cluster, wait_for):
    api = cluster.api()
    account = cluster.account(api)
    template_id = clusters.template(account)
    doomed = cluster.worker({"SENT_FAILPOINT": "after_prepare_before_submit"})
    key = samples.key()
    ids = clusters.send(account, template_id, 200, idempotency_key=key)
    assert doomed.process.wait(60) == -signal.SIGKILL
    cluster.worker()
    query = invariants.rows_of(cluster.env["SENT_DATABASE_URL"])
    submitted = lambda: query("SELECT COUNT(*) FROM attempts WHERE state <> 'SUBMITTING'")[0][0]  # noqa: E731
    assert submitted() < 200
    wait_for(submitted, until=equal_to(200), every_s=0.2, what="200 submitted attempts")
    invariants.wait_until_ended(query, ids, 20)
    assert invariants.all_wrong(query, accepted=ids, keys=[key]) == []


def test_the_webhooks_of_a_dead_worker_go_on_elsewhere(cluster, receiver, wait_for):
    api = cluster.api()
    account = cluster.account(api)
    doomed = cluster.worker()
    hook = {**samples.webhook(receiver.url(), "message.delivered"), "timeout_seconds": 120}
    assert account.http.post("/v3/webhooks", hook).status == 201
    receiver.behaviour = Behaviour(after_s=60)
    ids = set(clusters.send(account, clusters.template(account), 3))
    receiver.wait(3)
    doomed.kill()
    receiver.deliveries.clear()
    receiver.behaviour = Behaviour()
    cluster.worker()
    told = lambda: {delivery.json["payload"]["message_id"] for delivery in list(receiver.deliveries)}  # noqa: E731
    wait_for(lambda: ids ^ told(), until=nothing, every_s=0.2, what="a webhook per message")
    assert len(receiver.deliveries) == 3


def test_a_worker_that_slept_through_its_leases_writes_nothing_of_what_others_did_meanwhile(cluster):
    api = cluster.api()
    account = cluster.account(api)
    template_id = clusters.template(account)
    sleeper, _ = cluster.worker(), cluster.worker()
    keys, ids = [], []
    for number in range(40):
        keys.append(samples.key())
        ids += clusters.send(account, template_id, 50, idempotency_key=keys[-1])
        if number == 20:
            sleeper.process.send_signal(signal.SIGSTOP)
    query = invariants.rows_of(cluster.env["SENT_DATABASE_URL"])
    invariants.wait_until_ended(query, ids, 60)
    sleeper.process.send_signal(signal.SIGCONT)
    time.sleep(2)
    assert invariants.all_wrong(query, accepted=ids, keys=keys) == []
    assert sleeper.stop() == 0


def test_a_worker_that_is_asked_to_stop_hands_its_work_back_at_once(cluster, receiver, wait_for):
    api = cluster.api()
    account = cluster.account(api)
    leaving = cluster.worker()
    hook = {**samples.webhook(receiver.url(), "message.delivered"), "timeout_seconds": 120}
    assert account.http.post("/v3/webhooks", hook).status == 201
    receiver.plan.append(Behaviour(after_s=60))
    clusters.send(account, clusters.template(account), 1)
    receiver.wait(1)
    staying = cluster.worker()
    assert leaving.stop() == 0
    left_s = time.monotonic()
    receiver.wait(2, 8)
    assert time.monotonic() - left_s < ENDPOINT_LEASE_S, "the lease of its turn should not have had to run out"
    assert staying.stop() == 0
