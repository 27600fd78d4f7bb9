"""Starts rounds of stored messages: a held one whose time has come, or one that is sent again.

Everything is checked now: account, consent, template, route, balance and daily quota. The text is rendered from the
template as it is now. Every round has a batch row of its own with its texts and plans, so that messages of one request
may start at different times. A message that may not be sent is FILTERED or BLOCKED; the others get a hold and a job.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sent_server import events
from sent_server.accounts import service as accounts
from sent_server.carriers import limits
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.events import Event
from sent_server.http.caller import Caller
from sent_server.jobs import JobRow
from sent_server.kernel import timestamps
from sent_server.kernel.values import value_object
from sent_server.ledger import model as entries
from sent_server.ledger import service as ledger
from sent_server.messages import accept, announce, content, draft, refusals, request, round_store, store
from sent_server.messages.daily import DailyQuotas
from sent_server.messages.draft import DraftMessage, DraftRequest, Target
from sent_server.messages.model import (
    AUTOMATIC,
    Batch,
    MessageEvent,
    SendCommand,
    load_contents,
    queue_key,
)
from sent_server.messages.refusals import Refusal
from sent_server.messages.request import SendRequest, TemplateAsked
from sent_server.messages.round_store import StartRow, StoredMessage
from sent_server.messages.statuses import PROCESSED, QUEUED
from sent_server.messages.store import ActiveContactRow
from sent_server.messages.topics import dispatch_to
from sent_server.ports.reach import Reach
from sent_server.pricing.card import RateCard
from sent_server.templates.service import Sendable

RELEASED = "Message processed and queued for sending"
AGAIN = "Message accepted again and queued for processing"


@value_object
class Started:
    """`work` are the jobs of the messages that are sent now. `topics` are to be hinted after the commit.

    `drafts` are the messages that could be planned, by id, with their requests.
    """

    work: Sequence[JobRow]
    topics: frozenset[str]
    drafts: Mapping[str, tuple[DraftRequest, DraftMessage]]


@dataclass(slots=True)
class _Round:
    """The start of one message's round. `drafted` is None if nothing could be planned."""

    message: StoredMessage
    group: DraftRequest | None = None
    drafted: DraftMessage | None = None
    refusal: Refusal | None = None


@dataclass(slots=True)
class _Rows:
    batches: list[Batch] = field(default_factory=list[Batch])
    messages: list[StartRow] = field(default_factory=list[StartRow])
    history: list[MessageEvent] = field(default_factory=list[MessageEvent])
    work: list[JobRow] = field(default_factory=list[JobRow])
    holds: list[entries.Transfer] = field(default_factory=list[entries.Transfer])
    newly_active: list[ActiveContactRow] = field(default_factory=list[ActiveContactRow])
    announced: list[Event] = field(default_factory=list[Event])


@value_object
class StartRounds:
    """The use case, with its dependencies."""

    card: RateCard
    reach: Reach
    sms_max_segments: int = limits.SMS_SEGMENTS

    async def release(self, tx: Tx, held: Sequence[StoredMessage], *, now_ms: int) -> Started:
        """Start the first round of held messages, in the transaction that claims their jobs."""
        return await self._start(tx, held, now_ms=now_ms, again=False)

    async def send_again(self, tx: Tx, message: StoredMessage, *, now_ms: int) -> Started:
        """Start another round of a message whose last round has settled."""
        following = message._replace(round=message.round + 1, first_leg=message.first_leg + message.legs, legs=0)
        return await self._start(tx, [following], now_ms=now_ms, again=True)

    async def _start(self, tx: Tx, messages: Sequence[StoredMessage], *, now_ms: int, again: bool) -> Started:
        callers = await accounts.active_callers(tx, sorted({message.customer_id for message in messages}))
        groups = _groups(messages, callers, now_ms)
        rounds = [
            _Round(message, refusal=refusals.account_not_active())
            for message in messages
            if message.customer_id not in callers
        ]
        daily = None
        if groups:
            found = await accept.look_up(tx, [command for command, _ in groups], self.card, self.reach)
            daily = await DailyQuotas.of(tx, [command for command, _ in groups])
            spendable = await ledger.available(tx, sorted({command.caller.ledger_id for command, _ in groups}))
            for command, members in groups:
                rounds += self._decide(command, members, found, spendable, daily)
        if not again:
            await round_store.add_held(tx, [(customer_id, -count) for customer_id, count in _counts(messages)])
        return await _write(tx, rounds, daily, now_ms=now_ms, again=again)

    def _decide(
        self,
        command: SendCommand,
        members: Sequence[StoredMessage],
        found: accept.Found,
        spendable: dict[str, int],
        daily: DailyQuotas,
    ) -> list[_Round]:
        caller, first = command.caller, members[0]
        rendered = self._rendered(command.request, first, found.templates[caller.customer_id])
        if rendered is None:
            return [_Round(message, refusal=refusals.template_gone()) for message in members]
        targets = [Target(message.id, message.phone, message.channel or AUTOMATIC) for message in members]
        group = draft.draft_targets(
            command,
            targets,
            card=self.card,
            rendered=rendered,
            configured=found.channels.get(caller.customer_id, {}),
            recipients=found.recipients[caller.customer_id],
            active=found.active.get(caller.customer_id, ()),
            windows=found.windows.get(caller.customer_id, draft.NO_WINDOWS),
            refused_as_newer=True,
        )
        rounds: list[_Round] = []
        for message, drafted in zip(members, group.messages, strict=True):
            refusal = None
            left = spendable.get(caller.ledger_id, 0) - drafted.hold_micros
            if (reason := drafted.route.plan.reason) is not None:
                refusal = refusals.of_plan(reason, accept.sentence_of(drafted, reason), accept.why(drafted))
            elif left < 0:
                refusal = refusals.no_balance()
            elif not daily.take(caller, 1):
                refusal = refusals.quota_used_up()
            else:
                spendable[caller.ledger_id] = left
                if drafted.active_contact_micros:
                    found.active.setdefault(caller.customer_id, set()).add(drafted.recipient.id)
            rounds.append(_Round(message, group, drafted, refusal))
        return rounds

    def _rendered(
        self, asked: SendRequest, message: StoredMessage, templates: Sendable
    ) -> content.RenderedSource | None:
        """The texts as of now. None if the template was deleted."""
        source = accept.source_of(asked.asked, templates)
        if isinstance(source, ApiError):
            return None
        rendered = content.render(
            source,
            asked.channels,
            sms_max_segments=self.sms_max_segments,
            media_urls=asked.media_urls,
            subject=asked.subject,
        )
        if message.request_json is None:  # sent by a release that did not keep the values: the texts as they were
            return replace(rendered, contents=load_contents(message.contents_json), unfit={})
        return rendered


def _groups(
    messages: Sequence[StoredMessage], callers: dict[str, Caller], now_ms: int
) -> list[tuple[SendCommand, list[StoredMessage]]]:
    """The messages of active accounts by their batch, each batch with the request that it came from."""
    by_batch: defaultdict[tuple[str, str], list[StoredMessage]] = defaultdict(list)
    for message in messages:
        if message.customer_id in callers:
            by_batch[message.customer_id, message.batch_id].append(message)
    return [
        (
            SendCommand(
                caller=callers[members[0].customer_id],
                recipients=tuple(dict.fromkeys(message.phone for message in members)),
                request=_asked(members[0]),
                callback_url=members[0].callback_url,
                request_id="",
                now_ms=now_ms,
            ),
            members,
        )
        for members in by_batch.values()
    ]


def _asked(message: StoredMessage) -> SendRequest:
    if message.request_json is not None:
        return request.load(message.request_json)
    return SendRequest(TemplateAsked(message.template_id), (AUTOMATIC,))


def _counts(messages: Iterable[StoredMessage]) -> list[tuple[str, int]]:
    counts: defaultdict[str, int] = defaultdict(int)
    for message in messages:
        counts[message.customer_id] += 1
    return sorted(counts.items())


async def _write(tx: Tx, rounds: Sequence[_Round], daily: DailyQuotas | None, *, now_ms: int, again: bool) -> Started:
    groups = list({one.group.batch_id: one.group for one in rounds if one.group}.values())
    await accept.insert_new_contacts(tx, groups)
    interest = await events.interest(tx, sorted({one.message.customer_id for one in rounds}))
    rows = _Rows()
    for group in groups:
        rows.batches.append(accept.batch_of(group))
    for one in rounds:
        _add(rows, one, interest, now_ms=now_ms, again=again)
    await store.insert_batches(tx, rows.batches)
    await round_store.start(tx, rows.messages)
    await store.insert_events(tx, rows.history)
    await store.insert_active_contacts(tx, rows.newly_active)
    if daily:
        await daily.write(tx)
    await events.emit(tx, rows.announced, interest)
    # Last, because an account's balance is one row: changing it blocks other transactions until the commit.
    await ledger.transfer(tx, rows.holds, now_ms=now_ms)
    topics = {job.kind for job in rows.work}
    if rows.announced:
        topics.add(events.TOPIC)
    drafts = {one.message.id: (one.group, one.drafted) for one in rounds if one.drafted and one.group}
    return Started(rows.work, frozenset(topics), drafts)


def _add(rows: _Rows, one: _Round, interest: events.Interest, *, now_ms: int, again: bool) -> None:
    """The rows of one message."""
    message, drafted, refusal = one.message, one.drafted, one.refusal
    sequence = message.last_sequence
    statuses: list[tuple[str, Refusal | None]] = [(QUEUED, None)] if again else []
    if refusal:
        statuses.append((refusal.status, refusal))
    elif not again:
        statuses.append((PROCESSED, None))
    for status, why in statuses:
        sequence += 1
        rows.history.append(_line(one, sequence, status, why, now_ms))
        if message.callback_url or interest.wants(message.customer_id, announce.name_of(status)):
            rows.announced.append(_event(one, status, why, now_ms))
    held_micros = active_micros = 0
    if drafted and refusal is None:
        held_micros, active_micros = drafted.hold_micros, drafted.active_contact_micros
        _add_work(rows, one, drafted, now_ms=now_ms, again=again)
    rows.messages.append(
        StartRow(
            batch_id=one.group.batch_id if one.group else message.batch_id,
            contact_id=drafted.recipient.id if drafted else message.contact_id,
            status=statuses[-1][0],
            legs=len(drafted.route.plan.legs) if drafted else 0,
            first_leg=message.first_leg,
            round=message.round,
            plan_number=drafted.plan_number if drafted else message.plan_number,
            held_micros=held_micros,
            active_contact_price_micros=active_micros,
            last_sequence=sequence,
            reason_code=refusal.reason_code if refusal else None,
            reason=refusal.reason if refusal else None,
            updated_at_ms=now_ms,
            customer_id=message.customer_id,
            id=message.id,
        )
    )


def _add_work(rows: _Rows, one: _Round, drafted: DraftMessage, *, now_ms: int, again: bool) -> None:
    """The job, the hold and the active contact of a message that is sent now."""
    message = one.message
    assert one.group is not None
    caller, route = one.group.command.caller, drafted.route
    own_queue = queue_key(message.customer_id, str(route.sender), held=not again)
    rows.work.append(
        JobRow(message.id, dispatch_to(str(route.carrier)), own_queue, message.customer_id, now_ms, now_ms)
    )
    if drafted.hold_micros:
        ref = entries.round_ref(message.id, message.round)
        rows.holds.append(entries.hold(caller.ledger_id, ref, drafted.hold_micros))
    if drafted.active_contact_micros:
        month = timestamps.month(now_ms)
        rows.newly_active.append(ActiveContactRow(message.customer_id, month, drafted.recipient.id, message.id))


def _line(one: _Round, sequence: int, status: str, why: Refusal | None, now_ms: int) -> MessageEvent:
    """An entry of history. PROCESSED shows the channel and the price of the first leg, as it does for other sends."""
    message = one.message
    channel, price_micros, active_micros, description = AUTOMATIC, None, None, AGAIN
    if why:
        description = why.description
    elif status == PROCESSED and one.drafted:
        first = one.drafted.route.plan.legs[0]
        channel, price_micros, active_micros = first.channel, first.price_micros, one.drafted.active_contact_micros
        description = RELEASED
    return MessageEvent(
        message.customer_id, message.id, sequence, status, channel, description, price_micros, active_micros, now_ms
    )


def _event(one: _Round, status: str, why: Refusal | None, now_ms: int) -> Event:
    message = one.message
    return announce.status_event(
        customer_id=message.customer_id,
        message_id=message.id,
        status=status,
        channel=message.channel or AUTOMATIC,
        phone=message.phone,
        sender=one.drafted.route.sender if one.drafted else None,
        template_id=message.template_id,
        template_name=message.template_name,
        text=accept.text_of(one.group, one.drafted) if one.group and one.drafted else None,
        callback_url=message.callback_url,
        reason=why.reason if why else None,
        reason_code=why.reason_code if why else None,
        at_ms=now_ms,
    )
