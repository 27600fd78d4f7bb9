"""Messages that were under way while an older release worked on them: it settled at the first SENT."""

import pytest

from delivery.playing import Played, Stage
from harness import samples

W, S, W_MARKETING = 0.004, 0.0083, 0.025


def settle_as_before(sent: Played, micros: int) -> None:
    """What the older release wrote when the first leg was SENT: captured for good, and the rest released."""
    held = sent.ledger["hold"]
    rows = [("capture", "held", "revenue", micros), ("release", "held", "available", held - micros)]
    for kind, source, target, amount in rows:
        if amount:
            sent.stage.execute(
                "INSERT INTO ledger_entries (customer_id, ref, kind, from_account, to_account, amount_micros, "
                f"created_at_ms) VALUES ('{sent.stage.server.customer_id}', '{sent.id}', '{kind}', '{source}', "
                f"'{target}', {amount}, 1)"
            )
            for account, change in ((source, -amount), (target, amount)):
                sent.stage.execute(
                    f"UPDATE ledger_balances SET balance_micros = balance_micros + {change} "
                    f"WHERE customer_id = '{sent.stage.server.customer_id}' AND account = '{account}'"
                )
    sent.stage.execute(f"UPDATE messages SET settled_at_ms = 1 WHERE id = '{sent.id}'")


def test_the_older_release_charged_less_and_that_stays(stage: Stage) -> None:
    stage.dial()
    sent = stage.send(samples.phone())
    sent.shows("SENT", "whatsapp", W)
    settle_as_before(sent, 4_000)
    stage.let_time_pass()
    sent.shows("SENT", "sms", W)
    sent.confirm("sms", "delivered")
    sent.shows("DELIVERED", "sms", W)
    sent.costs(capture=4_000, release=4_300)
    sent.events("routed W", "sent W", "routed S", "sent S", "delivered S")
    stage.settled_before.add(sent.id)


def test_the_older_release_charged_more_and_the_difference_comes_back(stage: Stage) -> None:
    stage.dial()
    sent = stage.send(samples.phone(), template="welcome")
    sent.shows("SENT", "whatsapp", W_MARKETING)
    settle_as_before(sent, 25_000)
    stage.let_time_pass()
    sent.shows("SENT", "sms", S)
    sent.costs(capture=25_000, refund=25_000 - 8_300)
    sent.confirm("sms", "failed")
    sent.shows("FAILED", "sms", S)
    sent.costs(capture=25_000, refund=25_000 - 8_300)


@pytest.mark.parametrize("kind", ["delivered", "failed"])
def test_what_the_older_release_settled_is_not_settled_again(stage: Stage, kind: str) -> None:
    stage.dial(sms="rejected")
    sent = stage.send(samples.phone())
    sent.shows("SENT", "whatsapp", W)
    settle_as_before(sent, 4_000)
    sent.confirm("whatsapp", kind)
    sent.shows(kind.upper(), "whatsapp", W)
    sent.costs(capture=4_000, release=4_300)
