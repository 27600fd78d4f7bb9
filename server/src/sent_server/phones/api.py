"""The routes of /sim: view handsets, reply from them, set faults and move the clock. Only for simulated carriers."""

from collections.abc import Sequence

from sent_server.accounts import service as accounts
from sent_server.bus import Bus
from sent_server.carriers.base import ReceiptKind
from sent_server.carriers.simulator import handsets
from sent_server.carriers.simulator.network import TOPIC
from sent_server.contacts import service as contacts
from sent_server.db import Tx, keyset, virtual_clock
from sent_server.errors import ApiError
from sent_server.http import query, route
from sent_server.http.fields import Mutation
from sent_server.http.reply import Reply
from sent_server.http.route import Access, Call, Options, Route
from sent_server.kernel import paging, phone
from sent_server.kernel.clock import SystemClock
from sent_server.kernel.values import value_object
from sent_server.phones import replies, wire
from sent_server.ports.reach import Reach

PHONE = frozenset({"phone"})
NO_CLOCK = (
    "The clock belongs to the whole installation: its operator moves it with `sent sim clock advance`. "
    "POST /sim/clock moves it only on a server started with `sent up` that holds a single organization"
)


@value_object
class Sim:
    clock: SystemClock
    bus: Bus
    reach: Reach
    moves_clock: bool

    async def answer(self, tx: Tx, call: Call, body: wire.HandsetReply) -> Reply:
        said = await replies.write(
            tx,
            call.caller,
            _phone(call),
            channel=body.channel,
            text=body.text or "",
            media=body.attachments,
            to=body.to,
            now_ms=call.now_ms,
        )
        tx.after_commit(lambda: self.bus.hint(TOPIC))
        return Reply(202, wire.message(said, now_ms=call.now_ms))

    async def confirm(self, tx: Tx, call: Call, body: wire.Confirmation) -> Reply:
        confirmed = await handsets.confirm(
            tx,
            call.caller.customer_id,
            _phone(call),
            channel=body.channel,
            message_id=body.message_id,
            kind=ReceiptKind(body.kind),
            error_code=body.error_code,
            now_ms=call.now_ms,
        )
        tx.after_commit(lambda: self.bus.hint(TOPIC))
        return Reply(202, wire.message(confirmed, now_ms=call.now_ms))

    async def set_capabilities(self, tx: Tx, call: Call, body: wire.SetCapabilities) -> Reply:
        customer_id, wanted = call.caller.customer_id, body.wanted
        handset = await handsets.set_capabilities(tx, customer_id, _phone(call), wanted, now_ms=call.now_ms)
        await contacts.refresh_channels(tx, customer_id, _phone(call), reach=self.reach)
        return Reply(200, wire.handset(handset))

    async def advance_clock(self, tx: Tx, call: Call, body: wire.AdvanceClock) -> Reply:
        """Raises AUTH_004 if other organizations share the clock, which belongs to the installation."""
        await virtual_clock.hold(tx)
        if not self.moves_clock or not await accounts.is_single_organization(tx):
            raise ApiError("AUTH_004", NO_CLOCK)
        offset_ms = await virtual_clock.advance(tx, body.advance_ms)
        tx.after_commit(lambda: virtual_clock.follow(self.clock, offset_ms))
        tx.after_commit(lambda: self.bus.hint(virtual_clock.NAME))
        return Reply(200, wire.clock(call.now_ms + body.advance_ms, offset_ms))

    async def get_clock(self, tx: Tx, call: Call) -> Reply:
        return Reply(200, wire.clock(call.now_ms, await virtual_clock.offset_ms(tx)))


def routes(clock: SystemClock, bus: Bus, *, reach: Reach, moves_clock: bool) -> Sequence[Route]:
    """`moves_clock`: this server allows `POST /sim/clock`."""
    sim = Sim(clock, bus, reach, moves_clock)
    admin = Access.ADMIN
    of_phone: Options = {"access": admin, "plain_params": PHONE}
    return [
        route.get("/sim/phones", list_phones, access=admin),
        route.get("/sim/phones/{phone}", get_phone, **of_phone),
        route.mutate("PUT", "/sim/phones/{phone}", sim.set_capabilities, body=wire.SetCapabilities, **of_phone),
        route.get("/sim/phones/{phone}/messages", list_messages, **of_phone),
        route.mutate("POST", "/sim/phones/{phone}/messages", sim.answer, body=wire.HandsetReply, **of_phone),
        route.mutate("POST", "/sim/phones/{phone}/receipts", sim.confirm, body=wire.Confirmation, **of_phone),
        route.get("/sim/faults", get_faults, access=admin),
        route.mutate("PUT", "/sim/faults", set_faults, body=wire.SetFaults, access=admin),
        route.get("/sim/clock", sim.get_clock, access=admin),
        route.mutate("POST", "/sim/clock", sim.advance_clock, body=wire.AdvanceClock, access=admin),
        route.mutate("POST", "/sim/reset", reset, body=Mutation, access=admin),
    ]


async def list_phones(tx: Tx, call: Call) -> Reply:
    page = query.page(call.query, by_time=True)
    found, total_count = await handsets.list_handsets(tx, call.caller.customer_id, page, now_ms=call.now_ms)
    shown, position = paging.cut(
        page, found, total_count=total_count, key=lambda item: keyset.timed_key(item.last_at_ms, item.phone)
    )
    return Reply(200, {"phones": [wire.handset(item) for item in shown], "pagination": position})


async def get_phone(tx: Tx, call: Call) -> Reply:
    return Reply(200, wire.handset(await handsets.get(tx, call.caller.customer_id, _phone(call), now_ms=call.now_ms)))


async def list_messages(tx: Tx, call: Call) -> Reply:
    page, now_ms = query.page(call.query, by_time=True), call.now_ms
    found, total_count = await handsets.list_messages(tx, call.caller.customer_id, _phone(call), page, now_ms=now_ms)
    shown, position = paging.cut(
        page, found, total_count=total_count, key=lambda item: keyset.timed_key(item.at_ms, item.id)
    )
    return Reply(200, {"messages": [wire.message(item, now_ms=now_ms) for item in shown], "pagination": position})


async def get_faults(tx: Tx, call: Call) -> Reply:
    return Reply(200, wire.faults(await handsets.faults(tx, call.caller.customer_id)))


async def set_faults(tx: Tx, call: Call, body: wire.SetFaults) -> Reply:
    dialled = [setting.dialled for setting in body.faults]
    return Reply(200, wire.faults(await handsets.set_faults(tx, call.caller.customer_id, dialled)))


async def reset(tx: Tx, call: Call, _: Mutation) -> Reply:
    phones, messages, faults = await handsets.reset(tx, call.caller.customer_id)
    return Reply(200, {"handsets": phones, "messages": messages, "faults": faults})


def _phone(call: Call) -> str:
    """Raises VALIDATION_002."""
    number = call.path["phone"]
    if not phone.is_e164(number):
        raise ApiError(
            "VALIDATION_002", details={"phone": ["Phone number must be in E.164 format (e.g., +1234567890)"]}
        )
    return number
