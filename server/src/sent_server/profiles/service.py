"""The rules for profiles. Source: contract/NOTES.md a33-a35, a51, d.

A key of an organization reads and changes all its profiles, or with x-profile-id that one. A key of a profile reads
only that profile and changes nothing, because the organization decides about payment and inheritance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from sent_server.accounts import service as accounts
from sent_server.accounts import sharing
from sent_server.accounts.model import PROFILE_FLAGS, Account
from sent_server.channels import service as channels
from sent_server.compliance import scope
from sent_server.compliance import service as compliance
from sent_server.db import Tx
from sent_server.egress import UrlRules
from sent_server.errors import ApiError
from sent_server.http.caller import Caller
from sent_server.http.route import NO_ADMIN_ACCESS
from sent_server.kernel.channels import WHATSAPP
from sent_server.kernel.sealing import Sealer
from sent_server.kernel.values import value_object
from sent_server.profiles import store
from sent_server.profiles.model import (
    ORGANIZATION_PAYS,
    PAYS_ITSELF,
    Profile,
    ProfileDetails,
    ProfileStatus,
    Wanted,
    WhatsappAccount,
)
from sent_server.profiles.wire import NO_BILLING_CONTACT, NO_CARD
from sent_server.templates import copies

DEFAULT_BILLING = "profile"
NO_WHATSAPP = (
    "Organization does not have a WhatsApp Business Account configured. Complete WhatsApp Embedded Signup for your "
    "organization first, or provide direct credentials in the 'whatsapp_business_account' field."
)
TOO_MANY_SHARE = f"At most {sharing.MAX_SHARING} profiles of an organization may share this"
NOT_A_SIBLING = "No such profile in this organization"
OF_SIBLINGS = ("sending_phone_number_profile_id", "sending_whatsapp_number_profile_id")


@value_object
class ProfileRules:
    """Settings of the installation for profiles."""

    sealer: Sealer
    requires_whatsapp: bool
    quota: int
    urls: UrlRules


async def check_new(tx: Tx, caller: Caller, wanted: Wanted, rules: ProfileRules) -> Account:
    """The organization. Raises AUTH_004, RESOURCE_005, BUSINESS_008, and 422 without a WhatsApp account to inherit."""
    organization = await _organization_for_change(tx, caller)
    if await accounts.count_profiles(tx, organization.id) >= caller.quota("profiles", rules.quota):
        raise ApiError("BUSINESS_008")
    if rules.requires_whatsapp and wanted.whatsapp_account is None:
        configured = await channels.configured(tx, [(organization.id, organization.id)])
        if WHATSAPP not in configured[organization.id]:
            raise ApiError("VALIDATION_001", NO_WHATSAPP, status=422)
    return organization


async def create(
    tx: Tx, caller: Caller, wanted: Wanted, rules: ProfileRules, *, payment_reference: str | None, now_ms: int
) -> Profile:
    """Raises like `check_new`."""
    await accounts.hold_profiles(tx, caller.organization_id)
    organization = await check_new(tx, caller, wanted, rules)
    preferences = _preferences({}, wanted, rules)
    billing_model = wanted.billing_model or DEFAULT_BILLING
    account = await accounts.create_profile(
        tx,
        organization,
        name=wanted.name or "",
        short_name=wanted.short_name,
        icon=wanted.icon or None,
        description=wanted.description or None,
        flags=wanted.flags,
        billing_model=billing_model,
        status=ProfileStatus.INCOMPLETE,
        sealer=rules.sealer,
        now_ms=now_ms,
    )
    await copies.to_new_profile(tx, organization.id, account.id, now_ms=now_ms)
    await _check_sharing(tx, account, wanted)
    contact = None if billing_model == ORGANIZATION_PAYS else wanted.billing_contact
    await store.put(tx, account.id, ProfileDetails(contact, payment_reference, preferences=preferences))
    if wanted.whatsapp_account is not None:
        await _connect(tx, account, wanted.whatsapp_account, rules.sealer, now_ms)
    if wanted.brand is not None:
        await compliance.put_brand(tx, organization.id, account.id, wanted.brand, now_ms=now_ms)
    return (await _profiles(tx, organization, [account]))[0]


async def show(tx: Tx, caller: Caller, profile_id: str) -> Profile:
    """Raises RESOURCE_014."""
    account = await scope.profile(tx, caller, profile_id)
    return (await _profiles(tx, await _organization(tx, caller), [account]))[0]


async def list_all(tx: Tx, caller: Caller) -> list[Profile]:
    """Oldest first. A profile sees only itself. Raises RESOURCE_005 for an account that is not an organization."""
    organization = await _organization(tx, caller)
    if caller.customer_id != caller.organization_id:
        return [await show(tx, caller, caller.customer_id)]
    return await _profiles(tx, organization, await accounts.profiles(tx, organization.id))


async def check_change(
    tx: Tx, caller: Caller, profile_id: str, wanted: Wanted, rules: ProfileRules
) -> tuple[Account, ProfileDetails]:
    """The locked profile and its new details.

    Raises AUTH_004, RESOURCE_014, and VALIDATION_001 for a bill without a contact or a card without a bill.
    """
    account = await _for_change(tx, caller, profile_id)
    details = (await store.details(tx, [account.id])).get(account.id, ProfileDetails())
    billing_model = wanted.billing_model or account.billing_model
    faults: dict[str, list[str]] = {}
    if wanted.has_card and billing_model == ORGANIZATION_PAYS:
        faults["payment_details"] = [NO_CARD]
    contact = wanted.billing_contact or details.billing_contact
    if contact is None and wanted.billing_model in PAYS_ITSELF:
        faults["billing_contact"] = [NO_BILLING_CONTACT]
    for field in OF_SIBLINGS:
        sibling_id = wanted.numbers.get(field)
        if sibling_id is not None and not await accounts.profile(tx, account.organization_id, sibling_id):
            faults[field] = [NOT_A_SIBLING]
    if faults:
        raise ApiError("VALIDATION_001", details=faults)
    details = replace(
        details,
        billing_contact=contact,
        numbers={**details.numbers, **wanted.numbers},
        preferences=_preferences(details.preferences, wanted, rules),
    )
    if billing_model == ORGANIZATION_PAYS:
        details = replace(details, billing_contact=None, payment_reference=None)
    return account, details


async def update(
    tx: Tx,
    caller: Caller,
    profile_id: str,
    wanted: Wanted,
    rules: ProfileRules,
    *,
    payment_reference: str | None,
    now_ms: int,
) -> Profile:
    """Change the given fields. Raises like `check_change`, and VALIDATION_001 for a filed brand."""
    account, details = await check_change(tx, caller, profile_id, wanted, rules)
    organization = await _organization(tx, caller)
    if wanted == Wanted():
        return (await _profiles(tx, organization, [account]))[0]
    flags = {**{name: account.has(name) for name in PROFILE_FLAGS}, **wanted.flags}
    account = replace(
        account,
        name=wanted.name or account.name,
        short_name=wanted.short_name or account.short_name,
        icon=account.icon if wanted.icon is None else wanted.icon or None,
        description=account.description if wanted.description is None else wanted.description or None,
        settings_json=orjson.dumps(flags).decode(),
        billing_model=wanted.billing_model or account.billing_model,
        updated_at_ms=now_ms,
    )
    await _check_sharing(tx, account, wanted)
    await sharing.change(tx, account)
    await store.put(tx, account.id, replace(details, payment_reference=payment_reference or details.payment_reference))
    if wanted.brand is not None:
        await compliance.put_brand(tx, organization.id, account.id, wanted.brand, now_ms=now_ms)
    return (await _profiles(tx, organization, [account]))[0]


async def delete(tx: Tx, caller: Caller, profile_id: str, *, now_ms: int) -> None:
    """Its keys stop working and its id becomes unknown. The rows remain. Raises AUTH_004, RESOURCE_014."""
    await sharing.remove(tx, await _for_change(tx, caller, profile_id), now_ms=now_ms)


def check_own_settings(caller: Caller, profile_id: str) -> None:
    """A profile's own key may not change it. Raises AUTH_004."""
    if profile_id == caller.customer_id:
        refuse_profile_key(caller)


def _preferences(kept: Mapping[str, Any], wanted: Wanted, rules: ProfileRules) -> dict[str, Any]:
    """Raises VALIDATION_001 for an address that may not be called."""
    changed = {**kept, **wanted.preferences}
    if url := wanted.preferences.get("webhook_url"):
        changed["webhook_url"] = rules.urls.settle("settings.webhook_url", url, stored=kept.get("webhook_url"))
    return changed


async def _organization(tx: Tx, caller: Caller) -> Account:
    organization = await accounts.look_up(tx, caller.organization_id)
    if organization is None or organization.kind != "organization":
        raise ApiError("RESOURCE_005")
    return organization


async def _organization_for_change(tx: Tx, caller: Caller) -> Account:
    refuse_profile_key(caller)
    return await _organization(tx, caller)


def refuse_profile_key(caller: Caller) -> None:
    """Raises AUTH_004."""
    if not caller.is_organization:
        raise ApiError("AUTH_004", NO_ADMIN_ACCESS)


async def _for_change(tx: Tx, caller: Caller, profile_id: str) -> Account:
    reached = await scope.profile(tx, caller, profile_id)
    refuse_profile_key(caller)
    account = await sharing.for_change(tx, reached.organization_id, reached.id)
    if account is None:  # deleted while we waited for the lock
        raise ApiError("RESOURCE_014")
    return account


async def _check_sharing(tx: Tx, account: Account, wanted: Wanted) -> None:
    for flag in sharing.SHARES.values():
        if wanted.flags.get(flag) and await sharing.too_many_share(tx, account, flag):
            raise ApiError("VALIDATION_001", details={flag: [TOO_MANY_SHARE]})


async def _connect(tx: Tx, account: Account, whatsapp: WhatsappAccount, sealer: Sealer, now_ms: int) -> None:
    """Store the credentials, and let the profile send from its own WhatsApp number."""
    await store.set_waba(
        tx,
        account.id,
        waba_id=whatsapp.waba_id,
        phone_number_id=whatsapp.phone_number_id,
        token_sealed=sealer.seal(whatsapp.access_token, row_id=account.id),
    )
    await accounts.configure_simulated_channels(
        tx, account.id, name=account.name, now_ms=now_ms, names=(WHATSAPP,), is_profile=True
    )


async def _profiles(tx: Tx, organization: Account, found: Sequence[Account]) -> list[Profile]:
    """Two statements for any number of profiles."""
    if not found:
        return []
    details = await store.details(tx, [account.id for account in found])
    brands = await compliance.brands_of(tx, found)
    return [
        Profile(account, organization.email, details.get(account.id, ProfileDetails()), brands.get(account.id))
        for account in found
    ]
