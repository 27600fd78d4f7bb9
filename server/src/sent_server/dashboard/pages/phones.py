"""Phones: what does the handset show, and what does it take?"""

from collections.abc import Sequence

from starlette.responses import Response

from sent_server.carriers.simulator import handsets
from sent_server.carriers.simulator.model import Handset
from sent_server.carriers.simulator.network import TOPIC
from sent_server.contacts import service as contacts
from sent_server.dashboard import handset
from sent_server.dashboard.errors import nothing_here
from sent_server.dashboard.handset import Screen
from sent_server.dashboard.visit import Visit
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.kernel import phone, typed_text
from sent_server.kernel.channels import CHANNELS
from sent_server.kernel.paging import Page
from sent_server.kernel.values import value_object
from sent_server.phones import replies
from sent_server.phones.wire import MAX_TEXT_CHARS

SHOWN = 50
NOT_A_NUMBER = "Write the number with its country code, such as +14155550101"


@value_object
class ListView:
    phones: Sequence[Handset]
    total: int
    typed: str
    problem: str


@value_object
class View:
    handset: Handset
    screen: Screen


async def show_all(visit: Visit) -> Response:
    return visit.answer("phones", await visit.read(lambda tx: _list(tx, visit)))


async def open_one(visit: Visit) -> Response:
    """Every number has a handset, so adding one only opens it."""
    typed = visit.form.get("number", "")
    number = f"+{phone.digits_of(typed)}"
    if phone.is_e164(number):
        return visit.see_other(f"/phones/{number}")
    view = await visit.read(lambda tx: _list(tx, visit, typed=typed[:40], problem=NOT_A_NUMBER))
    return visit.answer("phones", view, status=422)


async def show(visit: Visit) -> Response:
    number = _number(visit)
    if visit.wants_part == "chat":
        return visit.fragment("chat", screen=await visit.read(lambda tx: _screen(tx, visit, number)))
    return visit.answer("phone", await visit.read(lambda tx: _one(tx, visit, number)))


async def answer(visit: Visit) -> Response:
    """Write to us as this person. The network delivers it like any message."""
    number, channel, text = _number(visit), visit.form.get("channel", ""), visit.form.get("text", "")
    back = "" if visit.form.get("back") == "overview" else f"/phones/{number}"
    problem = ""
    if typed_text.is_blank(text):
        problem = "Write something first"
    elif len(text) > MAX_TEXT_CHARS:
        problem = f"A message may have {MAX_TEXT_CHARS} characters"
    else:
        try:
            await visit.write(lambda tx: _answer(tx, visit, number, channel, text))
        except ApiError as error:
            problem = next((texts[0] for texts in (error.details or {}).values()), error.message)
    return visit.see_other(back, channel=channel if channel in CHANNELS else None, problem=problem)


async def set_channels(visit: Visit) -> Response:
    """What the handset takes from now on. A checkbox that is not in the form is off."""
    number, customer_id = _number(visit), visit.place.customer_id
    wanted = {name: name in visit.form for name in CHANNELS}

    async def change(tx: Tx) -> None:
        await handsets.set_capabilities(tx, customer_id, number, wanted, now_ms=visit.now_ms)
        await contacts.refresh_channels(tx, customer_id, number, reach=visit.parts.reach)

    await visit.write(change)
    return visit.see_other(f"/phones/{number}", channel=visit.form.get("back"))


async def _answer(tx: Tx, visit: Visit, number: str, channel: str, text: str) -> None:
    await replies.write(tx, visit.caller, number, channel=channel, text=text, to=None, now_ms=visit.now_ms)
    tx.after_commit(lambda: visit.parts.bus.hint(TOPIC))


async def _list(tx: Tx, visit: Visit, *, typed: str = "", problem: str = "") -> ListView:
    found, total = await handsets.list_handsets(tx, visit.place.customer_id, Page(size=SHOWN), now_ms=visit.now_ms)
    return ListView(found[:SHOWN], total, typed, problem)


async def _one(tx: Tx, visit: Visit, number: str) -> View:
    found = await handsets.get(tx, visit.place.customer_id, number, now_ms=visit.now_ms)
    return View(found, await _screen(tx, visit, number))


async def _screen(tx: Tx, visit: Visit, number: str) -> Screen:
    channel = visit.query.get("channel", "")
    if not channel:
        newest, _ = await handsets.list_messages(tx, visit.place.customer_id, number, Page(size=1), now_ms=visit.now_ms)
        channel = newest[0].channel if newest else CHANNELS[0]
    return await handset.screen(tx, visit, number, channel, base=visit.link(f"/phones/{number}"), back="phone")


def _number(visit: Visit) -> str:
    """Raises PageError for a path that is not a number."""
    number = visit.params["number"]
    if not phone.is_e164(number):
        raise nothing_here()
    return number
