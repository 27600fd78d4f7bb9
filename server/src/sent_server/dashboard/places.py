"""The accounts that a person may open: those of which the person is a user, and the profiles of organizations."""

from collections.abc import Sequence

from sent_server.accounts import callers
from sent_server.accounts import service as accounts
from sent_server.dashboard.visit import Place
from sent_server.db import Tx
from sent_server.http.caller import Caller
from sent_server.kernel.values import value_object
from sent_server.users import service as users


@value_object
class Reached:
    """The account of a request, all accounts of the person, and the rights there."""

    place: Place
    places: Sequence[Place]
    caller: Caller


async def all_of(tx: Tx, email: str) -> list[Place]:
    """Organizations first, each followed by its profiles."""
    found: dict[str, Place] = {}
    for one in await users.memberships(tx, email):
        found[one.customer_id] = Place(one.customer_id, one.account, one.kind, one.role, one)
        if one.kind == "organization":
            for profile in await accounts.profiles(tx, one.customer_id):
                found.setdefault(profile.id, Place(profile.id, profile.name, profile.kind, one.role, one))
    return list(found.values())


async def of_person(tx: Tx, email: str, customer_id: str) -> Reached | None:
    """None for an account that the person may not open, and for an unknown one."""
    places = await all_of(tx, email)
    place = next((one for one in places if one.customer_id == customer_id), None)
    if place is None:
        return None
    caller = await callers.caller_of_user(
        tx, customer_id, user_id=place.membership.user_id, role=place.role, at_home=place.is_home
    )
    return Reached(place, places, caller) if caller else None
