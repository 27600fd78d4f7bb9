"""One process of the product: the parts that `app.py` wires for `sent up`, over the simulation's outside."""

import asyncio
import base64
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import cast

from sent_server.carriers.base import Carrier
from sent_server.carriers.simulator.adapter import Simulator
from sent_server.carriers.simulator.network import PhoneNetwork
from sent_server.carriers.simulator.reach import SimulatedReach
from sent_server.db import Tx
from sent_server.delivery import receipt_store, timeouts
from sent_server.delivery.dispatch import Dispatcher
from sent_server.delivery.engine import BATCH_DELAY_MS
from sent_server.delivery.inbox import DurableInbox
from sent_server.egress import Egress, UrlRules
from sent_server.egress.guard import Guard
from sent_server.errors import ApiError
from sent_server.housekeeping import Housekeeping
from sent_server.http.caller import Caller
from sent_server.http.dialect import V3
from sent_server.http.execute import Executor
from sent_server.http.fields import Mutation, RequestBody, validate
from sent_server.http.idempotency import Idempotency, InFlight
from sent_server.http.reply import Answer, Meta
from sent_server.http.route import Call, Route
from sent_server.jobs import Runner, Worker
from sent_server.kernel import ids
from sent_server.kernel.sealing import Sealer
from sent_server.messages import api as messages_api
from sent_server.messages import release
from sent_server.messages.accept import AcceptMessages
from sent_server.messages.rounds import StartRounds
from sent_server.messages.topics import dispatch_to
from sent_server.messages.wire import SendMessage
from sent_server.pricing import card as rate_cards
from sent_server.webhooks.attempt import Clocks
from sent_server.webhooks.claims import TargetResolver
from sent_server.webhooks.sender import Sender
from simulation.carriers import Exchange, SimulatedCarrier
from simulation.receivers import Receivers
from simulation.scheduler import Process, VirtualLoop
from simulation.storage import ProcessDatabase, Storage
from simulation.transit import Broker, ProcessBus

# A Thursday in May 2026; virtual time counts from here.
START_MS = 1_779_000_000_000
RECEIPT_TIMEOUT_MS = 60_000
# Longer than things go wrong.
LONG_AGO_MS = 600_000
RECEIPTS_KEPT_MS = 7 * 86_400_000
DOC_URL_BASE = "http://localhost/errors"
CALLBACK_SECRET = "whsec_" + base64.b64encode(bytes(24)).decode()
SEALER = Sealer(b"k" * 32, lambda count: bytes(count))
CARD = rate_cards.load()
URLS = UrlRules(Guard(allow_loopback=False), require_https=False)


@dataclass
class NodeClock:
    """A machine's clock: virtual time, and how far this machine is off."""

    loop: VirtualLoop
    skew_ms: int = 0
    # The latest time that anybody was told.
    latest_ms: int = 0

    def now_ms(self) -> int:
        now_ms = START_MS + self.loop.now_ms + self.skew_ms
        self.latest_ms = max(self.latest_ms, now_ms)
        return now_ms

    def monotonic_ms(self) -> int:
        return self.loop.now_ms


@dataclass(frozen=True)
class Outside:
    """What all processes have in common."""

    loop: VirtualLoop
    storage: Storage
    broker: Broker
    exchange: Exchange
    receivers: Receivers


class Node:
    """One incarnation. Make and `start` it inside its own process's context."""

    def __init__(self, process: Process, outside: Outside, *, skew_ms: int, stretch: float) -> None:
        self.process = process
        self.clock = clock = NodeClock(outside.loop, skew_ms)
        process.database = database = ProcessDatabase(outside.storage, process)
        self.bus = bus = ProcessBus(outside.broker, process, stretch)
        self.inbox = DurableInbox(database, clock, bus, SimulatedReach())
        exchange = outside.exchange
        self.carriers: Sequence[Carrier] = [
            SimulatedCarrier(exchange, process, "smpp", takes_idempotency_key=False),
            SimulatedCarrier(exchange, process, "cloud", takes_idempotency_key=True),
            Simulator(PhoneNetwork(database, clock, bus)),
        ]
        self._executor = Executor(database, Idempotency(SEALER, DOC_URL_BASE), InFlight())
        rounds = StartRounds(CARD, SimulatedReach())
        routes = messages_api.routes(AcceptMessages(CARD, bus, SimulatedReach()), rounds, URLS)
        self._routes = {route.name: route for route in routes}
        self._send = self._routes["POST /v3/messages"]
        self._workers: list[Worker | Runner] = []
        for carrier in self.carriers:
            dispatcher = Dispatcher(database, clock, bus, carrier, RECEIPT_TIMEOUT_MS)
            self._workers.append(Worker(dispatch_to(carrier.name), bus, dispatcher.step, batch_delay_ms=BATCH_DELAY_MS))
        self._workers.append(Runner(timeouts.kind(bus), database, clock, bus))
        self._workers.append(Runner(release.kind(rounds, bus), database, clock, bus))
        self._workers.append(Housekeeping(database, clock, bus, [_forget_receipts]).worker)
        self._sender = Sender(
            database=database,
            bus=bus,
            egress=cast(Egress, outside.receivers),  # only `post` is called
            book=TargetResolver(SEALER, _callback_secret),
            clocks=Clocks(clock.now_ms, clock.now_ms, clock.monotonic_ms),
            current_names_only=False,
        )

    async def start(self) -> None:
        for carrier in self.carriers:
            await carrier.start(self.inbox)
        for worker in self._workers:
            worker.start()
        self._sender.start()
        await asyncio.sleep(0)

    async def send(self, caller: Caller, body: dict[str, object], key: str) -> Answer:
        """POST /v3/messages, from the parsed body to the rendered answer. Raises ApiError.

        A send for a later time was made long ago, so that its time comes while things go wrong.
        """
        asked_ago_ms = LONG_AGO_MS if "scheduled_at" in body else 0
        call = Call(caller, ids.new_request_id(), self.clock.now_ms() - asked_ago_ms)
        return await self._run(self._send, call, validate(SendMessage, dict(body)), key)

    async def change(self, caller: Caller, what: str, message_id: str, key: str) -> Answer:
        """POST /v3/messages/{id}/`what`. Raises ApiError."""
        route = self._routes[f"POST /v3/messages/{{id}}/{what}"]
        call = Call(caller, ids.new_request_id(), self.clock.now_ms(), {"id": message_id})
        return await self._run(route, call, validate(Mutation, {}), key)

    async def _run(self, route: Route, call: Call, body: RequestBody, key: str) -> Answer:
        outcome = await self._executor.run(route, call, body, key)
        if isinstance(outcome, ApiError):
            raise outcome
        return V3.answer(outcome, Meta(call.request_id, call.now_ms, route.path), DOC_URL_BASE)


def _forget_receipts(tx: Tx, now_ms: int) -> Awaitable[int]:
    return receipt_store.forget_old(tx, before_ms=now_ms - RECEIPTS_KEPT_MS)


async def _callback_secret(_: Tx, customer_id: str) -> str:
    return CALLBACK_SECRET
