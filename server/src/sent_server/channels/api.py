"""The channels of an account: its senders and what it has asked for, and what a market asks for."""

from collections.abc import Sequence

from sent_server import events
from sent_server.bus import Bus
from sent_server.channels import markets, provisioning, requirements, wire
from sent_server.channels.model import NumberType
from sent_server.channels.wire import CreateRcsAgent, CreateSmsMarket, CreateWhatsapp, UpdateSmsMarket
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.http import route
from sent_server.http.reply import Reply
from sent_server.http.route import Call, Route
from sent_server.kernel.channels import BASE_CHANNELS, RCS, SMS, WHATSAPP


def routes(bus: Bus) -> Sequence[Route]:
    def hint(tx: Tx) -> None:
        tx.after_commit(lambda: bus.hint(provisioning.KIND))
        tx.after_commit(lambda: bus.hint(events.TOPIC))

    async def create_sms(tx: Tx, call: Call, body: CreateSmsMarket) -> Reply:
        markets.check(body.kind, body.details.get("compliance"))
        made = await markets.create_sms(
            tx,
            call.caller.customer_id,
            country=body.country,
            kind=body.kind,
            sender_value=body.sender_value,
            details=body.details,
            now_ms=call.now_ms,
        )
        hint(tx)
        return Reply(201, wire.sms_market(made))

    async def update_sms(tx: Tx, call: Call, body: UpdateSmsMarket) -> Reply:
        country, kind = _market(call)
        changed = await markets.change_compliance(
            tx,
            call.caller.customer_id,
            country,
            kind,
            body.compliance.groups if body.compliance else None,
            now_ms=call.now_ms,
        )
        hint(tx)
        return Reply(200, wire.sms_market(changed))

    async def create_whatsapp(tx: Tx, call: Call, body: CreateWhatsapp) -> Reply:
        made = await markets.create_single(
            tx, call.caller.customer_id, WHATSAPP.value, details=body.details, now_ms=call.now_ms
        )
        hint(tx)
        return Reply(201, wire.whatsapp(made))

    async def create_rcs(tx: Tx, call: Call, body: CreateRcsAgent) -> Reply:
        made = await markets.create_single(
            tx, call.caller.customer_id, RCS.value, details=body.details, now_ms=call.now_ms
        )
        hint(tx)
        return Reply(201, wire.rcs_agent(made))

    every, one = "/v3/channels/sms", "/v3/channels/sms/{country}/{type}"
    plain = frozenset({"country", "type"})
    return [
        route.get("/v3/channels", show_channels),
        route.get(every, list_sms),
        route.mutate("POST", every, create_sms, body=CreateSmsMarket),
        route.get(one, show_sms, plain_params=plain),
        route.mutate("PATCH", one, update_sms, body=UpdateSmsMarket, plain_params=plain),
        route.mutate("POST", "/v3/channels/whatsapp", create_whatsapp, body=CreateWhatsapp),
        route.mutate("POST", "/v3/channels/rcs", create_rcs, body=CreateRcsAgent),
        route.get("/v3/compliance/requirements", show_requirements),
    ]


async def show_channels(tx: Tx, call: Call) -> Reply:
    caller = call.caller
    return Reply(200, wire.channels(await markets.state(tx, caller.customer_id, caller.organization_id)))


async def list_sms(tx: Tx, call: Call) -> Reply:
    caller = call.caller
    state = await markets.state(tx, caller.customer_id, caller.organization_id)
    return Reply(200, [wire.sms_market(one, in_list=True) for one in state.sms])


async def show_sms(tx: Tx, call: Call) -> Reply:
    caller = call.caller
    country, kind = _market(call)
    found = await markets.sms_market(tx, caller.customer_id, caller.organization_id, country, kind)
    return Reply(200, wire.sms_market(found))


async def show_requirements(tx: Tx, call: Call) -> Reply:
    """The same for every caller."""
    channel = (call.query.get("channel") or SMS.value).lower()
    if channel not in BASE_CHANNELS:
        raise ApiError("VALIDATION_001", details={"channel": [f"Value must be one of: {', '.join(BASE_CHANNELS)}"]})
    if channel != SMS.value:
        raise ApiError("CHANNEL_003")
    missing = [name for name in ("country", "type") if not call.query.get(name)]
    if missing:
        raise ApiError("VALIDATION_004", details={name: [f"'{name}' is required for sms"] for name in missing})
    country, kind = _read(call.query["country"], call.query["type"])
    if reason := requirements.not_available(country, kind):
        raise ApiError("VALIDATION_001", details={"type": [reason]})
    return Reply(200, wire.requirements_of(country, kind))


def _market(call: Call) -> tuple[str, NumberType]:
    return _read(call.path["country"], call.path["type"])


def _read(country_text: str, type_text: str) -> tuple[str, NumberType]:
    """Raises VALIDATION_001 for an unknown country or number type."""
    country, kind = requirements.country(country_text), requirements.number_type(type_text)
    faults: dict[str, list[str]] = {}
    if country is None:
        faults["country"] = ["Must be a two-letter country code, such as US"]
    if kind is None:
        faults["type"] = [f"Value must be one of: {', '.join(NumberType)}"]
    if country is None or kind is None:
        raise ApiError("VALIDATION_001", details=faults)
    return country, kind
