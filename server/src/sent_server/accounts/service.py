"""Operations on accounts and keys, and the overview that an account sees of itself."""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NoReturn

import orjson

from sent_server.accounts import sharing, store
from sent_server.accounts.callers import active_callers, find_caller
from sent_server.accounts.model import (
    ACTIVE,
    KINDS,
    MAX_NAME_LENGTH,
    OPTIONS,
    PROFILE_FLAGS,
    QUOTAS,
    ROLES,
    STATUSES,
    TIERS,
    Account,
    Key,
    OperatorError,
)
from sent_server.channels import service as channels
from sent_server.channels.model import ChannelConfig
from sent_server.connections import service as connections
from sent_server.db import Tx, virtual_clock
from sent_server.errors import ApiError
from sent_server.http.authentication import hash_key
from sent_server.kernel import ids, mailbox, typed_text
from sent_server.kernel.channels import BASE_CHANNELS, SMS
from sent_server.kernel.sealing import Sealer
from sent_server.kernel.values import value_object
from sent_server.ledger import service as ledger
from sent_server.ledger.model import Balances

__all__ = ["active_callers", "find_caller"]
SIMULATOR = "simulator"
# Area code 500 is not geographic, and 555 01XX would be a magic recipient. Accounts of the operator get one of 9,000
# numbers in exchange 555, which people recognize as fictitious, while some are free. Profiles of tenants never do.
OWN_EXCHANGE = 555
EXCHANGES = tuple(number for number in range(200, 1_000) if number != OWN_EXCHANGE)
TRIES_PER_EXCHANGE = 4
MAX_SENDER_TRIES = 24
NO_SENDER = "No simulated sender number is free; delete a profile that is not needed"


@value_object
class Overview:
    """An account with everything that an operator or GET /v3/me shows.

    `balances` are those of the paying account. `sms_owner_id` has the number that sends SMS: the account itself, or the
    organization of a profile.
    """

    account: Account
    balances: Balances
    channels: dict[str, ChannelConfig]
    sms_owner_id: str | None
    profiles: list[Account]
    quotas: dict[str, int]
    options: frozenset[str]
    keys: list[Key]


async def create_account(
    tx: Tx,
    *,
    name: str,
    kind: str = "organization",
    organization_id: str | None = None,
    tier: str = "growth",
    status: str = ACTIVE,
    email: str | None = None,
    sealer: Sealer,
    now_ms: int,
) -> Account:
    """A new customer with empty ledger accounts. A profile shares the state and tier of its organization."""
    if typed_text.is_blank(name) or len(name) > MAX_NAME_LENGTH or not mailbox.is_one_line(name):
        _refuse(f"the name must have 1 to {MAX_NAME_LENGTH} characters on one line")
    _one_of("kind", kind, KINDS)
    _one_of("tier", tier, TIERS)
    _one_of("status", status, STATUSES)
    if organization_id is not None:
        parent = await find(tx, organization_id)
        if parent.kind != "organization":
            _refuse(f"{organization_id} is a {parent.kind}; only an organization has profiles")
        return await create_profile(
            tx, parent, name=name.strip(), billing_model="organization", status="approved", sealer=sealer, now_ms=now_ms
        )
    if kind == "profile":
        _refuse("a profile needs its organization")
    await virtual_clock.hold(tx)  # the virtual clock must not move while a second organization is created
    account_id = ids.new_id(now_ms)
    account = Account(
        id=account_id,
        kind=kind,
        organization_id=account_id,
        name=name.strip(),
        short_name=None,
        email=email,
        icon=None,
        description=None,
        status=status,
        profile_status=None,
        settings_json=None,
        billing_model=None,
        tier=tier,
        messages_per_minute=None,
        created_at_ms=now_ms,
    )
    await _open(tx, account, sealer)
    return account


async def create_profile(
    tx: Tx,
    organization: Account,
    *,
    name: str,
    short_name: str | None = None,
    icon: str | None = None,
    description: str | None = None,
    flags: Mapping[str, bool] = PROFILE_FLAGS,
    billing_model: str,
    status: str,
    sealer: Sealer,
    now_ms: int,
) -> Account:
    """A new profile with its own empty ledger accounts. `status` is the profile's, not that of the onboarding."""
    account = Account(
        id=ids.new_id(now_ms),
        kind="profile",
        organization_id=organization.id,
        name=name,
        short_name=short_name,
        email=None,
        icon=icon,
        description=description,
        status=organization.status,
        profile_status=status,
        settings_json=orjson.dumps({**PROFILE_FLAGS, **flags}).decode(),
        billing_model=billing_model,
        tier=organization.tier,
        messages_per_minute=None,
        created_at_ms=now_ms,
    )
    await _open(tx, account, sealer)
    await sharing.share(tx, account)
    return account


async def _open(tx: Tx, account: Account, sealer: Sealer) -> None:
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    await store.insert(tx, account, callback_secret_sealed=sealer.seal(secret, row_id=account.id))
    await ledger.open_ledger(tx, account.id)


async def configure_simulated_channels(
    tx: Tx,
    customer_id: str,
    *,
    name: str,
    now_ms: int,
    names: Sequence[str] = BASE_CHANNELS,
    is_profile: bool = False,
) -> dict[str, str]:
    """Configure these channels on the simulated carrier, with one fictitious number that no other account has.

    Raises BUSINESS_008 when no number is found.
    """
    sender = await _free_sender(tx, is_profile=is_profile)
    for channel in names:
        await channels.configure(
            tx, customer_id, channel, carrier=SIMULATOR, sender=sender, business_name=name, now_ms=now_ms
        )
    return dict.fromkeys(names, sender)


async def _free_sender(tx: Tx, *, is_profile: bool) -> str:
    """Needs few look-ups: there are eight million numbers, and the quota of profiles keeps most of them free."""
    for tried in range(MAX_SENDER_TRIES):
        common = is_profile or tried >= TRIES_PER_EXCHANGE
        exchange = secrets.choice(EXCHANGES) if common else OWN_EXCHANGE
        sender = f"+1500{exchange}{secrets.randbelow(9_000) + 1_000}"
        if not await connections.sender_taken(tx, SIMULATOR, sender):
            return sender
    raise ApiError("BUSINESS_008", NO_SENDER)


async def create_key(
    tx: Tx, customer_id: str, *, role: str, user_id: str | None = None, now_ms: int
) -> tuple[str, str]:
    """Returns (key id, key). Only the hash is stored, so the key is shown only this once.

    With `user_id`, an existing user of this customer, the key belongs to that user and always has the user's role.
    """
    _one_of("role", role, ROLES)
    await find(tx, customer_id)
    api_key = ids.new_api_key()
    key = Key(ids.new_id(now_ms), customer_id, role, api_key[-4:], now_ms, None, user_id)
    await store.insert_key(tx, key, key_hash=hash_key(api_key))
    return key.id, api_key


async def list_keys(tx: Tx, customer_id: str) -> list[Key]:
    await find(tx, customer_id)
    return await store.keys(tx, customer_id)


async def revoke_key(tx: Tx, key_id: str, *, now_ms: int) -> None:
    if not await store.revoke_key(tx, key_id, now_ms=now_ms):
        _refuse(f"no key has the id {key_id}; see `sent keys list CUSTOMER`")


async def revoke_keys_of_user(tx: Tx, customer_id: str, user_id: str, *, now_ms: int) -> None:
    await store.revoke_keys_of_user(tx, customer_id, user_id, now_ms=now_ms)


async def set_status(tx: Tx, customer_id: str, status: str, *, now_ms: int) -> None:
    """Move an organization, and with it its profiles, through the onboarding."""
    _one_of("status", status, STATUSES)
    account = await find(tx, customer_id)
    await store.set_status(tx, account.organization_id, status, now_ms=now_ms)


async def set_tier(tx: Tx, customer_id: str, tier: str, messages_per_minute: int | None = None) -> None:
    """`messages_per_minute` is an individual limit for the enterprise tier."""
    _one_of("tier", tier, TIERS)
    if messages_per_minute is not None and (tier != "enterprise" or messages_per_minute < 1):
        _refuse("messages per minute goes with the enterprise tier and is at least 1")
    account = await find(tx, customer_id)
    await store.set_tier(tx, account.organization_id, tier, messages_per_minute)


async def set_quota(tx: Tx, customer_id: str, name: str, number: int | None) -> None:
    """An individual quota for an organization and its profiles. None restores the default of the settings."""
    _one_of("quota", name, QUOTAS)
    account = await find(tx, customer_id)
    quotas = await store.quotas(tx, account.organization_id, for_change=True)
    if number is None:
        quotas.pop(name, None)
    else:
        quotas[name] = number
    await store.set_quotas(tx, account.organization_id, quotas)


async def set_template_auto_creation(tx: Tx, customer_id: str, *, allowed: bool) -> None:
    """Whether an organization may create templates on its profiles."""
    account = await find(tx, customer_id)
    if account.kind != "organization":
        _refuse(f"{customer_id} is a {account.kind}; only an organization has profiles")
    await store.set_template_auto_creation(tx, customer_id, allowed=allowed)


async def set_mms(tx: Tx, customer_id: str, *, enabled: bool) -> None:
    """Whether an organization and its profiles send MMS from their SMS numbers."""
    account = await find(tx, customer_id)
    await store.set_mms(tx, account.organization_id, enabled=enabled)


async def may_create_on_profiles(tx: Tx, customer_id: str) -> bool:
    account = await store.find(tx, customer_id)
    return account is not None and account.may_create_on_profiles


async def set_option(tx: Tx, customer_id: str, name: str, *, on: bool) -> None:
    """Switch an option of an organization and its profiles."""
    _one_of("option", name, OPTIONS)
    account = await find(tx, customer_id)
    options = await store.options(tx, account.organization_id, for_change=True)
    await store.set_options(tx, account.organization_id, options | {name} if on else options - {name})


async def find(tx: Tx, customer_id: str) -> Account:
    """Raises OperatorError for an unknown id."""
    account = await store.find(tx, customer_id)
    if account is None:
        raise _unknown(customer_id)
    return account


async def hold_profiles(tx: Tx, organization_id: str) -> None:
    """Lock: no other transaction adds a profile to the organization until this one ends."""
    await store.lock_profiles(tx, organization_id)


async def count_profiles(tx: Tx, organization_id: str) -> int:
    return await store.count_profiles(tx, organization_id)


async def look_up(tx: Tx, customer_id: str) -> Account | None:
    """None for an unknown or deleted customer."""
    return await store.find(tx, customer_id)


async def is_single_organization(tx: Tx) -> bool:
    """Whether the whole installation belongs to one organization, with its profiles.

    No second one can appear while the transaction holds the clock (`virtual_clock.hold`).
    """
    return await store.is_single_organization(tx)


async def profile(tx: Tx, organization_id: str, profile_id: str) -> Account | None:
    """A profile of this organization; None for any other id."""
    found = await store.find(tx, profile_id)
    is_theirs = found is not None and found.kind == "profile" and found.organization_id == organization_id
    return found if is_theirs else None


async def profiles(tx: Tx, organization_id: str) -> list[Account]:
    """All profiles of an organization, oldest first."""
    return await store.profiles(tx, organization_id)


async def show(tx: Tx, customer_id: str) -> Overview:
    """Raises OperatorError for an unknown id. A profile has the email address of its organization."""
    account = await find(tx, customer_id)
    if account.kind == "profile":
        organization = await find(tx, account.organization_id)
        account = replace(account, email=organization.email)
    configured = await channels.configured(tx, [(account.id, account.organization_id)])
    return Overview(
        account,
        await ledger.balances(tx, account.payer_id),
        configured[account.id],
        await _sms_owner(tx, account, configured[account.id]),
        await store.profiles(tx, account.id),
        await store.quotas(tx, account.organization_id),
        await store.options(tx, account.organization_id),
        await store.keys(tx, account.id),
    )


async def _sms_owner(tx: Tx, account: Account, configured: Mapping[str, ChannelConfig]) -> str | None:
    sms = configured.get(SMS)
    if sms is None or account.id == account.organization_id:
        return None if sms is None else account.id
    own = (await connections.own_senders(tx, [account.id]))[account.id].get(SMS, ())
    return account.id if any(sender.value == sms.sender for sender in own) else account.organization_id


async def callback_secret(tx: Tx, sealer: Sealer, customer_id: str) -> str:
    """The secret that signs posts to addresses in requests (webhook_url, callback_url)."""
    sealed = await store.callback_secret(tx, customer_id)
    if sealed is None:
        raise _unknown(customer_id)
    return sealer.open(sealed, row_id=customer_id)


def _unknown(customer_id: str) -> OperatorError:
    return OperatorError(f"no customer has the id {customer_id}; `sent accounts create NAME` makes one")


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        _refuse(f"{value!r} is not a {what}; use one of {', '.join(allowed)}")


def _refuse(message: str) -> NoReturn:
    raise OperatorError(message)
