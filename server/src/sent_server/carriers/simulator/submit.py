"""Submits batches to the handsets: stores their messages, and the receipts and replies that will follow."""

from collections import defaultdict
from collections.abc import Sequence

from sent_server.carriers.base import Submission
from sent_server.carriers.simulator import behaviour, handsets, scheduled_store, store
from sent_server.carriers.simulator.behaviour import TAKEN_BEFORE, Behaviour, Circumstances, Fault, Memory
from sent_server.carriers.simulator.buffer import WriteBuffer
from sent_server.carriers.simulator.scheduled_store import MemoryRow
from sent_server.db import Tx
from sent_server.kernel.channels import Channel


async def submit(tx: Tx, submissions: Sequence[Submission], *, now_ms: int) -> list[Behaviour]:
    """Returns one behaviour per submission, in order. A known attempt is only counted as a duplicate."""
    by_customer: defaultdict[str, list[Submission]] = defaultdict(list)
    for submission in submissions:
        by_customer[submission.customer_id].append(submission)
    dialled = await store.faults(tx, list(by_customer))
    buffer = WriteBuffer(now_ms)
    for customer_id, own in sorted(by_customer.items()):
        faults = {Channel(item.channel): item.fault for item in dialled.get(customer_id, ())}
        await _submit_own(tx, customer_id, own, faults, buffer)
    await buffer.write(tx)
    decided = {customer_id: iter(behaviours) for customer_id, behaviours in buffer.decided.items()}
    return [next(decided[submission.customer_id]) for submission in submissions]


async def _submit_own(
    tx: Tx,
    customer_id: str,
    own: Sequence[Submission],
    faults: dict[Channel, Fault],
    buffer: WriteBuffer,
) -> None:
    known = await store.known(tx, customer_id, [submission.attempt_id for submission in own])
    channels = await handsets.capabilities(tx, customer_id, [submission.recipient for submission in own])
    memories = await _recall(tx, customer_id, own)
    decided = buffer.decided[customer_id]
    for submission in own:
        if submission.attempt_id in known:
            buffer.repeat(submission)
            decided.append(TAKEN_BEFORE)
            continue
        fault = faults.get(submission.channel) if faults else None
        key = behaviour.memory_key(submission)
        memory = memories.get(key) if key else None
        found = behaviour.decide(
            submission, Circumstances(channels[submission.recipient], fault, memory, buffer.now_ms)
        )
        if found.taken:
            known.add(submission.attempt_id)
            buffer.take(submission, found)
        if key and found.remembers:
            memories.setdefault(key, Memory(submission.channel, buffer.now_ms))
            buffer.memories.append(MemoryRow(customer_id, key, submission.channel, buffer.now_ms))
        decided.append(found)


async def _recall(tx: Tx, customer_id: str, own: Sequence[Submission]) -> dict[str, Memory]:
    keys = {key for submission in own if (key := behaviour.memory_key(submission))}
    return await scheduled_store.memories(tx, customer_id, list(keys)) if keys else {}
