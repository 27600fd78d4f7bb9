"""The simulated carrier over real databases: what is durable, what is told, and how often."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sent_server.bus import LocalBus
from sent_server.carriers.base import (
    Accepted,
    Channel,
    Inbound,
    Later,
    MessageContent,
    Receipt,
    ReceiptKind,
    Rejected,
    Submission,
    SubmitOutcome,
    Unknown,
)
from sent_server.carriers.simulator import handsets, retention, scheduled_store, store
from sent_server.carriers.simulator.adapter import NAME, Simulator
from sent_server.carriers.simulator.behaviour import PER_MILLION, Fault, FaultKind
from sent_server.carriers.simulator.model import DialledFault, HandsetMessage
from sent_server.carriers.simulator.network import LEASE_MS, PhoneNetwork
from sent_server.db import Database, migrate, open_database, virtual_clock
from sent_server.kernel.clock import FixedClock, SystemClock
from sent_server.kernel.paging import Page

T = TypeVar("T")
NOW_MS = 1_700_000_000_000
SENDER = "+15550000001"


@dataclass
class Inbox:
    """Keeps what it is handed; `broken` makes it refuse, as a database that is down would."""

    seen: list[Receipt] = field(default_factory=list)
    heard: list[Inbound] = field(default_factory=list)
    broken: bool = False

    async def receipts(self, carrier: str, receipts: Sequence[Receipt]) -> None:
        assert carrier == NAME
        self._check()
        self.seen += receipts

    async def inbound(self, carrier: str, messages: Sequence[Inbound]) -> None:
        self._check()
        self.heard += messages

    def _check(self) -> None:
        if self.broken:
            raise RuntimeError("planned")

    @property
    def told(self) -> list[tuple[str, ReceiptKind]]:
        return [(receipt.ref, receipt.kind) for receipt in self.seen]


@dataclass
class World:
    database: Database
    clock: FixedClock
    network: PhoneNetwork
    carrier: Simulator
    inbox: Inbox

    async def submit(self, submissions: Sequence[Submission]) -> list[SubmitOutcome]:
        """All at once, as the engine does."""
        return await asyncio.gather(*(self.carrier.submit(one) for one in submissions))

    async def tell(self, *, after_ms: int = 2_000) -> None:
        """Let time pass and everything due be told."""
        self.clock.advance(after_ms)
        while await self.network.step(NAME, self.inbox):
            pass

    async def messages(self, customer_id: str, phone: str) -> list[HandsetMessage]:
        found, _ = await self.database.read(
            lambda tx: handsets.list_messages(tx, customer_id, phone, Page(), now_ms=self.clock.now_ms())
        )
        return found


def run(url: str, fn: Callable[[World], Awaitable[T]]) -> T:
    async def main() -> T:
        database = await open_database(url)
        try:
            await migrate.apply(database)
            clock = FixedClock(NOW_MS)
            network = PhoneNetwork(database, clock, LocalBus())
            return await fn(World(database, clock, network, Simulator(network), Inbox()))
        finally:
            await database.close()

    return asyncio.run(main())


def submission(
    phone: str,
    attempt_id: str = "m1-0-1",
    *,
    channel: Channel = Channel.SMS,
    customer_id: str = "c1",
    content: MessageContent | None = None,
) -> Submission:
    message_id = attempt_id.partition("-")[0]
    return Submission(attempt_id, customer_id, message_id, channel, SENDER, phone, content or MessageContent("Hello"))


def test_an_ordinary_message_reaches_the_handset_and_is_told_delivered(database_url: str) -> None:
    async def act(world: World) -> None:
        assert await world.submit([submission("+4915112345678")]) == [Accepted("m1-0-1")]
        await world.tell(after_ms=0)
        assert world.inbox.told == []
        await world.tell(after_ms=999)
        assert world.inbox.told == [("m1-0-1", ReceiptKind.DELIVERED)]
        (message,) = await world.messages("c1", "+4915112345678")
        assert (message.text, message.sender, message.message_id, message.channel) == ("Hello", SENDER, "m1", "sms")
        assert message.state(world.clock.now_ms()) == "delivered"

    run(database_url, act)


def test_outcomes_come_in_the_order_of_the_submissions_whoever_they_belong_to(database_url: str) -> None:
    async def act(world: World) -> None:
        outcomes = await world.submit([
            submission("+14155550103", "m1-0-1", customer_id="c2"),
            submission("+14155551234", "m2-0-1", customer_id="c1"),
            submission("+14155550111", "m3-0-1", customer_id="c2"),
            submission("+14155550110", "m4-0-1", customer_id="c1"),
            submission("+14155550112", "m5-0-1", customer_id="c2"),
        ])  # fmt: skip
        assert [type(outcome) for outcome in outcomes] == [Rejected, Accepted, Later, Unknown, Rejected]

    run(database_url, act)


def test_the_same_attempt_twice_is_answered_alike_and_arrives_once(database_url: str) -> None:
    async def act(world: World) -> None:
        first = await world.submit([submission("+14155551234")])
        world.clock.advance(50)
        assert await world.submit([submission("+14155551234"), submission("+14155551234")]) == first * 2
        await world.tell()
        (message,) = await world.messages("c1", "+14155551234")
        assert message.duplicates == 2
        assert world.inbox.told == [("m1-0-1", ReceiptKind.DELIVERED)]

    run(database_url, act)


def test_the_same_attempt_twice_in_one_batch_arrives_once(database_url: str) -> None:
    async def act(world: World) -> None:
        outcomes = await world.submit([submission("+14155551234"), submission("+14155551234")])
        assert outcomes == [Accepted("m1-0-1")] * 2
        await world.tell()
        assert len(world.inbox.seen) == 1

    run(database_url, act)


def test_no_answer_on_the_first_channel_but_the_fallback_delivers(database_url: str) -> None:
    async def act(world: World) -> None:
        await world.submit([submission("+14155550102", "m1-0-1", channel=Channel.WHATSAPP)])
        await world.tell(after_ms=20_000)
        assert world.inbox.told == []
        await world.submit([submission("+14155550102", "m1-1-1", channel=Channel.SMS)])
        await world.tell()
        assert world.inbox.told == [("m1-1-1", ReceiptKind.DELIVERED)]

    run(database_url, act)


def test_an_error_or_a_busy_carrier_is_well_at_the_next_attempt(database_url: str) -> None:
    async def act(world: World) -> None:
        for phone, refusal in (("+14155550110", Unknown), ("+14155550111", Later)):
            message_id = phone[-2:]
            (first,) = await world.submit([submission(phone, f"{message_id}-0-1")])
            assert isinstance(first, refusal)
            again = await world.submit([submission(phone, f"{message_id}-0-2")])
            assert again == [Accepted(f"{message_id}-0-2")]
            (other,) = await world.submit([submission(phone, f"{message_id}other-0-1")])
            assert isinstance(other, refusal), "each message meets the error anew"

    run(database_url, act)


def test_an_error_is_well_when_the_very_same_attempt_is_asked_again(database_url: str) -> None:
    async def act(world: World) -> None:
        await world.submit([submission("+14155550110")])
        assert await world.submit([submission("+14155550110")]) == [Accepted("m1-0-1")]

    run(database_url, act)


def test_repeated_receipts_keep_their_event_id(database_url: str) -> None:
    async def act(world: World) -> None:
        await world.submit([submission("+14155550107")])
        await world.tell()
        assert [receipt.event_id for receipt in world.inbox.seen] == ["m1-0-1.0", "m1-0-1.0", "m1-0-1.1"]

    run(database_url, act)


def test_a_receipt_is_told_again_until_the_inbox_has_it(database_url: str) -> None:
    async def act(world: World) -> None:
        await world.submit([submission("+14155551234"), submission("+14155550109", "m2-0-1")])
        world.clock.advance(5_000)
        world.inbox.broken = True
        for _ in range(2):
            try:
                await world.network.step(NAME, world.inbox)
            except RuntimeError:
                pass
        world.inbox.broken = False
        await world.tell(after_ms=0)
        assert sorted(world.inbox.told) == [("m1-0-1", ReceiptKind.DELIVERED), ("m2-0-1", ReceiptKind.DELIVERED)]
        assert [message.text for message in world.inbox.heard] == ["Hello"]

    run(database_url, act)


def test_receipts_survive_the_process_that_took_the_message(database_url: str) -> None:
    async def first(world: World) -> None:
        await world.submit([submission("+14155551234")])

    async def second(world: World) -> None:
        await world.tell()
        assert world.inbox.told == [("m1-0-1", ReceiptKind.DELIVERED)]

    run(database_url, first)
    run(database_url, second)


def test_while_one_process_tells_another_one_keeps_quiet_until_the_lease_ends(database_url: str) -> None:
    async def act(world: World) -> None:
        other, heard = PhoneNetwork(world.database, world.clock, LocalBus()), Inbox()
        await world.submit([submission("+14155551234")])
        await world.tell()
        await world.submit([submission("+14155551234", "m2-0-1")])
        world.clock.advance(1_000)
        assert await other.step(NAME, heard) is False
        world.clock.advance(LEASE_MS)
        assert await other.step(NAME, heard) is True
        assert heard.told == [("m2-0-1", ReceiptKind.DELIVERED)]

    run(database_url, act)


def test_replies_come_from_the_handset_to_our_number_and_are_shown_there(database_url: str) -> None:
    async def act(world: World) -> None:
        await world.submit([
            submission("+14155550108", "m1-0-1"),
            submission("+14155550109", "m2-0-1", channel=Channel.WHATSAPP, content=MessageContent("Ping")),
        ])  # fmt: skip
        assert len(await world.messages("c1", "+14155550108")) == 1, "the reply is not there before its time"
        await world.tell()
        assert world.inbox.heard == [
            Inbound("m1-0-1.reply", Channel.SMS, "+14155550108", SENDER, "STOP"),
            Inbound("m2-0-1.reply", Channel.WHATSAPP, "+14155550109", SENDER, "Ping"),
        ]
        said, received = await world.messages("c1", "+14155550108")
        assert (said.direction, said.text, received.direction) == ("from_phone", "STOP", "to_phone")

    run(database_url, act)


def test_the_confirmation_of_a_stop_is_not_answered_with_another_stop(database_url: str) -> None:
    async def act(world: World) -> None:
        await world.submit([submission("+14155550108", "m1-0-1")])
        world.clock.advance(1_500)
        await world.submit([submission("+14155550108", "m2-0-1")])
        await world.tell()
        assert [message.text for message in world.inbox.heard] == ["STOP"]

    run(database_url, act)


def test_handsets_set_by_hand_decide_what_they_take(database_url: str) -> None:
    async def act(world: World) -> None:
        phone = "+4915112345678"

        wanted = {"rcs": True, "sms": False, "whatsapp": None}
        await world.database.write(lambda tx: handsets.set_capabilities(tx, "c1", phone, wanted, now_ms=NOW_MS))
        mine = await world.database.read(lambda tx: handsets.capabilities(tx, "c1", [phone, "+14155550112"]))
        theirs = await world.database.read(lambda tx: handsets.capabilities(tx, "c2", [phone]))
        assert mine == {phone: {"rcs", "whatsapp"}, "+14155550112": {"whatsapp"}}
        assert theirs == {phone: {"sms", "whatsapp"}}
        outcomes = await world.submit([
            submission(phone, "m1-0-1", channel=Channel.SMS),
            submission(phone, "m2-0-1", channel=Channel.RCS),
            submission(phone, "m3-0-1", channel=Channel.RCS, customer_id="c2"),
        ])  # fmt: skip
        assert [type(outcome) for outcome in outcomes] == [Rejected, Accepted, Rejected]

    run(database_url, act)


def test_a_lost_answer_is_made_good_by_asking_again(database_url: str) -> None:
    async def act(world: World) -> None:
        dial = [DialledFault("sms", Fault(FaultKind.UNKNOWN, "E1", PER_MILLION))]
        await world.database.write(lambda tx: handsets.set_faults(tx, "c1", dial))
        (lost, other_tenant, other_channel) = await world.submit([
            submission("+14155551234"),
            submission("+14155551234", "m2-0-1", customer_id="c2"),
            submission("+14155551234", "m3-0-1", channel=Channel.WHATSAPP),
        ])  # fmt: skip
        assert isinstance(lost, Unknown)
        assert (other_tenant, other_channel) == (Accepted("m2-0-1"), Accepted("m3-0-1"))
        assert await world.submit([submission("+14155551234")]) == [Accepted("m1-0-1")]
        await world.tell()
        assert world.inbox.told.count(("m1-0-1", ReceiptKind.DELIVERED)) == 1

    run(database_url, act)


def test_a_reset_forgets_the_own_handsets_only(database_url: str) -> None:
    async def act(world: World) -> None:
        for customer_id in ("c1", "c2"):
            await world.submit([submission("+14155550109", f"{customer_id}m-0-1", customer_id=customer_id)])
        assert await world.database.write(lambda tx: handsets.reset(tx, "c1")) == (0, 2, 0)
        await world.tell()
        assert await world.messages("c1", "+14155550109") == []
        assert len(await world.messages("c2", "+14155550109")) == 2
        assert len(world.inbox.seen) == 2, "receipts on their way still arrive"
        assert len(world.inbox.heard) == 1, "what a forgotten handset was about to say is not said"

    run(database_url, act)


def test_handsets_are_listed_with_the_last_used_first(database_url: str) -> None:
    async def act(world: World) -> None:
        for number in range(3):
            await world.submit([submission(f"+1415555123{number}", f"m{number}-0-1")])
            world.clock.advance(10)
        await world.database.write(
            lambda tx: handsets.set_capabilities(tx, "c1", "+14155550114", {"sms": False}, now_ms=NOW_MS)
        )
        first, total = await world.database.read(
            lambda tx: handsets.list_handsets(tx, "c1", Page(1, 2), now_ms=world.clock.now_ms())
        )
        assert [handset.phone for handset in first] == ["+14155551232", "+14155551231", "+14155551230"]
        assert total == 4
        second, _ = await world.database.read(
            lambda tx: handsets.list_handsets(tx, "c1", Page(2, 2), now_ms=world.clock.now_ms())
        )
        assert [(handset.phone, handset.messages, sorted(handset.channels)) for handset in second] == [
            ("+14155551230", 1, ["sms", "whatsapp"]),
            ("+14155550114", 0, ["rcs", "whatsapp"]),
        ]

    run(database_url, act)


def test_the_oldest_messages_of_a_busy_tenant_are_forgotten(database_url: str) -> None:
    async def act(world: World) -> None:
        await world.submit([submission("+14155551234", f"m{n:03d}-0-1") for n in range(30)])
        await world.submit([submission("+14155551234", "other-0-1", customer_id="c2")])
        for customer_id in await world.database.read(store.customers):
            await retention.trim(world.database, customer_id, kept=20)
        kept = {m.id for page in (1, 2) for m in await _page(world, page)}
        assert kept == {f"m{n:03d}-0-1" for n in range(10, 30)}
        assert len(await world.messages("c2", "+14155551234")) == 1
        await retention.step(world.database, now_ms=NOW_MS)

    async def _page(world: World, number: int) -> list[HandsetMessage]:
        found, _ = await world.database.read(
            lambda tx: handsets.list_messages(tx, "c1", "+14155551234", Page(number, 10), now_ms=NOW_MS)
        )
        return found[:10]

    run(database_url, act)


def test_the_clock_moves_for_every_process_and_only_forward(database_url: str) -> None:
    async def act(world: World) -> None:
        here, there = SystemClock(), SystemClock()
        assert await world.database.write(lambda tx: virtual_clock.advance(tx, 1_000)) == 1_000
        assert await world.database.write(lambda tx: virtual_clock.advance(tx, 2_500)) == 3_500
        await world.database.read(lambda tx: virtual_clock.catch_up(tx, there))
        virtual_clock.follow(here, 9_000)
        await world.database.read(lambda tx: virtual_clock.catch_up(tx, here))
        assert (there.offset_ms, here.offset_ms) == (3_500, 9_000)

    run(database_url, act)


def test_nothing_is_left_to_tell_once_it_was_told(database_url: str) -> None:
    async def act(world: World) -> None:
        await world.submit([submission(f"+141555501{n:02d}", f"m{n}-0-1") for n in range(15)])
        await world.tell(after_ms=60_000)
        assert await world.database.read(lambda tx: scheduled_store.fetch(tx, now_ms=2**60, count=10)) == []

    run(database_url, act)
