"""What must hold when the world has come to rest: RELIABILITY's invariants, asked of rows, handsets and receivers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

import orjson

from delivery import invariants
from sent_server.carriers.base import ReceiptKind

if TYPE_CHECKING:
    from simulation.world import World

REACHED = ("DELIVERED", "READ")
WORDS = {ReceiptKind.DELIVERED, ReceiptKind.READ}


def all_wrong(world: World) -> list[str]:
    query = world.storage.query
    accepted = [message_id for found in world.accepted.values() for message_id in found]
    return [
        *invariants.i1_accepted_messages_exist_and_end(query, accepted),
        *invariants.i2_one_debit_per_message(query),
        *invariants.i3_books_balance(query),
        *invariants.i3_holds_are_settled(query),
        *invariants.i4_second_attempts_have_a_reason(query),
        *invariants.i5_a_message_shows_its_best_leg(query),
        *invariants.i6_every_wanted_event_has_a_delivery(query),
        *keys_have_one_effect(world),
        *charges_have_attempts(world),
        *duplicates_are_explained(world),
        *receipts_count(world),
        *changes_are_told(world),
        *told_means_heard(world),
    ]


def keys_have_one_effect(world: World) -> Iterable[str]:
    """I7: a key's stored answer names exactly the messages that exist because of it."""
    query = world.storage.query
    named: Counter[str] = Counter()
    effects = 0
    for status, body in query("SELECT status, body FROM idempotency_keys"):
        if status == 202:
            effects += 1
            named.update(message["id"] for message in orjson.loads(body)["data"]["messages"])
    made = query("SELECT COUNT(*) FROM batches WHERE template_id IS NOT NULL")[0][0]
    if made != effects:
        yield f"{made} effects for {effects} keys"
    sent = "SELECT m.id FROM messages m JOIN batches b ON b.id = m.batch_id WHERE b.template_id IS NOT NULL"
    for (message_id,) in query(sent):
        if named[message_id] != 1:
            yield f"{message_id} stands in {named[message_id]} answers"


def charges_have_attempts(world: World) -> Iterable[str]:
    """I2, I4: who was charged was submitted, and the carrier said that it took it."""
    taken = {row[0] for row in world.storage.query("SELECT message_id FROM attempts WHERE ref IS NOT NULL")}
    for (message_id,) in world.storage.query("SELECT ref FROM ledger_entries WHERE kind = 'capture'"):
        if message_id not in taken:
            yield f"{message_id} was charged without an attempt that a carrier took"


def duplicates_are_explained(world: World) -> Iterable[str]:
    """A handset that got a leg twice: only where the carrier takes no key, and never an advertisement."""
    category = dict(world.storage.query(
        "SELECT m.id, b.template_category FROM messages m JOIN batches b ON b.id = m.batch_id"
    ))  # fmt: skip
    arrived: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for arrival in world.exchange.arrivals:
        leg = arrival.attempt_id.rsplit("-", 2)[1]
        arrived[(arrival.carrier, arrival.message_id, leg)].append(arrival.attempt_id)
    for (carrier, message_id, leg), attempts in arrived.items():
        if len(attempts) == 1:
            continue
        world.trace.count("handset: duplicate")
        if carrier == "cloud" or category[message_id] == "MARKETING":
            yield f"leg {leg} of {message_id} ({category[message_id]}) arrived over {carrier} as {attempts}"
    for _ in world.storage.query("SELECT 1 FROM handset_messages WHERE duplicates > 0"):
        world.trace.count("handset: repeat noticed")


def receipts_count(world: World) -> Iterable[str]:
    """I5: a receipt that an inbox took for a reference that the engine knows is not forgotten."""
    status = dict(world.storage.query("SELECT id, status FROM messages"))
    for carrier, ref, message_id in world.storage.query("SELECT carrier, ref, message_id FROM carrier_refs"):
        if world.exchange.acknowledged[(carrier, ref)] & WORDS and status[message_id] not in REACHED:
            yield f"{message_id} is {status[message_id]}, though {ref} was receipted as delivered"


def changes_are_told(world: World) -> Iterable[str]:
    """I6: every change of status that the contract has an event for raised one, while a webhook wanted it."""
    query = world.storage.query
    deaf = {row[0] for row in query("SELECT customer_id FROM webhooks WHERE disabled_at_ms IS NOT NULL")}
    told = Counter((row[0], row[1]) for row in query("SELECT subject_id, name FROM events"))
    owner = dict(query("SELECT id, customer_id FROM messages"))
    for message_id, statuses in world.watch.statuses.items():
        for status in statuses:
            if status == "PROCESSED" or owner[message_id] in deaf or message_id not in _announced(world):
                continue
            if not told[(message_id, f"message.{status.lower()}")]:
                yield f"nobody was told that {message_id} is {status}"
    for (subject_id, name), count in told.items():
        if count > 1 and name.startswith("message."):
            yield f"{name} of {subject_id} was raised {count} times"


def _announced(world: World) -> set[str]:
    """Messages whose first state is announced too: all but our automatic replies, which begin silently."""
    return {message_id for found in world.accepted.values() for message_id in found}


def told_means_heard(world: World) -> Iterable[str]:
    """I6: delivered means that the receiver said 2xx to it; repeats are byte for byte the same; nothing is made up."""
    query = world.storage.query
    urls = {row[0]: row[1] for row in query("SELECT id, endpoint_url FROM webhooks")}
    known = {row[0] for row in query("SELECT id FROM events")}
    heard: set[tuple[str, str]] = set()
    bodies: dict[tuple[str, str], bytes] = {}
    for post in world.receivers.posts:
        key = (post.url, post.event_id)
        if bodies.setdefault(key, post.body) != post.body:
            yield f"{post.event_id} was posted to {post.url} with different bytes"
        if post.event_id not in known:
            yield f"{post.event_id} was posted, and is no event"
        if post.status == 200:
            heard.add(key)
    for delivery_id, event_id, endpoint_id, callback_url, status in query(
        "SELECT id, event_id, endpoint_id, callback_url, status FROM deliveries"
    ):
        url = callback_url or urls[endpoint_id]
        if status == "delivered" and (url, event_id) not in heard:
            yield f"delivery {delivery_id} is delivered, but {url} never said so"
    if len(world.receivers.posts) > len(bodies):
        world.trace.count("webhook: event posted again")
