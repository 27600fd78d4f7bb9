"""kill -9 with work in flight, at random moments and at named ones: the invariants hold afterwards."""

import random
import threading
import time

import pytest

from delivery import invariants
from harness.waiting import nothing

RECIPIENTS = 4


class Sender(threading.Thread):
    """Sends until told to stop; remembers every key it used and every message it was promised."""

    def __init__(self, server, name):
        super().__init__(daemon=True)
        self.client = server.client()
        self.template_id = (
            server.template_ids["welcome"] if isinstance(server.template_ids, dict) else server.template_ids[0]
        )
        self.prefix = name
        self.answered: dict[str, list[str]] = {}
        self.unanswered: list[str] = []
        self.stopped = threading.Event()

    def send(self, client, key, *, timeout_s=60):
        first = abs(hash(key)) % 9_000_000
        numbers = [f"+1415{(first + n) % 9_000_000 + 1_000_000}" for n in range(RECIPIENTS)]
        body = {"to": numbers, "template": {"id": self.template_id}}
        response = client.post("/v3/messages", body, idempotency_key=key, timeout_s=timeout_s)
        assert response.status == 202, response.body
        return [recipient["message_id"] for recipient in response.data["recipients"]]

    def run(self):
        number = 0
        while not self.stopped.is_set():
            key = f"{self.prefix}-{number}"
            number += 1
            try:
                self.answered[key] = self.send(self.client, key, timeout_s=5)
            except Exception:
                self.unanswered.append(key)
                if self.stopped.wait(0.01):
                    return
                if len(self.unanswered) > 3:
                    return


def crash_while_sending(own_server, receiver, *, env=None, after_s=0.4):
    """Start, subscribe a webhook, send from four threads, kill, start again, repeat the lost requests."""
    server = own_server()
    hook = {"display_name": "crash", "endpoint_url": receiver.url(), "event_types": ["messages"]}
    assert server.http.post("/v3/webhooks", hook).status == 201
    if env:  # the failpoint must not meet the server before the webhook exists
        server.stop()
        server = own_server(home=server.home, database_url=server.database_url, env=env)
    senders = [Sender(server, f"s{n}") for n in range(4)]
    for sender in senders:
        sender.start()
    if env:
        assert server.process.wait(60) == -9, "the failpoint was never reached"
    else:
        time.sleep(after_s)
        server.kill()
    for sender in senders:
        sender.stopped.set()
        sender.join(60)
    again = own_server(home=server.home, database_url=server.database_url)
    client = again.client()
    for sender in senders:
        for key in sender.unanswered:
            sender.answered[key] = sender.send(client, key)
    return again, senders


def check(server, senders, receiver, wait_for):
    accepted = [message_id for sender in senders for ids in sender.answered.values() for message_id in ids]
    keys = [key for sender in senders for key in sender.answered]
    assert len(accepted) == len(set(accepted)) == len(keys) * RECIPIENTS > 0
    query = invariants.rows_of(server.database_url)
    invariants.wait_until_ended(query, accepted, 45)
    told = lambda: {  # noqa: E731
        delivery.json["payload"]["message_id"]
        for delivery in list(receiver.deliveries)
        if delivery.json["payload"]["message_status"] in ("DELIVERED", "READ", "FAILED")
    }
    wait_for(
        lambda: set(accepted) - told(),
        45,
        until=nothing,
        every_s=0.5,
        what="a final webhook for every accepted message",
    )
    assert invariants.all_wrong(query, accepted=accepted, keys=keys) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_lost_or_charged_twice_when_the_process_is_killed(own_server, receiver, wait_for, seed):
    moment = random.Random(seed).uniform(0.15, 0.9)
    server, senders = crash_while_sending(own_server, receiver, after_s=moment)
    check(server, senders, receiver, wait_for)


@pytest.mark.parametrize(
    "failpoint",
    ["after_commit_before_reply:5", "after_prepare_before_submit:3", "after_submit_before_record:3"],
)
def test_the_worst_lines_to_die_at_lose_nothing(own_server, receiver, wait_for, failpoint):
    server, senders = crash_while_sending(own_server, receiver, env={"SENT_FAILPOINT": failpoint})
    check(server, senders, receiver, wait_for)
