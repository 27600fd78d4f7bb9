"""The five sender profile routes: the rows of /v3/profiles, each with its billing and channels.

The header x-profile-id has no meaning here; an organization names its profile in the path.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sent_server import events
from sent_server.bus import Bus
from sent_server.channels import provisioning
from sent_server.db import Tx
from sent_server.http import query, route
from sent_server.http.fields import Mutation
from sent_server.http.reply import Reply
from sent_server.http.route import NO_ADMIN_ACCESS, Access, Call, Options, Route
from sent_server.kernel import paging
from sent_server.kernel.paging import Page
from sent_server.profiles import sender_profiles, sender_wire, service
from sent_server.profiles.model import Profile
from sent_server.profiles.sender_wire import CreateSenderProfile, UpdateSenderProfile
from sent_server.profiles.service import ProfileRules

BAD_ID = ("VALIDATION_001", "Invalid profile ID format.")


def routes(*, bus: Bus, rules: ProfileRules, forget_callers: Callable[[], None]) -> Sequence[Route]:
    """`forget_callers` clears the cache of keys, because a changed profile changes their scope and the payer."""
    # WhatsApp is one of the channels that the body may ask for, and none of them is needed.
    own_rules = replace(rules, requires_whatsapp=False)

    async def create(tx: Tx, call: Call, body: CreateSenderProfile) -> Reply:
        made = await sender_profiles.create(tx, call.caller, body, own_rules, now_ms=call.now_ms)
        tx.after_commit(forget_callers)
        tx.after_commit(lambda: bus.hint(provisioning.KIND))
        tx.after_commit(lambda: bus.hint(events.TOPIC))
        return Reply(201, sender_wire.sender_profile(made.profile, made.channels, api_key=made.api_key))

    async def update(tx: Tx, call: Call, body: UpdateSenderProfile) -> Reply:
        changed = await service.update(
            tx, call.caller, call.path["id"], body.wanted, rules, payment_reference=None, now_ms=call.now_ms
        )
        tx.after_commit(forget_callers)
        return await _reply(tx, changed)

    async def delete(tx: Tx, call: Call, _: Mutation) -> Reply:
        await service.delete(tx, call.caller, call.path["id"], now_ms=call.now_ms)
        tx.after_commit(forget_callers)
        return Reply(204)

    every, one = "/v3/sender-profiles", "/v3/sender-profiles/{id}"
    admin: Options = {"access": Access.ADMIN, "denied": NO_ADMIN_ACCESS, "scopes": False}
    # The answer to a repeated creation holds the key too.
    creator: Options = {**admin, "rights": _may_create, "sealed": True}
    of_organization: Options = {**admin, "rights": _may_change, "bad_id": BAD_ID}
    return [
        route.get(every, list_sender_profiles, scopes=False),
        route.mutate("POST", every, create, body=CreateSenderProfile, **creator),
        route.get(one, get, bad_id=BAD_ID, scopes=False),
        route.mutate("PATCH", one, update, body=UpdateSenderProfile, **of_organization),
        route.mutate("DELETE", one, delete, body=Mutation, **of_organization),
    ]


async def _may_create(tx: Tx, call: Call) -> None:
    service.refuse_profile_key(call.caller)


async def _may_change(tx: Tx, call: Call) -> None:
    service.check_own_settings(call.caller, call.path["id"])


async def list_sender_profiles(tx: Tx, call: Call) -> Reply:
    """Newest first."""
    page = query.page(call.query)
    everything = list(reversed(await service.list_all(tx, call.caller)))
    shown, position = paging.cut(
        page, _part(page, everything), total_count=len(everything), key=lambda one: one.account.id
    )
    states = await sender_profiles.channels_of(tx, shown)
    rows = [sender_wire.sender_profile(one, states[one.account.id]) for one in shown]
    return Reply(200, {"sender_profiles": rows, "pagination": position})


async def get(tx: Tx, call: Call) -> Reply:
    return await _reply(tx, await service.show(tx, call.caller, call.path["id"]))


async def _reply(tx: Tx, found: Profile) -> Reply:
    states = await sender_profiles.channels_of(tx, [found])
    return Reply(200, sender_wire.sender_profile(found, states[found.account.id]))


def _part(page: Page, everything: Sequence[Profile]) -> Sequence[Profile]:
    """The rows of a page and one more, backwards for `before`, as `paging.cut` takes them."""
    if page.before is not None:
        found = [one for one in reversed(everything) if one.account.id > page.above_id]
    else:
        found = [one for one in everything if one.account.id < page.below_id]
    return found[page.offset : page.offset + page.fetch]
