"""The invariants of a message platform, asked of the rows themselves. Each check returns what it finds wrong."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from harness.waiting import nothing, wait_for
from sent_server.db.open import open_database
from sent_server.ledger.model import round_ref

Rows = Sequence[Any]
Query = Callable[..., Rows]
TERMINAL = ("DELIVERED", "READ", "FAILED", "RECEIVED", "FILTERED", "BLOCKED", "CANCELLED")
RANK = {"SUBMITTING": 0, "UNKNOWN": 0, "LATER": 0, "REJECTED": 1, "SENT": 1, "FAILED": 2, "DELIVERED": 3, "READ": 4}


def i1_accepted_messages_exist_and_end(query: Query, accepted: Iterable[str]) -> list[str]:
    found = {row[0]: row[1] for row in query("SELECT id, status FROM messages")}
    lost = [f"{message_id} was accepted and is gone" for message_id in accepted if message_id not in found]
    return lost + [f"{message_id} is still {status}" for message_id, status in found.items() if status not in TERMINAL]


def wait_until_ended(query: Query, accepted: Sequence[str], timeout_s: float) -> None:
    """Returns once I1 holds. A failure counts the messages under way and shows the rows of the first."""
    wait_for(
        lambda: i1_accepted_messages_exist_and_end(query, accepted),
        timeout_s,
        until=nothing,
        every_s=0.2,
        what="all messages to end",
        explain=lambda problems: story(query, problems[0].split()[0]),
    )


def story(query: Query, message_id: str) -> str:
    """Everything that the database knows about the course of one message."""
    tables = {"message_events": "message_id", "attempts": "message_id", "jobs": "id"}
    lines = [f"rows of {message_id}, now {time.time_ns() // 1_000_000} ms:"]
    for table, column in tables.items():
        found = query(f"SELECT * FROM {table} WHERE {column} = '{message_id}'")
        lines += [f"  {table} {tuple(row)}" for row in found] or [f"  {table} none"]
    return "\n".join(lines)


@dataclass(frozen=True)
class _Leg:
    """`taken`: a carrier accepted an attempt of it. `state` is the best one of its attempts."""

    channel: str
    price: int
    taken: bool
    state: str


def _legs(query: Query) -> dict[str, list[_Leg]]:
    """The legs of every message's current plan, with what became of them."""
    states: defaultdict[tuple[str, int], list[tuple[str, bool]]] = defaultdict(list)
    for message_id, leg, state, ref in query("SELECT message_id, leg, state, ref FROM attempts"):
        states[(message_id, leg)].append((state, ref is not None))
    found: dict[str, list[_Leg]] = {}
    for message_id, number, first, plans in query(
        "SELECT m.id, m.plan_number, m.first_leg, b.plans_json FROM messages m "
        "JOIN batches b ON b.customer_id = m.customer_id AND b.id = m.batch_id"
    ):
        found[message_id] = [
            _Leg(
                leg["channel"],
                leg["price_micros"],
                any(taken for _, taken in states[(message_id, place)]),
                max((state for state, _ in states[(message_id, place)]), key=lambda s: RANK[s], default="SUBMITTING"),
            )
            for place, leg in enumerate(orjson.loads(plans)[number]["legs"], first)
        ]
    return found


def i2_a_message_costs_what_it_shows(query: Query) -> list[str]:
    """The net debit of a round is the price of the leg that the message shows, or of the cheaper one that it changed
    to or from after settling; it lies between zero and the hold, and the sums over messages are those of the ledger."""
    entries: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for ref, kind, amount in query("SELECT ref, kind, amount_micros FROM ledger_entries WHERE kind <> 'top_up'"):
        entries[ref][kind] = amount
    legs, wrong = _legs(query), list[str]()
    once_failed = {row[0] for row in query("SELECT message_id FROM message_events WHERE status = 'FAILED'")}
    sums: Counter[tuple[str, str]] = Counter()
    for id, ledger_id, round, status, channel, held, settled, price, active, refunded in query(
        "SELECT m.id, b.ledger_id, m.round, m.status, m.channel, m.held_micros, m.settled_at_ms, m.price_micros, "
        "m.active_contact_price_micros, m.refunded_micros FROM messages m "
        "JOIN batches b ON b.customer_id = m.customer_id AND b.id = m.batch_id"
    ):
        for earlier in range(1, round):  # an earlier round has settled, and nothing of it is held any more
            former = entries.pop(round_ref(id, earlier), {})
            sums[(ledger_id, "revenue")] += former.get("capture", 0) - former.get("refund", 0)
            if former.get("capture", 0) + former.get("release", 0) != former.get("hold", 0):
                wrong.append(f"round {earlier} of {id} has {former}")
        own, planned = entries.pop(round_ref(id, round), {}), legs[id]
        net = own.get("capture", 0) - own.get("refund", 0)
        cost = (price or 0) + (active or 0)
        if settled is None:
            sums[(ledger_id, "held")] += held
            if set(own) - {"hold"}:
                wrong.append(f"{id} has not settled and has {own}")
        else:
            sums[(ledger_id, "revenue")] += cost
            if own.get("capture", 0) + own.get("release", 0) != held:
                wrong.append(f"{id} held {held} and settled {own}")
            if net != cost:
                wrong.append(f"{id} shows {cost} and was charged {net}")
        if own.get("hold", 0) != held or not 0 <= net <= held or own.get("refund", 0) != refunded:
            wrong.append(f"{id} held {held}, refunded {refunded} and has {own}")
        if not any(leg.taken for leg in planned):
            if price is not None or net:
                wrong.append(f"{id} shows {price} and was charged {net}, though no carrier took it")
            continue
        shown = next(leg for leg in planned if leg.channel == channel)
        if price == shown.price:
            continue
        # Legs that it can have settled by before it changed to the one that it shows.
        before = [
            leg for place, leg in enumerate(planned)
            if leg is not shown and leg.taken and leg.price == price
            and (place == len(planned) - 1 or leg.state in ("DELIVERED", "READ") or id in once_failed)
        ]  # fmt: skip
        if settled is None or not before or (price > shown.price and not refunded):
            wrong.append(f"{id} is {status}, shows {channel} for {shown.price}, and was charged {price}")
    wrong += [f"{ref} names no message and has {own}" for ref, own in entries.items()]
    for customer_id, account, balance in query(
        "SELECT customer_id, account, balance_micros FROM ledger_balances WHERE account IN ('held', 'revenue')"
    ):
        if sums[(customer_id, account)] != balance:
            wrong.append(f"{account} of {customer_id} is {balance}, its messages sum to {sums[(customer_id, account)]}")
    return wrong


def i3_books_balance(query: Query) -> list[str]:
    wrong: list[str] = []
    balances = {
        (row[0], row[1]): row[2] for row in query("SELECT customer_id, account, balance_micros FROM ledger_balances")
    }
    counted = dict.fromkeys(balances, 0)
    for customer_id, source, target, amount in query(
        "SELECT customer_id, from_account, to_account, amount_micros FROM ledger_entries"
    ):
        counted[(customer_id, source)] -= amount
        counted[(customer_id, target)] += amount
    wrong += [
        f"{key} shows {value}, its entries say {counted[key]}"
        for key, value in balances.items()
        if value != counted[key]
    ]
    wrong += [f"{key} is below zero" for key, value in balances.items() if value < 0 and key[1] != "deposits"]
    return wrong + ([] if sum(balances.values()) == 0 else ["the ledger does not sum to zero"])


def i3_holds_are_settled(query: Query) -> list[str]:
    return [
        f"{message_id} ended and still holds money"
        for message_id, settled in query(
            f"SELECT id, settled_at_ms FROM messages WHERE held_micros > 0 AND status IN {TERMINAL}"
        )
        if settled is None
    ]


def i4_second_attempts_have_a_reason(query: Query) -> list[str]:
    legs: dict[tuple[str, int], list[str]] = {}
    for message_id, leg, state in query(
        "SELECT message_id, leg, state FROM attempts ORDER BY message_id, leg, attempt"
    ):
        legs.setdefault((message_id, leg), []).append(state)
    return [
        f"leg {key} was tried again after {state}"
        for key, states in legs.items()
        for state in states[:-1]
        if state not in ("UNKNOWN", "LATER", "REJECTED")
    ]


def i5_a_message_shows_its_best_leg(query: Query) -> list[str]:
    """Its status is the best of its legs; and the leg is the one READ, else one DELIVERED, else the last one taken."""
    legs, wrong = _legs(query), list[str]()
    for id, status, channel in query("SELECT id, status, channel FROM messages WHERE legs > 0"):
        tried = [leg for leg in legs[id] if leg.state != "SUBMITTING"]
        best = max((RANK[leg.state] for leg in tried), default=0)
        # A leg that failed is no end while another one is under way.
        if best > max(RANK["FAILED"], RANK.get(status, 4)):
            wrong.append(f"{id} shows {status} but a leg got further")
        reached = [leg.channel for leg in tried if leg.state in ("DELIVERED", "READ") and RANK[leg.state] == best]
        taken = [leg.channel for leg in tried if leg.taken]
        right = reached or taken[-1:]
        if right and channel not in right:
            wrong.append(f"{id} shows {channel} instead of {' or '.join(right)}")
    return wrong


def i6_every_wanted_event_has_a_delivery(query: Query) -> list[str]:
    events = {row[0] for row in query("SELECT id FROM events")}
    delivered = {row[0] for row in query("SELECT event_id FROM deliveries")}
    return [f"event {event_id} has no delivery" for event_id in events - delivered]


def i7_one_effect_per_key(query: Query, keys: Iterable[str]) -> list[str]:
    stored = {row[0] for row in query("SELECT idempotency_key FROM idempotency_keys")}
    wrong = [f"key {key} has no stored answer" for key in set(keys) - stored]
    return wrong + [
        f"{message_id} stands in {count} answers" for message_id, count in answers_of(query).items() if count != 1
    ]


def answers_of(query: Query) -> dict[str, int]:
    """How many stored answers to a send name each message that a send has made. A row of a round names no request."""
    named: Counter[str] = Counter()
    for body, operation in query("SELECT body, operation FROM idempotency_keys WHERE status = 202"):
        if operation == "POST /v3/messages":
            named.update(message["id"] for message in orjson.loads(body)["data"]["messages"])
    made = "SELECT m.id FROM messages m JOIN batches b ON b.id = m.batch_id WHERE b.request_json IS NOT NULL"
    return {row[0]: named[row[0]] for row in query(made)}


def rows_of(database_url: str) -> Query:
    """Reads committed rows beside the running server."""

    def query(sql: str) -> Rows:
        async def go() -> Rows:
            database = await open_database(database_url)
            try:
                return await database.read(lambda tx: tx.fetch(sql))
            finally:
                await database.close()

        return asyncio.run(go())

    return query


def all_wrong(query: Query, *, accepted: Iterable[str], keys: Iterable[str]) -> list[str]:
    return [
        *i1_accepted_messages_exist_and_end(query, accepted),
        *i2_a_message_costs_what_it_shows(query),
        *i3_books_balance(query),
        *i3_holds_are_settled(query),
        *i4_second_attempts_have_a_reason(query),
        *i5_a_message_shows_its_best_leg(query),
        *i6_every_wanted_event_has_a_delivery(query),
        *i7_one_effect_per_key(query, keys),
    ]
