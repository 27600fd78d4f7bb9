"""A world from a seed: several processes, tenants who send, carriers, receivers, and a demon that breaks things.

Everything goes wrong for a while; then all heals, and the world must come to rest. `run` plays it and tells.
"""

import asyncio
import contextlib
import importlib
import os
import random
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

from sent_server.db import StorageUnavailableError
from sent_server.errors import ApiError
from sent_server.http.reply import Answer
from sent_server.kernel import ids
from sent_server.kernel.channels import Channel
from sent_server.webhooks import fan_out
from simulation import checks
from simulation.carriers import CarrierBrokeError, Exchange
from simulation.image import Tenant, image
from simulation.node import START_MS, Node, Outside
from simulation.receivers import Receivers
from simulation.scheduler import OUTSIDE, Process, StuckError, VirtualLoop
from simulation.storage import Storage
from simulation.trace import Trace
from simulation.transit import CARELESS, Broker
from simulation.watch import Watch

# The package has a function of the module's name.
EMIT = importlib.import_module("sent_server.events.emit")
EXPECTED_ERRORS = (StorageUnavailableError, CarrierBrokeError)
CHAOS_S = 20.0
REST_WITHIN_S = 5 * 3600.0
ANSWER_WITHIN_S = 8.0
# Of four seeds, in this one processes freeze often and for long, which is when fences and leases matter.
FREEZING = 3
# Ten times what a world takes at most.
MAX_STEPS = 300_000
TEMPLATES = {
    "otp_code": {"code": "1"},
    "order_confirmation": {"name": "Ada", "order_number": "A", "total": "1"},
    "welcome": {},
}
# The last one takes RCS on the product's own simulated network.
PHONES = ("+12125550170", "+12125550171", "+12125550172", "+12125550173", "+12125550114")
SHARE_OF_TEXTS = 0.3
SHARE_OF_MEDIA = 0.25
SHARE_OF_POOLS = 0.25
CHOICES = (None, None, ["sms"], ["whatsapp"], ["sms", "whatsapp"], ["rcs"])
NEXT_DUE = """
    SELECT MIN(at_ms) FROM (
        SELECT MIN(due_at_ms) AS at_ms FROM jobs
        UNION ALL SELECT MIN(due_at_ms) FROM network_due
        UNION ALL SELECT 0 FROM fan_outs
        UNION ALL SELECT MIN(until_ms) FROM leases WHERE name LIKE 'webhooks/%'
        UNION ALL SELECT MIN(MAX(d.due_at_ms, COALESCE(h.probe_at_ms, 0))) FROM deliveries d
            LEFT JOIN endpoint_health h ON h.customer_id = d.customer_id AND h.endpoint_id = d.endpoint_id
            LEFT JOIN webhooks w ON w.customer_id = d.customer_id AND w.id = d.endpoint_id
            WHERE d.due_at_ms IS NOT NULL AND (d.callback_url IS NOT NULL OR w.disabled_at_ms IS NULL)
    )
"""
OPEN = """
    SELECT (SELECT COUNT(*) FROM jobs) + (SELECT COUNT(*) FROM network_due) + (SELECT COUNT(*) FROM fan_outs)
        + (SELECT COUNT(*) FROM messages WHERE status NOT IN ('DELIVERED', 'READ', 'FAILED', 'RECEIVED',
            'FILTERED', 'BLOCKED', 'CANCELLED'))
        + (SELECT COUNT(*) FROM deliveries d
            LEFT JOIN webhooks w ON w.customer_id = d.customer_id AND w.id = d.endpoint_id
            WHERE d.due_at_ms IS NOT NULL AND (d.callback_url IS NOT NULL OR w.disabled_at_ms IS NULL))
"""

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class EnoughError(Exception):
    """Something is wrong already; what comes after tells nothing more."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `wrong` is empty when all held."""

    seed: int
    wrong: list[str]
    trace: Trace
    steps: int
    virtual_s: float

    def report(self) -> str:
        """What is wrong, the command that plays it again, and the part of the trace that is about it."""
        about = sorted(set(_ID.findall(" ".join(self.wrong))))
        told = [f"seed {self.seed}: {len(self.wrong)} wrong", *(f"  {line}" for line in self.wrong[:20])]
        told.append(f'play it again: make simulate ARGS="--from {self.seed} --seeds 1 --trace"')
        return "\n".join(told + self.trace.tail(about))


class World:
    def __init__(self, seed: int) -> None:
        found = image()
        ids.seed(seed)
        self.seed = seed
        self.tenants = found.tenants
        self.loop = loop = VirtualLoop(seed)
        self.trace = trace = Trace()
        self.storage = Storage(found.content, loop, trace, seed)
        self.broker = Broker(loop, trace, seed)
        self.exchange = Exchange(loop, self.storage, trace, seed)
        self.receivers = Receivers(loop, trace, seed)
        self.outside = Outside(loop, self.storage, self.broker, self.exchange, self.receivers)
        self.watch = Watch(loop, trace, lambda process: self.nodes[process.name.partition(".")[0]].clock.latest_ms)
        self.storage.watchers += [self.watch, lambda *_: self._something_happened()]
        self.accepted: dict[str, list[str]] = {}
        # Who was told what about a cancellation, and whose message was sent again.
        self.cancelled: dict[str, int] = {}
        self.sent_again: set[str] = set()
        self.errors: list[str] = []
        self.nodes: dict[str, Node] = {}
        self.random = random.Random(f"world {seed}")
        self._texts = random.Random(f"texts {seed}")
        self._media = random.Random(f"media {seed}")
        self.chaos = True
        self.senders_left = 0
        self._rest: asyncio.Future[None] = loop.create_future()
        draw = self.random.random
        self.kills_per_step = self.random.choice((0.0, 0.001, 0.003, 0.01))
        self.freezes_per_step = self.random.choice((0.0, 0.0005, 0.002))
        freezing = seed % 4 == FREEZING
        if freezing:
            self.kills_per_step, self.freezes_per_step = 0.0, 0.004
        self.freeze_choices_s = (12.0, 20.0) if freezing else (0.1, 3.0, 14.0, 30.0)
        self.storage.trouble = self.random.choice((0.0, 0.0, 0.01, 0.05))
        self.storage.slow = self.random.choice((0.0, 0.02))
        self.broker.loss = self.random.choice((0.0, 0.1, 0.9))
        self.jumps = draw() < 0.3
        loop.before = self._before
        loop.on_quiet = self._quiet_until
        self.exchange.on_rest = self._something_happened

    # -- processes

    def boot(self, name: str) -> None:
        process = Process(name)
        skew_ms = self.random.randrange(-300, 300) if self.chaos else 0
        stretch = self.random.choice((3.0, 10.0, 30.0))
        node = process.context().run(self._make, process, skew_ms, stretch)
        self.nodes[name.partition(".")[0]] = node
        self.exchange.inboxes = [pair for pair in self.exchange.inboxes if pair[0].alive] + [(process, node.inbox)]
        self.loop.spawn(process, node.start())

    def _make(self, process: Process, skew_ms: int, stretch: float) -> Node:
        return Node(process, self.outside, skew_ms=skew_ms, stretch=stretch)

    def kill(self, process: Process) -> None:
        self.trace.count("process: killed")
        self.trace.note(self.loop.now_ms, process.name, "is killed")
        process.alive = False
        self.broker.leave(process)
        stem, _, number = process.name.partition(".")
        after_s = self.random.choice((0.05, 1.0, 15.0)) * self.random.uniform(0.5, 1.5)
        self._later(after_s, lambda: self.boot(f"{stem}.{int(number) + 1}"))

    def freeze(self, process: Process) -> None:
        self.trace.count("process: frozen")
        self.trace.note(self.loop.now_ms, process.name, "freezes")
        process.frozen = True
        after_s = self.random.choice(self.freeze_choices_s) * self.random.uniform(0.5, 1.5)
        self._later(after_s, lambda: self._thaw(process))

    def _thaw(self, process: Process) -> None:
        if process.frozen:
            self.trace.note(self.loop.now_ms, process.name, "goes on")
            self.loop.thaw(process)

    def _later(self, after_s: float, act: Any) -> None:
        """A timer of the world, whoever is running now."""
        self.loop.call_later(after_s, act, context=OUTSIDE.copy())

    def _before(self, process: Process) -> None:
        if not self.chaos:
            return
        luck = self.random.random()
        if luck < self.kills_per_step:
            self.kill(process)
        elif luck < self.kills_per_step + self.freezes_per_step:
            self.freeze(process)

    # -- time

    def _quiet_until(self, due_s: float) -> float:
        """Skip the polls that would find nothing: every poller has looked since anything last happened."""
        broker, loop = self.broker, self.loop
        if self.errors or self.watch.wrong or self.exchange.wrong or loop.steps > MAX_STEPS:
            raise EnoughError
        first = loop._scheduled[0]
        if first not in broker.resting or self.storage.down:
            return due_s
        for process, seen in broker.resting.values():
            if seen not in (CARELESS, broker.activity) and not process.frozen:
                return due_s
        # The last thing of all may have been the deletion of a row that nobody watches.
        self._look_at_rest()
        other_s = min((h._when for h in loop._scheduled if h not in broker.resting and not h._cancelled), default=None)
        if other_s is None:
            return due_s
        until_s = other_s
        next_ms = self.storage.query(NEXT_DUE)[0][0]
        if next_ms is not None:
            ahead_ms = max(node.clock.skew_ms for node in self.nodes.values())
            until_s = min(until_s, (next_ms - START_MS - ahead_ms) / 1000)
        return max(due_s, until_s)

    def _something_happened(self) -> None:
        self.broker.activity += 1
        self._look_at_rest()

    def _look_at_rest(self) -> None:
        if not self.chaos and not self._rest.done() and self._at_rest():
            self._rest.set_result(None)

    def _at_rest(self) -> bool:
        return not self.senders_left and not self.exchange.under_way and self.storage.query(OPEN)[0][0] == 0

    # -- people

    async def _send(self, number: int) -> None:
        """One tenant's request, repeated with its key until it is answered, as the SDK does."""
        chance = self.random
        await asyncio.sleep(chance.uniform(0, CHAOS_S * 0.7))
        tenant: Tenant = chance.choice(self.tenants)
        name = chance.choice(sorted(TEMPLATES))
        body: dict[str, object] = {
            "to": chance.sample(PHONES, chance.choice((1, 1, 2, 3))),
            "template": {"id": tenant.template_ids[name], "parameters": TEMPLATES[name]},
        }
        if channel := chance.choice(CHOICES):
            body["channel"] = channel
        if self._texts.random() < SHARE_OF_TEXTS:
            del body["template"]
            body["text"] = f"Text {number}"
        if self._media.random() < SHARE_OF_MEDIA:
            body["media_urls"] = ["https://files.example/a.jpg"]
        if self._media.random() < SHARE_OF_POOLS:
            pool = [tenant.second_sender, tenant.sender, "+14155550199"]
            channel = self._media.choice(("sms", "mms"))
            body["channels"] = {channel: [{"from": pool[: self._media.choice((1, 2, 2, 3))]}]}
        later = chance.random() < 0.3
        if later:
            at_ms = START_MS + self.loop.now_ms + chance.randrange(500, 12_000)
            body["scheduled_at"] = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()
        if chance.random() < 0.3:
            body["callback_url"] = f"http://callback-{chance.randrange(2)}/"
        twins = 2 if chance.random() < 0.2 else 1
        await asyncio.gather(*(self._until_answered(tenant, body, f"key-{number}") for _ in range(twins)))
        if chance.random() < 0.3:
            await asyncio.sleep(chance.uniform(0, 10))
            await self._until_answered(tenant, body, f"key-{number}")
        if found := self.accepted[f"key-{number}"]:
            if later and chance.random() < 0.7:
                await asyncio.sleep(chance.uniform(0, 8))
                await self._until_changed(tenant, "cancel", chance.choice(found), f"cancel-{number}")
            if chance.random() < 0.4:
                await asyncio.sleep(chance.uniform(0, 40))
                await self._until_changed(tenant, "resend", chance.choice(found), f"again-{number}")
        self.senders_left -= 1
        self._something_happened()

    async def _until_answered(self, tenant: Tenant, body: dict[str, object], key: str) -> None:
        while True:
            node = self.random.choice(sorted(self.nodes.values(), key=lambda node: node.process.name))
            if node.process.alive:
                asked = self.loop.spawn(node.process, self._ask(node, tenant, body, key))
                await asyncio.wait({asked}, timeout=ANSWER_WITHIN_S)
                if asked.done() and (answer := asked.result()):
                    self._answered(key, answer)
                    return
            self.trace.count("client: repeated")
            await asyncio.sleep(self.random.uniform(0.2, 2.0))

    async def _until_changed(self, tenant: Tenant, what: str, message_id: str, key: str) -> None:
        while True:
            node = self.random.choice(sorted(self.nodes.values(), key=lambda node: node.process.name))
            if node.process.alive:
                asked = self.loop.spawn(node.process, self._change(node, tenant, what, message_id, key))
                await asyncio.wait({asked}, timeout=ANSWER_WITHIN_S)
                if asked.done() and (status := asked.result()):
                    self.trace.count(f"client: {what} {status}")
                    self.trace.note(self.loop.now_ms, "client", f"{what} {message_id} {status}")
                    if what == "cancel":
                        self.cancelled[message_id] = status
                    elif status == 202:
                        self.sent_again.add(message_id)
                    return
            await asyncio.sleep(self.random.uniform(0.2, 2.0))

    async def _change(self, node: Node, tenant: Tenant, what: str, message_id: str, key: str) -> int | None:
        try:
            return (await node.change(tenant.caller, what, message_id, key)).status
        except StorageUnavailableError:
            return None
        except ApiError as refusal:
            if refusal.code not in ("CONFLICT_001", "BUSINESS_006"):
                self.errors.append(f"{key} was refused with {refusal.code}")
            return None if refusal.code == "CONFLICT_001" else refusal.status

    async def _ask(self, node: Node, tenant: Tenant, body: dict[str, object], key: str) -> Answer | None:
        try:
            return await node.send(tenant.caller, body, key)
        except StorageUnavailableError:
            return None
        except ApiError as refusal:
            if refusal.code != "CONFLICT_001":
                self.errors.append(f"{key} was refused with {refusal.code}")
            return None

    def _answered(self, key: str, answer: Answer) -> None:
        found: list[str] = []
        if answer.status == 202:
            found = [message["id"] for message in orjson.loads(answer.body)["data"]["messages"]]
        self.trace.note(self.loop.now_ms, "client", f"{key} {answer.status} {found}")
        self.trace.count(f"client: answered {answer.status}")
        if self.accepted.setdefault(key, found) != found:
            self.errors.append(f"{key} was answered {self.accepted[key]} and then {found}")

    async def _people(self) -> None:
        for text in ("STOP", "START", "hello", "STOP"):
            await asyncio.sleep(self.random.uniform(0, CHAOS_S / 3))
            tenant = self.random.choice(self.tenants)
            self.exchange.says("smpp", self.random.choice(PHONES[:2]), tenant.sender, Channel.SMS, text)
            if self._texts.random() < 0.5:  # opens a window that another world has closed
                phone = self._texts.choice(PHONES[:4])
                self.exchange.says("cloud", phone, tenant.sender, Channel.WHATSAPP, "Good morning")

    # -- the course of things

    async def _outages(self) -> None:
        """Somebody else's bad days."""
        chance = self.random
        while True:
            await asyncio.sleep(chance.uniform(1, 12))
            if not self.chaos:
                return
            match chance.choice(("storage", "receiver", "receiver", "clock", "bus")):
                case "storage":
                    self.trace.count("storage: down")
                    self.storage.down = True
                    self._later(chance.uniform(0.2, 4), lambda: setattr(self.storage, "down", False))
                case "receiver":
                    url = chance.choice(sorted(url for tenant in self.tenants for url in tenant.hooks))
                    self.receivers.away ^= {url}
                case "clock" if self.jumps:
                    self.trace.count("process: clock jumped")
                    node = self.nodes[chance.choice(sorted(self.nodes))]
                    node.clock.skew_ms += chance.randrange(-40_000, 40_000)
                case _:
                    self.broker.loss = chance.choice((0.0, 0.1, 1.0))

    def heal(self) -> None:
        self.chaos = False
        self.storage.down, self.storage.trouble, self.storage.slow, self.broker.loss = False, 0.0, 0.0, 0.0
        self.exchange.faulty = self.receivers.faulty = False
        self.receivers.away.clear()
        for node in self.nodes.values():
            node.clock.skew_ms = 0
            self._thaw(node.process)
        self.trace.note(self.loop.now_ms, "world", "heals")

    async def play(self) -> None:
        for number in range(self.random.choice((2, 3, 3))):
            self.boot(f"p{number}.0")
        self.senders_left = self.random.randrange(5, 12)
        for number in range(self.senders_left):
            self.loop.spawn(None, self._send(number))
        self.loop.spawn(None, self._people())
        self.loop.spawn(None, self._outages())
        await asyncio.sleep(CHAOS_S * self.random.uniform(0.7, 1.5))
        self.heal()
        self._something_happened()
        await asyncio.wait({self._rest}, timeout=REST_WITHIN_S)
        # Whoever still has something to say says it now.
        await asyncio.sleep(120)

    def finish(self) -> Outcome:
        wrong = [*self.errors, *self.watch.wrong, *self.exchange.wrong]
        wrong += [f"a callback raised: {told}" for told in self.loop.errors]
        wrong += [f"a task died: {error!r}" for error in self.loop.failures()]
        if not wrong and not self._rest.done():
            wrong.append("the world did not come to rest")
        if not wrong:
            wrong += checks.all_wrong(self)
        return Outcome(self.seed, wrong, self.trace, self.loop.steps, self.loop.time())


@contextlib.contextmanager
def _small_portions(seed: int) -> Iterator[None]:
    """In a third of the worlds almost every fan-out is a large one, and a portion is a delivery or two."""
    limits = (EMIT, "WRITTEN_AT_ONCE", 2), (fan_out, "WRITTEN_AT_ONCE", 1 + seed % 2)
    before = [getattr(module, name) for module, name, _ in limits]
    if seed % 3 == 0:
        for module, name, limit in limits:
            setattr(module, name, limit)
    try:
        yield
    finally:
        for (module, name, _), value in zip(limits, before, strict=True):
            setattr(module, name, value)


def run(seed: int, kind: type[World] | None = None) -> Outcome:
    world = (kind or World)(seed)
    try:
        with _logged_errors(world), _small_portions(seed):
            try:
                world.loop.run_until_complete(world.play())
            except (EnoughError, StuckError) as end:
                world.trace.note(world.loop.now_ms, "world", f"ends with {type(end).__name__}")
        return world.finish()
    finally:
        world.broker.ends.clear()
        world.loop.discard_rest()
        world.loop.close()
        world.storage.connection.close()
        # Whatever runs in this process next gets ids that nobody can have seen.
        ids.seed(int.from_bytes(os.urandom(32)))


@contextlib.contextmanager
def _logged_errors(world: World) -> Iterator[None]:
    """An exception that the product only logs is still a finding, unless we caused it."""

    def hear(_: object, method: str, event: dict[str, Any]) -> dict[str, Any]:
        error = sys.exc_info()[1]
        if method == "exception" and not isinstance(error, EXPECTED_ERRORS):
            world.errors.append(f"{event['event']}: {error!r}")
        world.trace.count(f"log: {event['event']}")
        raise structlog.DropEvent

    processors = structlog.get_config()["processors"]
    before = processors.copy()
    processors[:] = [hear]
    try:
        yield
    finally:
        processors[:] = before
