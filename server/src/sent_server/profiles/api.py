"""The six profile routes."""

from collections.abc import Callable, Sequence

from sent_server.bus import Bus
from sent_server.compliance import scope
from sent_server.db import Database, Tx
from sent_server.http import query, route
from sent_server.http.fields import Mutation
from sent_server.http.limits import LimitClass
from sent_server.http.reply import Reply
from sent_server.http.route import NO_ACCESS, NO_ADMIN_ACCESS, Access, Call, Options, Route
from sent_server.kernel import paging
from sent_server.ports.payment import PaymentProcessor
from sent_server.profiles import cards, completion, service, wire
from sent_server.profiles.service import ProfileRules
from sent_server.profiles.wire import CompleteProfile, CreateProfile, UpdateProfile

BAD_ID = ("VALIDATION_003", "Invalid GUID format")


def routes(
    *,
    database: Database,
    bus: Bus,
    processor: PaymentProcessor,
    rules: ProfileRules,
    forget_callers: Callable[[], None],
) -> Sequence[Route]:
    """`forget_callers` clears the cache of keys, because a changed profile changes their scope and the payer."""

    async def keep_card_of_new(call: Call, body: CreateProfile) -> None:
        if body.payment_details is not None:
            cards.check(body.payment_details.card, now_ms=call.now_ms)
            await database.read(lambda tx: service.check_new(tx, call.caller, body.wanted, rules))
            await cards.hand_over(processor, body.payment_details.card, reference=call.request_id)

    async def keep_card(call: Call, body: UpdateProfile) -> None:
        if body.payment_details is not None:
            cards.check(body.payment_details.card, now_ms=call.now_ms)
            await database.write(
                lambda tx: service.check_change(tx, call.caller, call.path["profileId"], body.wanted, rules)
            )
            await cards.hand_over(processor, body.payment_details.card, reference=call.request_id)

    async def create(tx: Tx, call: Call, body: CreateProfile) -> Reply:
        made = await service.create(
            tx, call.caller, body.wanted, rules, payment_reference=_reference(call, body), now_ms=call.now_ms
        )
        tx.after_commit(forget_callers)  # its siblings may see what it shares
        return Reply(201, wire.profile(made))

    async def update(tx: Tx, call: Call, body: UpdateProfile) -> Reply:
        changed = await service.update(
            tx,
            call.caller,
            call.path["profileId"],
            body.wanted,
            rules,
            payment_reference=_reference(call, body),
            now_ms=call.now_ms,
        )
        tx.after_commit(forget_callers)
        return Reply(200, wire.profile(changed))

    async def delete(tx: Tx, call: Call, _: Mutation) -> Reply:
        await service.delete(tx, call.caller, call.path["profileId"], now_ms=call.now_ms)
        tx.after_commit(forget_callers)
        return Reply(204)

    async def complete(tx: Tx, call: Call, body: CompleteProfile) -> Reply:
        url = rules.urls.settle("webHookUrl", body.web_hook_url)
        started = await completion.start(tx, call.caller, call.path["profileId"], webhook_url=url, now_ms=call.now_ms)
        if not started:
            return Reply(200, {"message": "Profile is already completed", "status": "completed"})
        tx.after_commit(lambda: bus.hint(completion.KIND))
        return Reply(202, {"message": "Profile completion in progress"})

    every, one = "/v3/profiles", "/v3/profiles/{profileId}"
    admin: Options = {"access": Access.ADMIN, "denied": NO_ADMIN_ACCESS}
    creator: Options = {**admin, "rights": may_create}
    of_organization: Options = {**admin, "rights": may_change, "bad_id": BAD_ID}
    return [
        route.get(every, list_profiles),
        route.mutate("POST", every, create, body=CreateProfile, prepare=keep_card_of_new, **creator),
        route.get(one, get, bad_id=BAD_ID),
        route.mutate("PATCH", one, update, body=UpdateProfile, prepare=keep_card, **of_organization),
        route.mutate("DELETE", one, delete, body=Mutation, **of_organization),
        route.mutate(
            "POST",
            f"{one}/complete",
            complete,
            body=CompleteProfile,
            limit=LimitClass.SENSITIVE,
            rights=may_complete,
            bad_id=BAD_ID,
            access=Access.ADMIN,  # it files permanently, and only admins may change filed data
            denied=NO_ACCESS,
        ),
    ]


async def may_create(tx: Tx, call: Call) -> None:
    service.refuse_profile_key(call.caller)


async def may_change(tx: Tx, call: Call) -> None:
    service.check_own_settings(call.caller, call.path["profileId"])


async def may_complete(tx: Tx, call: Call) -> None:
    account = await scope.profile(tx, call.caller, call.path["profileId"])
    await completion.check_filing(tx, call.caller, account)


async def list_profiles(tx: Tx, call: Call) -> Reply:
    page = query.page_or_all(call.query)
    profiles = await service.list_all(tx, call.caller)
    shown, position = paging.cut_all(page, profiles, key=lambda one: one.account.id)
    return Reply(200, {"profiles": [wire.profile(one) for one in shown], "pagination": position})


async def get(tx: Tx, call: Call) -> Reply:
    return Reply(200, wire.profile(await service.show(tx, call.caller, call.path["profileId"])))


def _reference(call: Call, body: CreateProfile | UpdateProfile) -> str | None:
    """The processor's reference for the card of this request. Raises VALIDATION_001 for an expired card."""
    if body.payment_details is None:
        return None
    cards.check(body.payment_details.card, now_ms=call.now_ms)
    return call.request_id
