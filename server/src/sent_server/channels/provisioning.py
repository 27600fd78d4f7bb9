"""Sets up the senders of markets: submits them, asks the carrier, and reports each step that receivers wait for.

The job of a market has its id. It is repeated until the sender can send or the account has to change something.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, assert_never, cast

from sent_server import events, jobs
from sent_server.bus import Bus
from sent_server.channels import store
from sent_server.channels.model import Market, MarketState, NumberType
from sent_server.connections import service as connections
from sent_server.connections.model import Sender, SenderKind
from sent_server.db import Tx
from sent_server.events import Event
from sent_server.events.names import CHANNEL_ACTIVATED, CHANNEL_SUBMITTED
from sent_server.jobs import Backoff, External, Job, Kind, Loaded
from sent_server.kernel import timestamps
from sent_server.kernel.channels import RCS, SMS
from sent_server.kernel.clock import Clock
from sent_server.ports.provisioning import (
    OrderApproved,
    OrderPending,
    OrderRefused,
    Provisioner,
    Provisioning,
    Review,
    SenderOrder,
    SenderReady,
)

KIND = "market_setup"
LEASE_MS = 30_000
RETRY_AFTER_MS = 30_000
NOT_READY = "BUSINESS_029"  # contract/reasons.json: the sender is not allowed, or not registered
TAKEN = "Another account uses this number; ask your operator, or order a number of the carrier"


async def submit(tx: Tx, market: Market, *, now_ms: int) -> None:
    """Order the sender of a market that was just submitted, and report it."""
    await jobs.enqueue(tx, [(market.id, KIND, market.customer_id, now_ms, now_ms)])
    await events.emit(tx, [_event(CHANNEL_SUBMITTED, market, now_ms)])


def kind(provisioner: Provisioner, clock: Clock, bus: Bus) -> Kind:
    """The jobs of markets that are being set up. A failed request to the carrier is retried later."""

    async def ask(market: Market) -> Review | Provisioning:
        order = _order(market)
        step = provisioner.review if market.state is MarketState.PENDING_REVIEW else provisioner.provision
        return await step(order, now_ms=clock.now_ms())

    async def record(tx: Tx, loaded: Loaded[Market], answer: Review | Provisioning, now_ms: int) -> jobs.Outcome:
        tx.after_commit(lambda: bus.hint(events.TOPIC))
        return await _record(tx, loaded, answer, now_ms)

    return Kind(KIND, LEASE_MS, External(_load, ask, record), Backoff((RETRY_AFTER_MS,)))


async def _load(tx: Tx, job: Job) -> Loaded[Market] | None:
    market = await store.ordered(tx, job.customer_id, job.id)
    if market is None or market.state not in (MarketState.PENDING_REVIEW, MarketState.PROVISIONING):
        return None
    return Loaded(job, market)


async def _record(tx: Tx, loaded: Loaded[Market], answer: Review | Provisioning, now_ms: int) -> jobs.Outcome:
    market = await store.ordered(tx, loaded.job.customer_id, loaded.job.id)
    asked = loaded.subject
    if market is None or (market.state, market.submitted_at_ms) != (asked.state, asked.submitted_at_ms):
        return jobs.Done()
    match answer:
        case OrderPending(after_ms):
            return jobs.Again(after_ms)
        case OrderApproved():
            await store.update(tx, replace(market, state=MarketState.PROVISIONING, updated_at_ms=now_ms))
            return jobs.Again(0)
        case OrderRefused(reason):
            await _refuse(tx, market, reason, now_ms)
            return jobs.Done()
        case SenderReady():
            return await _activate(tx, market, answer, now_ms)
    assert_never(answer)


async def _activate(tx: Tx, market: Market, ready: SenderReady, now_ms: int) -> jobs.Outcome:
    kind = _kind_of(market, ready.value)
    # Sender ids are names and need not be unique; nobody can answer them.
    if kind is not SenderKind.ALPHANUMERIC and await connections.taken_by_others(
        tx, market.customer_id, ready.connection_id, ready.value
    ):
        if market.sender_value is not None:
            await _refuse(tx, market, TAKEN, now_ms)
            return jobs.Done()
        declined = [*market.details.get("declined", []), ready.value]
        await store.update(tx, replace(market, details={**market.details, "declined": declined}))
        return jobs.Again(0)
    details = {**market.details, **{name: market.details.get(name) or value for name, value in ready.details.items()}}
    active = replace(market, sender_value=ready.value, state=MarketState.ACTIVE, updated_at_ms=now_ms, details=details)
    await store.update(tx, active)
    name = await store.name_of(tx, market.customer_id)
    if market.channel == SMS:
        sender = Sender(
            channel=SMS,
            connection_id=ready.connection_id,
            value=ready.value,
            kind=kind.value,
            business_name=name,
            country=market.country,
            number_type=market.number_type,
            messages_per_second=None,
            is_default=0,
            created_at_ms=now_ms,
        )
        await connections.add(tx, market.customer_id, sender)
    else:
        await store.put(
            tx,
            market.customer_id,
            market.channel,
            carrier=ready.connection_id,
            sender=ready.value,
            business_name=name,
            now_ms=now_ms,
        )
    await events.emit(tx, [_event(CHANNEL_ACTIVATED, active, now_ms)])
    return jobs.Done()


async def _refuse(tx: Tx, market: Market, reason: str, now_ms: int) -> None:
    refused = replace(
        market, state=MarketState.ACTION_NEEDED, reason_code=NOT_READY, reason=reason, updated_at_ms=now_ms
    )
    await store.update(tx, refused)


def _kind_of(market: Market, value: str) -> SenderKind:
    if market.number_type == NumberType.ALPHANUMERIC:
        return SenderKind.ALPHANUMERIC
    if market.number_type == NumberType.SHORT_CODE:
        return SenderKind.SHORT_CODE
    return SenderKind.AGENT if market.channel == RCS and not value.startswith("+") else SenderKind.NUMBER


def _order(market: Market) -> SenderOrder:
    details = market.details
    return SenderOrder(
        customer_id=market.customer_id,
        market_id=market.id,
        channel=market.channel,
        country=market.country,
        number_type=market.number_type,
        sender_value=market.sender_value,
        area_codes=details.get("area_codes") or (),
        facts=dict(_texts(details.get("compliance") or details, "")),
        declined=details.get("declined") or (),
        submitted_at_ms=market.submitted_at_ms,
    )


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield name, value
        case dict():
            for key, inner in cast(Mapping[str, Any], value).items():
                yield from _texts(inner, f"{name}.{key}" if name else key)
        case list():
            for position, inner in enumerate(cast(list[Any], value)):
                yield from _texts(inner, f"{name}.{position}")
        case _:
            return


def _event(name: str, market: Market, now_ms: int) -> Event:
    """Source: contract/openapi-v3.json `WebhookChannelEvent`."""
    payload: dict[str, Any] = {"account_id": market.customer_id, "channel": market.channel, "country": market.country}
    if market.channel == SMS:
        payload["number_type"] = market.number_type
    payload["sender_value"] = market.sender_value
    payload["status"] = market.state.value
    if market.channel == SMS:
        payload["compliance"] = market.compliance
    payload["updated_at"] = timestamps.iso_seconds(now_ms)
    return Event(market.customer_id, name, market.id, payload, now_ms)
