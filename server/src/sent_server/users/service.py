"""The rules for users: invitations, roles and removal.

A caller is a user if its key belongs to one. Such a caller cannot remove itself or change its own role.
"""

from collections.abc import Sequence
from dataclasses import replace

from sent_server.accounts import service as accounts
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.http.caller import Caller
from sent_server.kernel import ids, plurals
from sent_server.kernel.values import value_object
from sent_server.users import invitations, store
from sent_server.users.invitations import Invitations
from sent_server.users.model import ACTIVE, INVITED, OWNER, REJECTED, SUSPENDED, Membership, User

TAKEN = "User already exists in this organization"


@value_object
class Invited:
    user: User
    link: str


async def list_all(tx: Tx, customer_id: str) -> list[User]:
    """All users, the oldest first."""
    return await store.all_of(tx, customer_id)


async def get(tx: Tx, customer_id: str, user_id: str) -> User:
    """Raises RESOURCE_006."""
    user = await store.by_id(tx, customer_id, user_id)
    if user is None:
        raise ApiError("RESOURCE_006")
    return user


async def memberships(tx: Tx, email: str) -> list[Membership]:
    """The accounts that the person with this address works with as an active user."""
    return await store.memberships(tx, email)


async def note_sign_in(tx: Tx, memberships: Sequence[Membership], *, now_ms: int) -> None:
    for one in memberships:
        await store.see(tx, one.customer_id, one.user_id, now_ms=now_ms)


async def add_owner(tx: Tx, customer_id: str, *, email: str, name: str, now_ms: int) -> User:
    """Add the owner. Called once, when the account is created."""
    user = User(customer_id, ids.new_id(now_ms), email, name, OWNER, ACTIVE, None, None, now_ms, now_ms)
    await store.insert(tx, customer_id, user)
    return user


async def invite(
    tx: Tx, office: Invitations, customer_id: str, *, email: str, name: str, role: str, quota: int, now_ms: int
) -> Invited:
    """Invite a new person, or one who rejected an invitation or let it expire.

    Raises RESOURCE_007 for any other user of the account, VALIDATION_001 when the account is full.
    """
    await store.lock(tx, customer_id)
    known = await store.by_email(tx, customer_id, email)
    if known is None:
        if await store.count(tx, customer_id) >= quota:
            raise ApiError("VALIDATION_001", f"An account may have {plurals.counted(quota, 'user')}; remove one first")
        user = User(customer_id, ids.new_id(now_ms), email, name, role, INVITED, now_ms, None, now_ms, now_ms)
        await store.insert(tx, customer_id, user)
    else:
        if not await _may_be_asked_again(tx, customer_id, known, now_ms):
            raise ApiError("RESOURCE_007", TAKEN)
        user = replace(
            known, email=email, name=name, role=role, status=INVITED, invited_at_ms=now_ms, updated_at_ms=now_ms
        )
        await store.update(tx, customer_id, user)
    return Invited(user, await invitations.issue(tx, office, customer_id, user, now_ms=now_ms))


async def change_role(tx: Tx, caller: Caller, user_id: str, *, role: str, now_ms: int) -> User:
    """Raises RESOURCE_006, and VALIDATION_001 for the caller's own role, the owner's and the last admin's."""
    customer_id = caller.customer_id
    await store.lock(tx, customer_id)
    user = await get(tx, customer_id, user_id)
    if await _is_self(tx, caller, user):
        raise ApiError("VALIDATION_001", "You cannot change your own role")
    if role == user.shown_role:
        return user
    if await _is_last_admin(tx, customer_id, user):
        raise ApiError("VALIDATION_001", "You cannot demote the last admin of the organization")
    if user.role == OWNER:
        raise ApiError("VALIDATION_001", "You cannot change the role of the organization's owner")
    changed = replace(user, role=role, updated_at_ms=now_ms)
    await store.update(tx, customer_id, changed)
    return changed


async def remove(tx: Tx, caller: Caller, user_id: str, *, now_ms: int) -> None:
    """Remove the user, their keys and their invitation. Raises RESOURCE_006, VALIDATION_001."""
    user = await get(tx, caller.customer_id, user_id)
    if await _is_self(tx, caller, user):
        raise ApiError("VALIDATION_001", "You cannot remove yourself from the organization")
    await expel(tx, caller.customer_id, user_id, now_ms=now_ms)


async def expel(tx: Tx, customer_id: str, user_id: str, *, now_ms: int) -> None:
    """`remove` for a caller who is not a user, such as the operator."""
    await store.lock(tx, customer_id)
    user = await get(tx, customer_id, user_id)
    if await _is_last_admin(tx, customer_id, user):
        raise ApiError("VALIDATION_001", "You cannot remove the last admin of the organization")
    if user.role == OWNER:
        raise ApiError("VALIDATION_001", "You cannot remove the owner of the organization")
    await invitations.withdraw(tx, customer_id, user_id)
    await accounts.revoke_keys_of_user(tx, customer_id, user_id, now_ms=now_ms)
    await store.delete(tx, customer_id, user_id)


async def set_suspended(tx: Tx, customer_id: str, user_id: str, *, suspended: bool, now_ms: int) -> User:
    """Suspend a user's keys, or restore them. Raises RESOURCE_006, VALIDATION_001."""
    await store.lock(tx, customer_id)
    user = await get(tx, customer_id, user_id)
    if user.status not in (ACTIVE, SUSPENDED):
        raise ApiError("VALIDATION_001", f"This user is {user.status}; only active users can be suspended")
    if suspended and await _is_last_admin(tx, customer_id, user):
        raise ApiError("VALIDATION_001", "You cannot suspend the last admin of the organization")
    changed = replace(user, status=SUSPENDED if suspended else ACTIVE, updated_at_ms=now_ms)
    await store.update(tx, customer_id, changed)
    return changed


async def _may_be_asked_again(tx: Tx, customer_id: str, user: User, now_ms: int) -> bool:
    if user.status == REJECTED:
        return True
    invitation = await store.invitation_of(tx, customer_id, user.id)
    return user.status == INVITED and (invitation is None or not invitation.is_open(now_ms))


async def _is_last_admin(tx: Tx, customer_id: str, user: User) -> bool:
    return user.is_acting_admin and await store.other_admins(tx, customer_id, user.id) == 0


async def _is_self(tx: Tx, caller: Caller, user: User) -> bool:
    """Compared by address: a user of an organization acts in its profiles, and may also be a user of the profile."""
    if caller.user_id is None:
        return False
    home_id = caller.organization_id if caller.scoped else caller.customer_id
    own = await store.by_id(tx, home_id, caller.user_id)
    return own is not None and own.email.lower() == user.email.lower()
