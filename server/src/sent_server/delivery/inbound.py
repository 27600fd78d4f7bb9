"""Messages from people: stores them as RECEIVED, emits events and applies consent keywords."""

from collections.abc import Sequence
from dataclasses import replace

from sent_server import events, jobs
from sent_server.accounts import sharing
from sent_server.carriers import limits
from sent_server.carriers.base import Inbound, MessageContent
from sent_server.compliance import service as compliance
from sent_server.connections import service as connections
from sent_server.contacts import service as contacts
from sent_server.contacts.service import Recipient
from sent_server.db import Tx
from sent_server.delivery import keywords, receipt_store
from sent_server.delivery.keywords import Keyword, KeywordMatch, KeywordSet
from sent_server.events.names import CUSTOM_KEYWORD
from sent_server.jobs import JobRow
from sent_server.kernel import ids
from sent_server.kernel.channels import Channel
from sent_server.messages import announce, store
from sent_server.messages.model import (
    AUTOMATIC,
    Batch,
    Message,
    MessageEvent,
    PlannedLeg,
    StoredPlan,
    dump_contents,
    dump_plan,
    join_plans,
    queue_key,
)
from sent_server.messages.statuses import QUEUED, RECEIVED
from sent_server.messages.topics import dispatch_to
from sent_server.ports.reach import Reach


async def take(
    tx: Tx,
    carrier: str,
    messages: Sequence[Inbound],
    *,
    reach: Reach,
    now_ms: int,
    sms_max_segments: int = limits.SMS_SEGMENTS,
) -> set[str]:
    """Process each message once, even if the carrier repeats it. Returns the topics to hint."""
    hints: set[str] = set()
    for message in messages:
        if not await receipt_store.insert_inbound(tx, carrier, message.event_id, message.phone, now_ms=now_ms):
            continue
        customer_id = await connections.owner_of_sender(tx, carrier, message.channel, message.sender)
        if customer_id is not None:
            hints |= await _take_one(tx, customer_id, carrier, message, reach, now_ms, sms_max_segments)
    return hints


async def _take_one(
    tx: Tx, customer_id: str, carrier: str, message: Inbound, reach: Reach, now_ms: int, sms_max_segments: int
) -> set[str]:
    scope = await sharing.scope_of(tx, customer_id)
    found = await contacts.for_sending(tx, customer_id, [message.phone], reach=reach, scope=scope, now_ms=now_ms)
    recipient = found[message.phone]
    if recipient.is_new:
        await contacts.insert_new(tx, customer_id, [recipient], now_ms=now_ms)
    # Consent changes before the event is emitted, so that a receiver's immediate reply is refused after a STOP.
    found_keyword = await _find_keyword(tx, customer_id, message, sms_max_segments)
    keyword = found_keyword and found_keyword.keyword
    was_opted_out = keyword is not None and await contacts.opted_out_here(tx, customer_id, message.phone)
    if keyword is Keyword.STOP:
        await contacts.opt_out(tx, customer_id, message.phone, source="keyword", now_ms=now_ms)
    elif keyword is Keyword.START:
        await contacts.opt_in(tx, customer_id, message.phone)
    is_opted_out = found_keyword is not None and bool(await contacts.opted_out(tx, customer_id, [message.phone]))
    await _keep(tx, customer_id, carrier, message, recipient, found_keyword, now_ms, is_opted_out=is_opted_out)
    if found_keyword is None or (keyword is Keyword.STOP and was_opted_out):  # only the first STOP is confirmed
        return set()
    reply = found_keyword.reply_after(opted_out=was_opted_out)
    if keyword is Keyword.START and is_opted_out:
        reply = keywords.STILL_UNSUBSCRIBED  # even over a campaign's reply: the organization's opt-out still applies
    return await _reply(tx, customer_id, carrier, message, recipient, reply, now_ms)


async def _find_keyword(tx: Tx, customer_id: str, message: Inbound, sms_max_segments: int) -> KeywordMatch | None:
    word = keywords.word_of(message.text)
    if word is None:
        return None

    def fitting(reply: str | None) -> str | None:
        """Replace a campaign's reply that is too long for the channel by the standard one."""
        return None if reply and limits.text_problem(message.channel, reply, sms_max_segments) else reply

    sets: list[KeywordSet] = []
    for texts in await compliance.campaign_texts(tx, customer_id):
        sets += [
            KeywordSet(Keyword.STOP, texts.optout_keywords, fitting(texts.optout_message)),
            KeywordSet(Keyword.START, texts.optin_keywords, fitting(texts.optin_message)),
            KeywordSet(Keyword.HELP, texts.help_keywords, fitting(texts.help_message)),
        ]
    return keywords.match(word, sets)


async def _keep(
    tx: Tx,
    customer_id: str,
    carrier: str,
    message: Inbound,
    recipient: Recipient,
    found_keyword: KeywordMatch | None,
    now_ms: int,
    *,
    is_opted_out: bool,
) -> None:
    message_id = await _insert(
        tx,
        customer_id,
        message,
        recipient,
        text=message.text,
        status=RECEIVED,
        plan=StoredPlan(()),
        now_ms=now_ms,
        sender=message.sender,
        carrier_ref=message.ref or message.event_id,
        reply_to=await _answered(tx, customer_id, carrier, message),
    )
    received = announce.received_event(
        customer_id=customer_id,
        message_id=message_id,
        channel=message.channel,
        phone=message.phone,
        sender=message.sender,
        text=message.text,
        media=message.media,
        carrier=carrier,
        at_ms=now_ms,
    )
    announced = [received]
    if found_keyword is not None:
        announced += [
            announce.consent_event(
                customer_id=customer_id,
                name=name,
                contact_id=recipient.id,
                message_id=message_id,
                channel=message.channel,
                phone=message.phone,
                sender=message.sender,
                opted_out=is_opted_out,
                text=message.text,
                keyword=found_keyword.word.upper(),
                at_ms=now_ms,
            )
            for name in (found_keyword.keyword.event_name, *([CUSTOM_KEYWORD] if found_keyword.is_custom else ()))
        ]
    await events.emit(tx, announced)


async def _answered(tx: Tx, customer_id: str, carrier: str, message: Inbound) -> str | None:
    """The id of our message that the person answered. None if the carrier does not say so, or it is not ours."""
    if message.reply_to is None:
        return None
    found = (await receipt_store.find_refs(tx, carrier, [message.reply_to])).get(message.reply_to)
    return found.message_id if found and found.customer_id == customer_id else None


async def _reply(
    tx: Tx, customer_id: str, carrier: str, message: Inbound, recipient: Recipient, text: str, now_ms: int
) -> set[str]:
    """Queue our reply to a keyword, by SMS after an MMS. It is free of charge and is sent regardless of consent."""
    message = replace(message, channel=Channel.SMS if message.channel is Channel.MMS else message.channel, media=())
    plan = StoredPlan((PlannedLeg(message.channel, 0, carrier, message.sender),), is_system=True)
    message_id = await _insert(tx, customer_id, message, recipient, text=text, status=QUEUED, plan=plan, now_ms=now_ms)
    own_queue_key = queue_key(customer_id, message.sender)
    job = JobRow(message_id, dispatch_to(carrier), own_queue_key, customer_id, now_ms, now_ms)
    await jobs.enqueue_keyed(tx, [job])
    return {dispatch_to(carrier)}


async def _insert(
    tx: Tx,
    customer_id: str,
    message: Inbound,
    recipient: Recipient,
    *,
    text: str,
    status: str,
    plan: StoredPlan,
    now_ms: int,
    sender: str | None = None,
    carrier_ref: str | None = None,
    reply_to: str | None = None,
) -> str:
    batch_id, message_id = ids.new_id(now_ms), ids.new_id(now_ms)
    channel = message.channel.value
    contents = dump_contents({channel: MessageContent(text, media=message.media)})
    batch = Batch(
        customer_id=customer_id,
        id=batch_id,
        template_id=None,
        template_name=None,
        template_category=None,
        ledger_id=customer_id,
        contents_json=contents,
        plans_json=join_plans([dump_plan(plan)]),
        callback_url=None,
        created_at_ms=now_ms,
    )
    await store.insert_batches(tx, [batch])
    row = Message(
        customer_id=customer_id,
        id=message_id,
        batch_id=batch_id,
        contact_id=recipient.id,
        phone=recipient.phone,
        region_code=recipient.region_code,
        status=status,
        channel=channel,
        leg=0,
        legs=len(plan.legs),
        plan_number=0,
        held_micros=0,
        settled_at_ms=None,
        price_micros=None,
        active_contact_price_micros=None,
        last_sequence=1,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
        sender=sender,
        carrier_ref=carrier_ref,
        reply_to=reply_to,
    )
    await store.insert_messages(tx, [row])
    description = "Message received" if status == RECEIVED else "Automatic reply queued"
    event = MessageEvent(customer_id, message_id, 1, status, channel or AUTOMATIC, description, None, None, now_ms)
    await store.insert_events(tx, [event])
    return message_id
