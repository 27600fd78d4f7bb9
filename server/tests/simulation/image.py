"""The database that every run begins with: schema, two customers with money, channels, templates and webhooks."""

import functools
from dataclasses import dataclass

import apsw

from sent_server.accounts import store as accounts
from sent_server.accounts.model import Account
from sent_server.carriers.base import Inbound
from sent_server.carriers.simulator.reach import SimulatedReach
from sent_server.channels import service as channels
from sent_server.db import Tx, migrate, statements
from sent_server.db.sqlite import SqliteTx, run_unsuspended
from sent_server.delivery import inbound
from sent_server.events import filters, subscribe
from sent_server.http.caller import Caller, Role, Tier
from sent_server.kernel import ids
from sent_server.kernel.channels import Channel
from sent_server.ledger import service as ledger
from sent_server.messages.window import OPEN_FOR_MS
from sent_server.templates import seeds
from sent_server.webhooks import store as webhooks
from sent_server.webhooks.model import EndpointHealth, Webhook
from sent_server.webhooks.signing import SignatureMode
from simulation.node import SEALER, START_MS

CUSTOMERS = 2
MONEY_MICROS = 5_000_000
CHANNELS = (("sms", "smpp"), ("whatsapp", "cloud"), ("rcs", "simulator"))
# (retries, seconds to answer, events)
# Wrote a day before, so that their windows close while the world is in trouble.
PHONES_THAT_WROTE = ("+12125550170", "+12125550171", "+12125550172")
CLOSES_AFTER_MS = 4_000
SECOND_SENDER = """
    INSERT INTO senders (customer_id, channel, connection_id, value, kind, state, is_default, created_at_ms)
    VALUES (:customer_id, 'sms', 'smpp', :value, 'number', 'active', 0, :created_at_ms)
"""
HOOKS = ((3, 5, "messages"), (5, 10, "message.delivered"))


@dataclass(frozen=True)
class Tenant:
    caller: Caller
    template_ids: dict[str, str]
    sender: str
    second_sender: str
    hooks: dict[str, str]


@dataclass(frozen=True)
class Image:
    content: bytes
    tenants: tuple[Tenant, ...]


@functools.cache
def image() -> Image:
    """Made once per process, and the same in every process."""
    ids.seed(0)
    connection = apsw.Connection(":memory:")
    for migration in migrate.known():
        connection.execute(statements.for_sqlite_schema(migration.sql)).fetchall()
    tenants = tuple(run_unsuspended(_tenant(SqliteTx(connection), number)) for number in range(CUSTOMERS))
    return Image(connection.serialize("main"), tenants)


async def _tenant(tx: Tx, number: int) -> Tenant:
    customer_id, sender = ids.new_id(START_MS), f"+1500555100{number}"
    account = Account(
        customer_id, "user", customer_id, f"Customer {number}", None, None, None, None, "ACTIVE", None, None, None,
        "unlimited", None, START_MS,
    )  # fmt: skip
    await accounts.insert(tx, account, callback_secret_sealed=SEALER.seal("unused", row_id=customer_id))
    await ledger.open_ledger(tx, customer_id)
    await ledger.top_up(tx, customer_id, MONEY_MICROS, ref="first", now_ms=START_MS)
    for channel, carrier in CHANNELS:
        await channels.configure(tx, customer_id, channel, carrier=carrier, sender=sender, now_ms=START_MS)
    await accounts.set_mms(tx, customer_id, enabled=True)
    second = f"+1212555200{number}"
    await tx.execute(SECOND_SENDER, customer_id=customer_id, value=second, created_at_ms=START_MS)
    hooks = {f"http://hook-{number}-{place}/": await _hook(tx, customer_id, number, place) for place in range(2)}
    for place, phone in enumerate(PHONES_THAT_WROTE):
        wrote_at_ms = START_MS - OPEN_FOR_MS + (place + 1) * CLOSES_AFTER_MS
        said = Inbound(f"before-{number}-{place}", Channel.WHATSAPP, phone, sender, "Hello")
        await inbound.take(tx, "cloud", [said], reach=SimulatedReach(), now_ms=wrote_at_ms)
    caller = Caller(customer_id, customer_id, customer_id, "key", Role.ADMIN, Tier.UNLIMITED, None, None)
    return Tenant(caller, await seeds.create_ready(tx, customer_id, START_MS), sender, second, hooks)


async def _hook(tx: Tx, customer_id: str, number: int, place: int) -> str:
    retries, seconds, wanted = HOOKS[place]
    webhook_id = ids.new_id(START_MS)
    url = f"http://hook-{number}-{place}/"
    sealed = SEALER.seal("whsec_" + "A" * 32, row_id=webhook_id)
    webhook = Webhook(
        customer_id, webhook_id, "Hook", url, (wanted,), retries, seconds, SignatureMode.V1, sealed, None, None,
        START_MS, None,
    )  # fmt: skip
    await webhooks.insert(tx, webhook)
    await webhooks.put_health(tx, {(customer_id, webhook_id): EndpointHealth()})
    await subscribe(tx, customer_id, webhook_id, filters.expand([wanted]))
    return webhook_id
