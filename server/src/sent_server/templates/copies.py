"""Copies of an organization's templates on its profiles. Each is a template of its own, with its own review."""

from collections.abc import Sequence

from sent_server.accounts import service as accounts
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.http.caller import Caller
from sent_server.kernel import ids
from sent_server.templates import review, store
from sent_server.templates.model import APPROVED, DRAFT, PENDING, Template
from sent_server.templates.store import CopyRow

FIELD = "auto_create_for_sp"
NOT_ALLOWED = "This account may not create templates on its profiles"


async def profiles_for(tx: Tx, caller: Caller) -> list[str]:
    """The profiles that get a copy. No profile can be added until the transaction ends.

    Raises VALIDATION_001 for a profile, and for an organization to which the operator has not granted the right.
    """
    if not await accounts.may_create_on_profiles(tx, caller.customer_id):
        raise ApiError("VALIDATION_001", details={FIELD: [NOT_ALLOWED]})
    await accounts.hold_profiles(tx, caller.customer_id)
    return [profile.id for profile in await accounts.profiles(tx, caller.customer_id)]


async def to_profiles(tx: Tx, template: Template, profile_ids: Sequence[str], *, now_ms: int) -> None:
    """Copy a new template of an organization. The quotas of the profiles do not count here."""
    await _copy(tx, [(template, profile_id) for profile_id in profile_ids], now_ms=now_ms)


async def to_new_profile(tx: Tx, organization_id: str, profile_id: str, *, now_ms: int) -> None:
    """Copy every template of the organization that each later profile gets."""
    found = await store.for_new_profiles(tx, organization_id)
    await _copy(tx, [(template, profile_id) for template in found], now_ms=now_ms)


async def _copy(tx: Tx, pairs: Sequence[tuple[Template, str]], *, now_ms: int) -> None:
    """A copy of a submitted template is submitted too. A copy of a rejected one stays a draft."""
    rows = [
        CopyRow(
            customer_id=profile_id,
            id=ids.new_id(now_ms),
            revision=ids.new_id(now_ms),
            status=PENDING if template.status in (PENDING, APPROVED) else DRAFT,
            submitted_at_ms=now_ms if template.status in (PENDING, APPROVED) else None,
            created_at_ms=now_ms,
            organization_id=template.customer_id,
            source_id=template.id,
        )
        for template, profile_id in pairs
    ]
    if not rows:
        return
    await store.insert_copies(tx, rows)
    await review.enqueue(tx, [(row.customer_id, row.id) for row in rows if row.status == PENDING], now_ms=now_ms)
