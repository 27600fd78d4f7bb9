"""The invariants of a message platform, asked of the rows themselves. Each check returns what it finds wrong."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sent_server.db.open import open_database

Rows = Sequence[Any]
Query = Callable[..., Rows]
TERMINAL = ("DELIVERED", "READ", "FAILED", "RECEIVED")
RANK = {"SUBMITTING": 0, "UNKNOWN": 0, "LATER": 0, "REJECTED": 1, "SENT": 1, "FAILED": 2, "DELIVERED": 3, "READ": 4}


def i1_accepted_messages_exist_and_end(query: Query, accepted: Iterable[str]) -> list[str]:
    found = {row[0]: row[1] for row in query("SELECT id, status FROM messages")}
    lost = [f"{message_id} was accepted and is gone" for message_id in accepted if message_id not in found]
    return lost + [f"{message_id} is still {status}" for message_id, status in found.items() if status not in TERMINAL]


def i2_one_debit_per_message(query: Query) -> list[str]:
    captures = {row[0]: row[1] for row in query("SELECT ref, amount_micros FROM ledger_entries WHERE kind = 'capture'")}
    count = query("SELECT COUNT(*) FROM ledger_entries WHERE kind = 'capture'")[0][0]
    wrong = [f"{count - len(captures)} second captures"] if count != len(captures) else []
    for message_id, status, price, held in query(
        "SELECT m.id, m.status, m.price_micros, m.held_micros FROM messages m WHERE m.held_micros > 0"
    ):
        if status in ("DELIVERED", "READ") and captures.get(message_id) != price:
            wrong.append(f"{message_id} cost {price} and was charged {captures.get(message_id)}")
        if captures.get(message_id, 0) > held:
            wrong.append(f"{message_id} was charged more than its hold")
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
    best: dict[str, int] = {}
    for message_id, state in query("SELECT message_id, state FROM attempts"):
        best[message_id] = max(best.get(message_id, 0), RANK[state])
    return [
        f"{message_id} shows {status} but a leg got further"
        for message_id, status in query("SELECT id, status FROM messages")
        if message_id in best and best[message_id] > RANK.get(status, 4)
    ]


def i6_every_wanted_event_has_a_delivery(query: Query) -> list[str]:
    events = {row[0] for row in query("SELECT id FROM events")}
    delivered = {row[0] for row in query("SELECT event_id FROM deliveries")}
    return [f"event {event_id} has no delivery" for event_id in events - delivered]


def i7_one_effect_per_key(query: Query, keys: Iterable[str]) -> list[str]:
    stored = {row[0] for row in query("SELECT idempotency_key FROM idempotency_keys")}
    batches = query("SELECT COUNT(*) FROM batches WHERE template_id IS NOT NULL")[0][0]
    wanted = set(keys)
    wrong = [f"key {key} has no stored answer" for key in wanted - stored]
    return wrong + ([] if batches == len(stored) else [f"{batches} effects for {len(stored)} keys"])


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
        *i2_one_debit_per_message(query),
        *i3_books_balance(query),
        *i3_holds_are_settled(query),
        *i4_second_attempts_have_a_reason(query),
        *i5_a_message_shows_its_best_leg(query),
        *i6_every_wanted_event_has_a_delivery(query),
        *i7_one_effect_per_key(query, keys),
    ]
