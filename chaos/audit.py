"""What must hold after any scenario: the invariants of rows, what the carrier saw, and what the receiver got."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable

from chaos.environment import Rows
from chaos.report import Findings
from delivery import invariants
from harness.receiver import Receiver

FINAL = ("DELIVERED", "READ", "FAILED")
# Attempts of which the carrier knows nothing are those that nobody got round to making.
ASKED = ("SENT", "DELIVERED", "READ", "FAILED")


def until(holds: Callable[[], bool], timeout_s: float, *, every_s: float = 0.2) -> float | None:
    """Seconds until it held; None when it never did."""
    started_s = time.monotonic()
    while not holds():
        if time.monotonic() - started_s > timeout_s:
            return None
        time.sleep(every_s)
    return time.monotonic() - started_s


def submits_are_explained(rows: Rows) -> list[str]:
    """I4 from the carrier's side: it was never asked for an attempt that has no row, and has seen all that worked."""
    written = {
        f"{message_id}-{leg}-{number}": state
        for message_id, leg, number, state in rows.query("SELECT message_id, leg, attempt, state FROM attempts")
    }
    asked = Counter(attempt for _, attempt in rows.submits())
    unexplained = [
        f"the carrier got {attempt}, which has no attempt row" for attempt in asked if attempt not in written
    ]
    unseen = [f"{attempt} is {state}, but the carrier never got it" for attempt, state in written.items()
              if state in ASKED and attempt not in asked]  # fmt: skip
    return unexplained + unseen


def told(receiver: Receiver, wanted: Collection[str], timeout_s: float) -> list[str]:
    """I6 from outside: every message's end was delivered at least once."""

    def missing() -> set[str]:
        return set(wanted) - {
            delivery.json["payload"]["message_id"]
            for delivery in list(receiver.deliveries)
            if delivery.json["payload"]["message_status"] in FINAL
        }

    until(lambda: not missing(), timeout_s, every_s=1.0)
    return [f"no event reported the end of {message_id}" for message_id in sorted(missing())]


def settled(rows: Rows, accepted: Iterable[str], timeout_s: float) -> float | None:
    """Seconds until every accepted message has ended; None if some never do."""
    accepted = list(accepted)
    return until(
        lambda: not invariants.i1_accepted_messages_exist_and_end(rows.query, accepted), timeout_s, every_s=0.5
    )


def everything(found: Findings, rows: Rows, *, accepted: Collection[str], keys: Collection[str]) -> None:
    """One line per invariant."""
    query = rows.query
    count = f"{len(accepted):,} accepted"
    twice = len(accepted) - len(set(accepted))
    found.add("I1", f"{count}, every one ended", invariants.i1_accepted_messages_exist_and_end(query, accepted))
    found.add("I2", "charged for the leg shown", invariants.i2_a_message_costs_what_it_shows(query))
    found.add("I3", "books balance", [
        *invariants.i3_books_balance(query), *invariants.i3_holds_are_settled(query)
    ])  # fmt: skip
    asked = [attempt for _, attempt in rows.submits()]
    found.add(
        "I4",
        f"{len(asked):,} submits, {len(asked) - len(set(asked)):,} retried",
        [*invariants.i4_second_attempts_have_a_reason(query), *submits_are_explained(rows)],
    )
    found.add("I5", "statuses only rise", invariants.i5_a_message_shows_its_best_leg(query))
    found.add("I6", "every event has a delivery", invariants.i6_every_wanted_event_has_a_delivery(query))
    found.add("I7", f"{len(keys):,} keys, one effect each", [
        *invariants.i7_one_effect_per_key(query, keys), *([f"{twice} ids were promised twice"] if twice else [])
    ])  # fmt: skip
