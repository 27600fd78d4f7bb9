"""Turns between customers, and what carriers and numbers take per second."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import samples
from harness.client import Client
from harness.server import Account, OwnServer, Server
from harness.waiting import at_least, wait_for
from sent_server.delivery import throughput

SECOND_US = 1_000_000
TOLERANCE = 2  # the burst and one message


def _template(http: Client) -> str:
    made = http.post("/v3/templates", samples.template("Hello."))
    return str(made.data["id"])


def _send(http: Client, template_id: str, count: int) -> list[str]:
    ids: list[str] = []
    for start in range(0, count, 1_000):
        to = [f"+1415{start + number:07d}" for number in range(min(1_000, count - start))]
        body = {"to": to, "template": {"id": template_id}, "channel": ["sms"]}
        answer = http.post("/v3/messages", body)
        assert answer.status == 202, answer.body
        ids += [recipient["message_id"] for recipient in answer.data["recipients"]]
    return ids


def _sent_at_ms(http: Client, message_ids: Sequence[str]) -> list[int]:
    """When each left, oldest first; only those that have."""
    found: list[int] = []
    for message_id in message_ids:
        events = http.get(f"/v3/messages/{message_id}").data["events"]
        found += [_ms(event["timestamp"]) for event in events if event["status"] == "SENT"]
    return sorted(found)


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@given(
    per_second=st.integers(1, 5_000),
    asks=st.lists(st.tuples(st.integers(0, 500_000), st.integers(1, 600)), max_size=60),
)
def test_no_second_ever_sees_more_than_the_limit_and_its_burst(per_second: int, asks: list[tuple[int, int]]) -> None:
    now_us = free_at_us = SECOND_US
    left: list[tuple[int, int]] = []
    for wait_us, wanted in asks:
        now_us += wait_us
        count = min(wanted, throughput.available(free_at_us, per_second, now_us))
        free_at_us = throughput.spend(free_at_us, per_second, now_us, count) if count else free_at_us
        left.append((now_us, count))
    interval_us = SECOND_US // per_second
    burst = max(throughput.BURST_US, interval_us) // interval_us
    for start_us, _ in left:
        inside = sum(count for at_us, count in left if start_us <= at_us < start_us + SECOND_US)
        assert inside <= SECOND_US // interval_us + burst


@given(per_second=st.integers(1, 5_000))
def test_a_free_carrier_always_takes_one(per_second: int) -> None:
    assert throughput.available(0, per_second, SECOND_US) >= 1
    free_at_us = throughput.spend(0, per_second, SECOND_US, 1)
    assert throughput.available(free_at_us, per_second, SECOND_US + SECOND_US // per_second) >= 1


def test_a_number_sends_no_faster_than_it_may_and_another_is_not_held_up(server: Server) -> None:
    slow, fast = server.create_account("Slow"), server.create_account("Fast")
    shown = server.operate("accounts", "set-throughput", slow.customer_id, "sms", "20")
    assert shown["messages_per_second"] == {"sms": 20, "whatsapp": None, "rcs": None}
    slow_ids = _send(slow.http, _template(slow.http), 100)
    fast_ids = _send(fast.http, _template(fast.http), 60)
    wait_for(lambda: _sent_at_ms(fast.http, fast_ids), 15, until=at_least(60), what="the other account's messages")
    wait_for(lambda: _sent_at_ms(slow.http, slow_ids), 30, until=at_least(100), what="the slow account's messages")
    left = _sent_at_ms(slow.http, slow_ids)
    assert max(_sent_at_ms(fast.http, fast_ids)) < max(left)
    for at_ms in left:
        assert sum(at_ms <= other < at_ms + 1_000 for other in left) <= 20 + TOLERANCE


def test_a_lifted_limit_counts_at_once(server: Server, fresh_account: Account) -> None:
    http = fresh_account.http
    server.operate("accounts", "set-throughput", fresh_account.customer_id, "sms", "1")
    ids = _send(http, _template(http), 100)
    server.operate("accounts", "set-throughput", fresh_account.customer_id, "sms", "0")
    wait_for(lambda: _sent_at_ms(http, ids[-1:]), 10, until=at_least(1), what="the last message")


def test_a_carrier_takes_no_more_than_it_may_from_all_together(own_server: OwnServer) -> None:
    running = own_server(env={"SENT_SIMULATOR_MESSAGES_PER_SECOND": "30"})
    accounts = [running.create_account(f"Account {number}") for number in range(3)]
    sent = [(account, _send(account.http, _template(account.http), 20)) for account in accounts]

    def left() -> list[int]:
        return sorted(at_ms for account, ids in sent for at_ms in _sent_at_ms(account.http, ids))

    wait_for(lambda: left(), 30, until=at_least(60), what="all messages")
    times = left()
    assert times[-1] - times[0] > 1_000
    for at_ms in times:
        assert sum(at_ms <= other < at_ms + 1_000 for other in times) <= 30 + TOLERANCE


def test_ten_messages_do_not_wait_for_another_customers_thousands(own_server: OwnServer) -> None:
    running = own_server(env={"SENT_SIMULATOR_MESSAGES_PER_SECOND": "300"})
    crowd, few = running.create_account("Crowd"), running.create_account("Few")
    crowd_ids = _send(crowd.http, _template(crowd.http), 3_000)
    few_ids = _send(few.http, _template(few.http), 10)
    wait_for(lambda: _sent_at_ms(few.http, few_ids), 30, until=at_least(10), what="the ten")
    last_of_few = _sent_at_ms(few.http, few_ids)[-1]
    before = [at_ms for at_ms in _sent_at_ms(crowd.http, crowd_ids[::30]) if at_ms < last_of_few]
    assert len(before) < 50, "more than half of the thousands went first"


def test_an_unknown_channel_and_a_senseless_limit_are_refused(server: Server, fresh_account: Account) -> None:
    for arguments in (("pigeon", "5"), ("sms", "1000000")):
        with pytest.raises(AssertionError, match="ended with 1:\nsent: "):
            server.operate("accounts", "set-throughput", fresh_account.customer_id, *arguments)
