"""Carrying messages to handsets, in sets: what they show, and everything that will follow, put down as rows."""

from collections import defaultdict
from collections.abc import Sequence

from sent_server.carriers.base import Channel, Submission
from sent_server.carriers.simulator import behaviour
from sent_server.carriers.simulator.adapter import Decide
from sent_server.carriers.simulator.behaviour import TAKEN_BEFORE, Behaviour, Circumstances, Fault, Memory
from sent_server.db import Tx
from sent_server.phones import due_store, service, store
from sent_server.phones.rows import Rows


async def carry(tx: Tx, submissions: Sequence[Submission], decide: Decide, *, now_ms: int) -> list[Behaviour]:
    """One behaviour per submission, in order. An attempt that is known arrives no second time, but is counted."""
    by_customer: defaultdict[str, list[Submission]] = defaultdict(list)
    for submission in submissions:
        by_customer[submission.customer_id].append(submission)
    dialled = await store.faults(tx, list(by_customer))
    rows = Rows(now_ms)
    for customer_id, own in sorted(by_customer.items()):
        faults = {Channel(item.channel): item.fault for item in dialled.get(customer_id, ())}
        await _carry_own(tx, customer_id, own, decide, faults, rows)
    await rows.write(tx)
    decided = {customer_id: iter(behaviours) for customer_id, behaviours in rows.decided.items()}
    return [next(decided[submission.customer_id]) for submission in submissions]


async def _carry_own(
    tx: Tx, customer_id: str, own: Sequence[Submission], decide: Decide, faults: dict[Channel, Fault], rows: Rows
) -> None:
    known = await store.known(tx, customer_id, [submission.attempt_id for submission in own])
    channels = await service.capabilities(tx, customer_id, [submission.recipient for submission in own])
    memories = await _recall(tx, customer_id, own)
    decided = rows.decided[customer_id]
    for submission in own:
        if submission.attempt_id in known:
            rows.repeat(submission)
            decided.append(TAKEN_BEFORE)
            continue
        fault = faults.get(submission.channel) if faults else None
        key = behaviour.memory_key(submission)
        memory = memories.get(key) if key else None
        found = decide(submission, Circumstances(channels[submission.recipient], fault, memory, rows.now_ms))
        if found.taken:
            known.add(submission.attempt_id)
            rows.take(submission, found)
        if key and found.remembers:
            memories.setdefault(key, Memory(submission.channel, rows.now_ms))
            rows.memories.append((customer_id, key, submission.channel, rows.now_ms))
        decided.append(found)


async def _recall(tx: Tx, customer_id: str, own: Sequence[Submission]) -> dict[str, Memory]:
    keys = {key for submission in own if (key := behaviour.memory_key(submission))}
    return await due_store.memories(tx, customer_id, list(keys)) if keys else {}
