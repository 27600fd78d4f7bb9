"""Accepts messages in sets: all requests that share a commit share their statements.

Requests are first decided from reads alone, so a refused request writes nothing. Then all drafts are written:
contacts, batches, messages, first events, holds, jobs, outgoing events.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import assert_never

from sent_server import events, jobs
from sent_server.bus import Bus
from sent_server.carriers import limits
from sent_server.carriers.reasons import TABLE, Reason, explain
from sent_server.channels import service as channels
from sent_server.channels.model import ChannelConfig
from sent_server.contacts import service as contacts
from sent_server.contacts.service import Recipient
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.events import Event, Interest
from sent_server.http.reply import Reply
from sent_server.jobs import JobRow
from sent_server.kernel import timestamps
from sent_server.kernel.channels import LABELS, WHATSAPP
from sent_server.kernel.values import value_object
from sent_server.ledger import model as entries
from sent_server.ledger import service as ledger
from sent_server.messages import announce, held, request, schedule, store, window, wire
from sent_server.messages.content import Source, TemplateSource, TextSource
from sent_server.messages.daily import DailyQuotas
from sent_server.messages.draft import NO_WINDOWS, DraftMessage, DraftRequest, draft_held, draft_request
from sent_server.messages.held import HeldMessages
from sent_server.messages.model import (
    AUTOMATIC,
    Batch,
    Message,
    MessageEvent,
    SendCommand,
    dump_contents,
    join_plans,
    queue_key,
)
from sent_server.messages.request import Asked, TemplateAsked, TextAsked
from sent_server.messages.statuses import QUEUED, SCHEDULED
from sent_server.messages.store import ActiveContactRow
from sent_server.messages.topics import dispatch_to
from sent_server.messages.window import Windows
from sent_server.ports.reach import Reach
from sent_server.pricing.card import RateCard
from sent_server.templates import service as templates
from sent_server.templates.service import Sendable

ACCEPTED = "Message accepted and queued for processing"
MAX_NAMED = 100
MAX_WITH_TEXT = 100


@value_object
class AcceptMessages:
    """The use case of accepting messages, with its dependencies."""

    card: RateCard
    bus: Bus
    reach: Reach
    sms_max_segments: int = limits.SMS_SEGMENTS
    refused_as_newer: bool = False

    async def accept_many(self, tx: Tx, commands: Sequence[SendCommand]) -> list[Reply | ApiError]:
        """Returns a reply or an error per command, in order."""
        found = await look_up(tx, commands, self.card, self.reach)
        spendable = await ledger.available(tx, sorted({command.caller.ledger_id for command in commands}))
        daily = await DailyQuotas.of(tx, commands)
        waiting = await HeldMessages.of(tx, commands)
        results: list[Reply | ApiError] = []
        drafts: list[DraftRequest] = []
        for command in commands:
            if command.request.scheduled_at_ms is None:
                drafted = self._decide(command, found, spendable, daily)
            else:
                drafted = self._hold(command, found, waiting)
            if isinstance(drafted, DraftRequest):
                drafts.append(drafted)
                results.append(_reply(drafted))
            else:
                results.append(drafted)
        if drafts:
            notified, work = await _write(tx, drafts)
            await daily.write(tx)
            await waiting.write(tx)
            tx.after_commit(lambda: self._hint(work, notified=notified))
        return results

    def _hint(self, work: Mapping[str, Sequence[str]], *, notified: bool) -> None:
        if notified:
            self.bus.hint(events.TOPIC)
        for kind, ids in work.items():
            # Large batches are hinted without ids, so that workers claim fairly over all queues.
            self.bus.hint(kind, ids if len(ids) <= MAX_NAMED else ())

    def _decide(
        self, command: SendCommand, found: "Found", spendable: dict[str, int], daily: DailyQuotas
    ) -> DraftRequest | ApiError:
        caller = command.caller
        source = source_of(command.request.asked, found.templates[caller.customer_id])
        if isinstance(source, ApiError):
            return source
        drafted = draft_request(
            command,
            card=self.card,
            source=source,
            configured=found.channels.get(caller.customer_id, {}),
            recipients=found.recipients[caller.customer_id],
            active=found.active.get(caller.customer_id, ()),
            sms_max_segments=self.sms_max_segments,
            windows=found.windows.get(caller.customer_id, NO_WINDOWS),
            refused_as_newer=self.refused_as_newer,
        )
        if isinstance(drafted, ApiError):
            return drafted
        left = spendable.get(caller.ledger_id, 0) - drafted.hold_micros
        if left < 0:
            return ApiError("BUSINESS_003", "Insufficient balance to send message.")
        if not daily.take(caller, len(drafted.messages)):
            return ApiError("BUSINESS_008", "The account has reached its limit of messages for today.")
        spendable[caller.ledger_id] = left
        if self.card.active_contact_micros:
            charged = {message.recipient.id for message in drafted.messages if message.active_contact_micros}
            found.active.setdefault(caller.customer_id, set()).update(charged)
        return drafted

    def _hold(self, command: SendCommand, found: "Found", waiting: HeldMessages) -> DraftRequest | ApiError:
        """Draft messages for a later time. Route, price, balance and quota are decided then, in `rounds`."""
        customer_id, scheduled_at_ms = command.caller.customer_id, command.request.scheduled_at_ms
        assert scheduled_at_ms is not None
        # Not when the body is read: a repeat with its key may come when the time is near or over.
        refusal = schedule.refusal(scheduled_at_ms, now_ms=command.now_ms)
        if refusal:
            return refusal
        source = source_of(command.request.asked, found.templates[customer_id])
        if isinstance(source, ApiError):
            return source
        drafted = draft_held(
            command,
            source=source,
            recipients=found.recipients[customer_id],
            sms_max_segments=self.sms_max_segments,
        )
        if isinstance(drafted, DraftRequest) and not waiting.take(customer_id, len(drafted.messages)):
            return ApiError("LIMIT_001", schedule.TOO_MANY)
        return drafted


@value_object
class Found:
    """What drafts are decided from, by customer."""

    templates: Mapping[str, Sendable]
    channels: Mapping[str, Mapping[str, ChannelConfig]]
    recipients: Mapping[str, Mapping[str, Recipient]]
    active: dict[str, set[str]]
    windows: Mapping[str, Windows]


async def look_up(tx: Tx, commands: Sequence[SendCommand], card: RateCard, reach: Reach) -> Found:
    """Read what these requests depend on."""
    by_customer: defaultdict[str, list[SendCommand]] = defaultdict(list)
    for command in commands:
        by_customer[command.caller.customer_id].append(command)
    found_templates: dict[str, Sendable] = {}
    recipients: dict[str, dict[str, Recipient]] = {}
    active: dict[str, set[str]] = {}
    windows: dict[str, Windows] = {}
    for customer_id, own in sorted(by_customer.items()):
        scope = own[0].caller.sharing
        asked = [one for command in own if isinstance(one := command.request.asked, TemplateAsked)]
        found_templates[customer_id] = await templates.for_sending(
            tx,
            customer_id,
            owners=scope.templates,
            ids=sorted({one.id for one in asked if one.id}),
            names=sorted({one.name for one in asked if one.name}),
        )
        phones = own[0].recipients if len(own) == 1 else sorted({p for command in own for p in command.recipients})
        recipients[customer_id] = await contacts.for_sending(
            tx, customer_id, phones, reach=reach, scope=scope, now_ms=own[0].now_ms
        )
        if card.active_contact_micros:
            known = [recipient.id for recipient in recipients[customer_id].values()]
            month = timestamps.month(own[0].now_ms)
            active[customer_id] = await store.active_contacts(tx, customer_id, month, known)
        if may_write := _asks_for_window(own, recipients[customer_id]):
            windows[customer_id] = await window.recent(tx, customer_id, may_write, now_ms=own[0].now_ms)
    owners = sorted({(command.caller.customer_id, command.caller.organization_id) for command in commands})
    return Found(found_templates, await channels.configured(tx, owners), recipients, active, windows)


def _asks_for_window(commands: Sequence[SendCommand], recipients: Mapping[str, Recipient]) -> Sequence[str]:
    """The known contacts of text sends for which it matters when they last wrote."""
    asked: set[str] = set()
    for command in commands:
        request = command.request
        if isinstance(request.asked, TextAsked) and (
            not {AUTOMATIC, WHATSAPP}.isdisjoint(request.channels) or window.OPTION in command.caller.options
        ):
            asked.update(recipients[phone].id for phone in command.recipients if not recipients[phone].is_new)
    return sorted(asked)


async def _write(tx: Tx, drafts: Sequence[DraftRequest]) -> tuple[bool, Mapping[str, Sequence[str]]]:
    """Write all drafts. Returns whether events were emitted, and the ids of the new jobs by kind."""
    await insert_new_contacts(tx, drafts)
    interest = await events.interest(tx, sorted({draft.command.caller.customer_id for draft in drafts}))
    batches: list[Batch] = []
    rows: list[Message] = []
    history: list[MessageEvent] = []
    work: list[JobRow] = []
    holds: list[entries.Transfer] = []
    newly_active: list[ActiveContactRow] = []
    announced: list[Event] = []
    for draft in drafts:
        caller, now_ms = draft.command.caller, draft.command.now_ms
        batches.append(batch_of(draft))
        tells = draft.command.callback_url or interest.wants(caller.customer_id, "message.queued")
        scheduled_at_ms = draft.command.request.scheduled_at_ms
        customer_id, ledger_id, batch_id = caller.customer_id, caller.ledger_id, draft.batch_id
        for message in draft.messages:
            route, recipient = message.route, message.recipient
            held_micros = message.hold_micros
            status, reason_code, reason = message.first_status, None, None
            if scheduled_at_ms is not None:
                status = SCHEDULED
            refusal = route.plan.reason
            if refusal:
                reason_code, reason = TABLE[refusal].reason_code, sentence_of(message, refusal)
            row = Message(
                customer_id=customer_id,
                id=message.id,
                batch_id=batch_id,
                contact_id=recipient.id,
                phone=recipient.phone,
                region_code=recipient.region_code,
                status=status,
                channel=message.channel,
                leg=0,
                legs=len(route.plan.legs),
                plan_number=message.plan_number,
                held_micros=held_micros,
                settled_at_ms=None,
                price_micros=None,
                active_contact_price_micros=message.active_contact_micros,
                last_sequence=1 if status == QUEUED else 2,
                created_at_ms=now_ms,
                updated_at_ms=now_ms,
                reason_code=reason_code,
                reason=reason,
                scheduled_at_ms=scheduled_at_ms,
            )
            rows.append(row)
            history.append(_first_event(row, 1, QUEUED, ACCEPTED))
            if refusal:
                history.append(_first_event(row, 2, status, why(message)))
            elif scheduled_at_ms is not None:
                history.append(_first_event(row, 2, SCHEDULED, held.description(scheduled_at_ms)))
                work.append(held.job(message.id, customer_id, scheduled_at_ms, now_ms=now_ms))
            else:
                kind, own_queue_key = dispatch_to(str(route.carrier)), queue_key(customer_id, str(route.sender))
                work.append(JobRow(message.id, kind, own_queue_key, customer_id, now_ms, now_ms))
            if held_micros:
                holds.append(entries.hold(ledger_id, entries.round_ref(message.id), held_micros))
            if message.active_contact_micros:
                newly_active.append(ActiveContactRow(customer_id, timestamps.month(now_ms), recipient.id, message.id))
            if tells or status != QUEUED:
                announced += _announce(draft, message, row, interest)
    await store.insert_batches(tx, batches)
    await store.insert_messages(tx, rows)
    await store.insert_events(tx, history)
    await jobs.enqueue_keyed(tx, work)
    await store.insert_active_contacts(tx, newly_active)
    await events.emit(tx, announced, interest)
    # Last, because an account's balance is one row: changing it blocks other transactions until the commit.
    await ledger.transfer(tx, holds, now_ms=drafts[0].command.now_ms)
    by_kind: defaultdict[str, list[str]] = defaultdict(list)
    for job in work:
        if job.kind != held.RELEASE:  # not due yet
            by_kind[job.kind].append(job.id)
    return bool(announced), by_kind


async def insert_new_contacts(tx: Tx, drafts: Sequence[DraftRequest]) -> None:
    new: defaultdict[str, dict[str, Recipient]] = defaultdict(dict)
    for draft in drafts:
        for message in draft.messages:
            if message.recipient.is_new:
                new[draft.command.caller.customer_id][message.recipient.id] = message.recipient
    for customer_id, recipients in sorted(new.items()):
        await contacts.insert_new(tx, customer_id, list(recipients.values()), now_ms=drafts[0].command.now_ms)


def batch_of(draft: DraftRequest) -> Batch:
    command, rendered = draft.command, draft.rendered
    return Batch(
        customer_id=command.caller.customer_id,
        id=draft.batch_id,
        template_id=rendered.template_id,
        template_name=rendered.template_name,
        template_category=rendered.template_category,
        ledger_id=command.caller.ledger_id,
        contents_json=dump_contents(rendered.contents),
        plans_json=join_plans([route.json for route in draft.routes]),
        callback_url=command.callback_url,
        created_at_ms=command.now_ms,
        request_json=request.dump(command.request, template_id=rendered.template_id),
    )


def _first_event(row: Message, sequence: int, status: str, description: str) -> MessageEvent:
    """An entry of history before routing, without a channel or price."""
    return MessageEvent(
        row.customer_id, row.id, sequence, status, AUTOMATIC, description, None, None, row.created_at_ms
    )


def why(message: DraftMessage) -> str:
    plan = message.route.plan
    judged_so = "; ".join(f"{judged.channel}: {judged.reason}" for judged in plan.judgements)
    what = plan.detail or judged_so
    return f"{plan.error}: {what}" if plan.error else what


def sentence_of(message: DraftMessage, refusal: Reason) -> str:
    plan = message.route.plan
    judged_so = "; ".join(f"{LABELS[judged.channel]}: {judged.reason}" for judged in plan.judgements)
    return explain(refusal, plan.detail or judged_so)


def _announce(draft: DraftRequest, message: DraftMessage, row: Message, interest: Interest) -> list[Event]:
    command = draft.command
    text = text_of(draft, message)
    statuses = (QUEUED,) if row.status == QUEUED else (QUEUED, row.status)
    scheduled_at_ms = command.request.scheduled_at_ms
    return [
        announce.status_event(
            customer_id=command.caller.customer_id,
            message_id=message.id,
            status=status,
            channel=message.channel or AUTOMATIC,
            phone=message.recipient.phone,
            sender=message.route.sender,
            template_id=draft.rendered.template_id,
            template_name=draft.rendered.template_name,
            text=text,
            callback_url=command.callback_url,
            reason=None if status == QUEUED else row.reason,
            reason_code=None if status == QUEUED else row.reason_code,
            at_ms=command.now_ms,
            scheduled_at_ms=scheduled_at_ms if status == SCHEDULED else None,
            schedule_reason=held.USER_SCHEDULED if status == SCHEDULED else None,
        )
        for status in statuses
        if command.callback_url or interest.wants(command.caller.customer_id, announce.name_of(status))
    ]


def _reply(draft: DraftRequest) -> Reply:
    """Build the response. Above `MAX_WITH_TEXT` recipients it omits the texts, to limit its size."""
    rows: list[tuple[str, str, str | None, str | None, int | None]] = []
    is_text = draft.rendered.is_text
    shows_text = len(draft.command.recipients) <= MAX_WITH_TEXT
    for message in draft.messages:
        legs = message.route.plan.legs
        price = legs[0].price_micros if message.channel and legs else None
        # A text is the same everywhere, so an automatic choice does not show it before there is a channel.
        text = text_of(draft, message) if shows_text and (message.channel or not is_text) else None
        rows.append((message.id, message.recipient.phone, message.channel, text, price))
    rendered, scheduled_at_ms = draft.rendered, draft.command.request.scheduled_at_ms
    return Reply(202, wire.accepted(rendered.template_id, rendered.template_name, rows, scheduled_at_ms))


def text_of(draft: DraftRequest, message: DraftMessage) -> str | None:
    """The text on the requested channel, or else on the first one planned."""
    legs, contents = message.route.plan.legs, draft.rendered.contents
    channel = message.channel or (legs[0].channel if legs else None)
    content = contents.get(channel) if channel else None
    if content is None and draft.rendered.is_text:  # refused
        content = next(iter(contents.values()), None)
    return content.content if content else None


def source_of(asked: Asked, found: Sendable) -> Source | ApiError:
    """The template or the text. RESOURCE_002 for an unknown template."""
    match asked:
        case TextAsked(text=text):
            return TextSource(text)
        case TemplateAsked():
            template = found.pick(id=asked.id, name=asked.name)
            if template is None:
                return ApiError("RESOURCE_002", _unknown_template(asked))
            return TemplateSource(template, asked.parameters)
        case _:
            assert_never(asked)


def _unknown_template(asked: TemplateAsked) -> str:
    """The message names the requested template. `repr` escapes control and direction characters, for terminals."""
    if asked.id is not None:
        return f"Template with id {asked.id} not found"
    return f"Template with name {(asked.name or '')[:80]!r} not found"
