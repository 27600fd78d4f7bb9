"""What must hold when the world is idle: the invariants of docs/explanation/reliability.md."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

import orjson

from delivery import invariants
from sent_server.carriers.base import ReceiptKind
from sent_server.messages.model import AUTOMATIC
from sent_server.messages.window import OPEN_FOR_MS

if TYPE_CHECKING:
    from simulation.world import World

REACHED = ("DELIVERED", "READ")
WORDS = {ReceiptKind.DELIVERED, ReceiptKind.READ}


def all_wrong(world: World) -> list[str]:
    query = world.storage.query
    accepted = [message_id for found in world.accepted.values() for message_id in found]
    return [
        *invariants.i1_accepted_messages_exist_and_end(query, accepted),
        *invariants.i2_a_message_costs_what_it_shows(query),
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
        *legs_are_told(world),
        *told_means_heard(world),
        *a_cancellation_or_a_release_wins(world),
        *a_round_shows_its_own_receipts(world),
        *webhooks_have_each_event_once(world),
        *texts_keep_to_the_window(world),
        *refusals_have_a_reason(world),
        *media_and_senders_are_as_asked(world),
    ]


def keys_have_one_effect(world: World) -> Iterable[str]:
    """I7: a key's stored answer names exactly the messages that exist because of it."""
    query = world.storage.query
    named: Counter[str] = Counter()
    for status, body, operation in query("SELECT status, body, operation FROM idempotency_keys"):
        if status == 202 and operation == "POST /v3/messages":
            named.update(message["id"] for message in orjson.loads(body)["data"]["messages"])
    sent = "SELECT m.id FROM messages m JOIN batches b ON b.id = m.batch_id WHERE b.request_json IS NOT NULL"
    for (message_id,) in query(sent):
        if named[message_id] != 1:
            yield f"{message_id} stands in {named[message_id]} answers"


def charges_have_attempts(world: World) -> Iterable[str]:
    """I2, I4: who was charged was submitted, and the carrier said that it took it."""
    query = world.storage.query
    first = {row[0]: row[1:] for row in query("SELECT id, round, first_leg FROM messages")}
    taken = {(row[0], row[1] >= first[row[0]][1]) for row in query(
        "SELECT message_id, leg FROM attempts WHERE ref IS NOT NULL"
    )}  # fmt: skip
    for (ref,) in query("SELECT ref FROM ledger_entries WHERE kind = 'capture'"):
        message_id, _, round = ref.partition("#")
        if (message_id, int(round or 1) == first[message_id][0]) not in taken:
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
        if message_id in world.sent_again:  # the receipt may be about the round before
            continue
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


def legs_are_told(world: World) -> Iterable[str]:
    """I6: one `message.routed` per leg that was tried, one `message.sent` per leg that a carrier took, each with its
    own channel; everything else once per message. History and events say the same."""
    query = world.storage.query
    deaf = {row[0] for row in query("SELECT customer_id FROM webhooks WHERE disabled_at_ms IS NOT NULL")}
    history = Counter(query("SELECT message_id, status, channel FROM message_events"))
    told: Counter[tuple[str, str, str]] = Counter()
    for subject_id, name, payload in query("SELECT subject_id, name, payload_json FROM events"):
        if name.startswith("message.") and name != "message.received":
            told[(subject_id, name.removeprefix("message.").upper(), orjson.loads(payload)["channel"])] += 1
    rounds = dict(query("SELECT id, round FROM messages"))
    for key, count in [*history.items(), *told.items()]:
        if count > rounds[key[0]]:
            yield f"{key} stands there {count} times"
    per_message: Counter[tuple[str, str]] = Counter()
    for (id, what, _), count in history.items():
        if what not in ("ROUTED", "SENT"):
            per_message[id, what] += count
    yield from (f"{key} stands there {n} times" for key, n in per_message.items() if n > rounds[key[0]])
    tried = query("SELECT message_id, channel, MAX(ref IS NOT NULL) FROM attempts GROUP BY message_id, channel")
    status = dict(query("SELECT id, status FROM messages"))
    for message_id, channel, taken in tried:
        if not history[(message_id, "ROUTED", channel)]:
            yield f"{message_id} was tried by {channel}, and its history does not say so"
        # A leg that is taken after another one has arrived is not worth a word.
        if taken and not history[(message_id, "SENT", channel)] and status[message_id] not in REACHED:
            yield f"{message_id} was sent by {channel}, and its history does not say so"
    owner = dict(query("SELECT id, customer_id FROM messages"))
    for (message_id, what, channel), count in history.items():
        # History before routing carries the channel `sent`; what is announced then, the channel that was asked for.
        if what == "PROCESSED" or channel == AUTOMATIC or message_id not in _announced(world):
            continue
        # Another round may have ended before routing.
        most = count + history[(message_id, what, AUTOMATIC)]
        if owner[message_id] not in deaf and not count <= told[(message_id, what, channel)] <= most:
            yield f"nobody was told that {message_id} is {what} by {channel}"


def _announced(world: World) -> set[str]:
    """Messages whose first state is announced too: all but our automatic replies, which begin silently."""
    return {message_id for found in world.accepted.values() for message_id in found}


def a_cancellation_or_a_release_wins(world: World) -> Iterable[str]:
    """Never both: what was cancelled was never tried and costs nothing, and what was not ends as others do."""
    query = world.storage.query
    status = dict(query("SELECT id, status FROM messages"))
    tried = {row[0] for row in query("SELECT message_id FROM attempts")}
    paid = {row[0].partition("#")[0] for row in query("SELECT ref FROM ledger_entries")}
    for message_id, answer in world.cancelled.items():
        world.trace.count("schedule: cancelled" if answer == 200 else "schedule: cancelled too late")
        if (answer == 200) != (status[message_id] == "CANCELLED"):
            yield f"the cancellation of {message_id} was answered with {answer}, and it is {status[message_id]}"
        if answer == 200 and message_id in tried | paid:
            yield f"{message_id} was cancelled, and tried or paid all the same"
    counted = query("SELECT COALESCE(SUM(total), 0) FROM counters WHERE name = 'messages.held'")[0][0]
    if counted:
        yield f"{counted} messages are counted as held, and none is"


def a_round_shows_its_own_receipts(world: World) -> Iterable[str]:
    """A message that was sent again has a hold per round, and is delivered by an attempt of its last round alone."""
    query = world.storage.query
    reached = {
        (row[0], row[1]) for row in query("SELECT message_id, leg FROM attempts WHERE state IN ('DELIVERED', 'READ')")
    }
    for message_id, status, first, legs in query("SELECT id, status, first_leg, legs FROM messages WHERE round > 1"):
        world.trace.count("message: sent again")
        if status in REACHED and not any((message_id, first + leg) in reached for leg in range(legs)):
            yield f"{message_id} is {status} without a receipt of its last round"


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


def webhooks_have_each_event_once(world: World) -> Iterable[str]:
    """I6: one delivery per event and webhook that wants it, however large the fan-out. A disabled one parks its own."""
    query = world.storage.query
    wants: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for customer_id, name, endpoint_id in query("SELECT customer_id, event_name, endpoint_id FROM subscriptions"):
        wants[(customer_id, name)].append(endpoint_id)
    hooks = {row[0] for row in query("SELECT id FROM webhooks")}
    has: defaultdict[str, list[str]] = defaultdict(list)
    for event_id, endpoint_id in query("SELECT event_id, endpoint_id FROM deliveries"):
        if endpoint_id in hooks:
            has[event_id].append(endpoint_id)
    for event_id, customer_id, name in query(
        "SELECT id, customer_id, name FROM events WHERE name <> 'webhook.disabled'"
    ):
        if sorted(has[event_id]) != sorted(wants[(customer_id, name)]):
            yield f"{name} {event_id} has deliveries for {len(has[event_id])} webhooks"


def texts_keep_to_the_window(world: World) -> Iterable[str]:
    """No attempt on WhatsApp for a text whose contact had not written there within 24 hours, by the same clock."""
    query = world.storage.query
    heard: defaultdict[str, list[int]] = defaultdict(list)
    for contact_id, at_ms in query(
        "SELECT contact_id, created_at_ms FROM messages WHERE status = 'RECEIVED' AND channel = 'whatsapp'"
    ):
        heard[contact_id].append(at_ms)
    texts = (
        "SELECT a.message_id, m.contact_id, a.created_at_ms FROM attempts a "
        "JOIN messages m ON m.customer_id = a.customer_id AND m.id = a.message_id "
        "JOIN batches b ON b.customer_id = m.customer_id AND b.id = m.batch_id "
        "WHERE a.channel = 'whatsapp' AND b.template_id IS NULL AND b.request_json IS NOT NULL"
    )
    for message_id, contact_id, at_ms in query(texts):
        world.trace.count("text: on WhatsApp")
        if not any(at_ms < heard_at_ms + OPEN_FOR_MS for heard_at_ms in heard[contact_id]):
            yield f"{message_id} went to WhatsApp {at_ms}, but {contact_id} wrote at {heard[contact_id]}"
    for status, reason_code in query(
        "SELECT status, reason_code FROM messages WHERE status IN ('FILTERED', 'BLOCKED')"
    ):
        world.trace.count(f"text: {status.lower()} {reason_code}")


def refusals_have_a_reason(world: World) -> Iterable[str]:
    """A message says why it did not arrive; one that no carrier was asked for has no attempt."""
    for message_id, status, reason_code, reason in world.storage.query(
        "SELECT id, status, reason_code, reason FROM messages WHERE status IN ('FAILED', 'FILTERED', 'BLOCKED')"
    ):
        if not reason_code or not reason:
            yield f"{message_id} is {status} and does not say why"
    # In its last round: a message that was sent again may have been tried before.
    for (message_id,) in world.storage.query(
        "SELECT DISTINCT m.id FROM messages m JOIN attempts a ON a.message_id = m.id AND a.leg >= m.first_leg "
        "WHERE m.status IN ('FILTERED', 'BLOCKED')"
    ):
        yield f"{message_id} was refused, though a carrier was asked"


def media_and_senders_are_as_asked(world: World) -> Iterable[str]:
    """An attempt on MMS has the media of its request, and each attempt leaves from the pool of its channel."""
    attempts = (
        "SELECT a.message_id, a.channel, m.plan_number, b.contents_json, b.plans_json, b.request_json FROM attempts a "
        "JOIN messages m ON m.customer_id = a.customer_id AND m.id = a.message_id "
        "JOIN batches b ON b.customer_id = m.customer_id AND b.id = m.batch_id "
        "WHERE b.request_json IS NOT NULL"
    )
    for message_id, channel, number, contents, plans, asked in world.storage.query(attempts):
        request = orjson.loads(asked)
        if channel == "mms":
            world.trace.count("media: by MMS")
            urls = [one["url"] for one in orjson.loads(contents)["mms"]["media"]]
            if not urls or urls != request.get("media_urls"):
                yield f"{message_id} was sent with {urls}, but asked for {request.get('media_urls')}"
        pool = request.get("senders", {}).get(channel)
        if pool is not None:
            world.trace.count("pool: used")
            legs = {leg["channel"]: leg["sender"] for leg in orjson.loads(plans)[number]["legs"]}
            if legs[channel] not in pool:
                yield f"{message_id} left from {legs[channel]}, which is not one of {pool}"
