"""Accounts and keys on both engines: who a key speaks for, what keeps it out, and what operators may not do."""

import asyncio
import contextlib
import os

import pytest

from sent_server import demo_account
from sent_server.accounts import OperatorError, model, service
from sent_server.connections import service as connections
from sent_server.db import migrate
from sent_server.db.open import open_database
from sent_server.errors import ApiError
from sent_server.http.authentication import hash_key
from sent_server.http.caller import Caller, Role, Tier
from sent_server.kernel.sealing import Sealer
from sent_server.ledger import service as ledger
from sent_server.ledger.model import Balances

SEALER = Sealer(os.urandom(32))
UNKNOWN_ID = "0190a0b0-c0d0-7000-8000-00000000dead"


def run(url, scenario):
    async def go():
        database = await open_database(url)
        try:
            await migrate.apply(database)
            await scenario(database)
        finally:
            await database.close()

    asyncio.run(go())


def make(database, name="Acme", **given):
    return database.write(lambda tx: service.create_account(tx, name=name, sealer=SEALER, now_ms=1_000, **given))


def make_key(database, customer_id, role="admin"):
    return database.write(lambda tx: service.create_key(tx, customer_id, role=role, now_ms=1_000))


def find(database, api_key, profile_id=None):
    return database.read(lambda tx: service.find_caller(tx, hash_key(api_key), profile_id))


async def bill_to(database, profile_id, billing_model):
    sql = "UPDATE customers SET billing_model = :billing_model WHERE id = :customer_id"
    await database.write(lambda tx: tx.execute(sql, billing_model=billing_model, customer_id=profile_id))


def test_a_key_speaks_for_its_organization(database_url):
    async def scenario(database):
        acme = await make(database, tier="enterprise")
        await database.write(lambda tx: service.set_tier(tx, acme.id, "enterprise", 1_200))
        key_id, api_key = await make_key(database, acme.id, "developer")
        assert await find(database, api_key) == Caller(
            customer_id=acme.id,
            organization_id=acme.id,
            ledger_id=acme.id,
            key_id=key_id,
            role=Role.DEVELOPER,
            tier=Tier.ENTERPRISE,
            messages_per_minute=1_200,
            gate=None,
        )

    run(database_url, scenario)


@pytest.mark.parametrize(
    ("billing_model", "who"),
    [(None, "profile"), ("profile", "profile"), ("organization", "parent"), ("profile_and_organization", "parent")],
)
def test_the_billing_model_says_who_pays_for_a_profile(database_url, billing_model, who):
    async def scenario(database):
        parent = await make(database, tier="starter")
        profile = await make(database, "Team", organization_id=parent.id)
        await bill_to(database, profile.id, billing_model)
        _, parent_key = await make_key(database, parent.id)
        _, profile_key = await make_key(database, profile.id)
        for caller, scoped in (
            (await find(database, parent_key, profile.id), True),
            (await find(database, parent_key, profile.id.upper()), True),
            (await find(database, profile_key), False),
        ):
            assert (caller.customer_id, caller.organization_id) == (profile.id, parent.id)
            assert caller.ledger_id == {"profile": profile.id, "parent": parent.id}[who]
            assert (caller.tier, caller.scoped) == (Tier.STARTER, scoped)

    run(database_url, scenario)


def test_every_profile_out_of_reach_is_refused_alike(database_url):
    async def scenario(database):
        ours, theirs = await make(database), await make(database, "Other")
        profile = await make(database, "Team", organization_id=ours.id)
        foreign = await make(database, "Their team", organization_id=theirs.id)
        deleted = await make(database, "Gone", organization_id=ours.id)
        sql = "UPDATE customers SET deleted_at_ms = 1 WHERE id = :customer_id"
        await database.write(lambda tx: tx.execute(sql, customer_id=deleted.id))
        _, our_key = await make_key(database, ours.id)
        _, profile_key = await make_key(database, profile.id)
        attempts = [(our_key, wanted) for wanted in (UNKNOWN_ID, foreign.id, theirs.id, ours.id, deleted.id, "x", "")]
        attempts += [(our_key, "{" + profile.id + "}"), (profile_key, profile.id), (profile_key, ours.id)]
        refusals = set()
        for api_key, wanted in attempts:
            with pytest.raises(ApiError) as refused:
                await find(database, api_key, wanted)
            refusals.add((refused.value.code, refused.value.message, refused.value.details))
        assert len(refusals) == 1
        assert refusals.pop()[0] == "AUTH_004"

    run(database_url, scenario)


def test_unknown_revoked_and_deleted_keys_are_nobody(database_url):
    async def scenario(database):
        acme = await make(database)
        profile = await make(database, "Team", organization_id=acme.id)
        key_id, revoked = await make_key(database, acme.id)
        _, of_profile = await make_key(database, profile.id)
        await database.write(lambda tx: service.revoke_key(tx, key_id, now_ms=2_000))
        sql = "UPDATE customers SET deleted_at_ms = 1 WHERE id = :customer_id"
        await database.write(lambda tx: tx.execute(sql, customer_id=acme.id))
        for api_key in ("no such key", revoked, of_profile):
            assert await find(database, api_key) is None
            assert await find(database, api_key, UNKNOWN_ID) is None

    run(database_url, scenario)


def test_only_the_hash_of_a_key_is_stored(database_url):
    async def scenario(database):
        acme = await make(database)
        key_id, api_key = await make_key(database, acme.id)
        stored = await database.read(lambda tx: tx.fetch("SELECT * FROM api_keys"))
        assert api_key not in repr(stored)
        keys = await database.read(lambda tx: service.list_keys(tx, acme.id))
        assert [(key.id, key.role, key.hint, key.revoked_at_ms) for key in keys] == [
            (key_id, "admin", api_key[-4:], None)
        ]

    run(database_url, scenario)


def test_a_second_revocation_keeps_the_first_time(database_url):
    async def scenario(database):
        acme = await make(database)
        key_id, _ = await make_key(database, acme.id)
        for now_ms in (2_000, 3_000):
            await database.write(lambda tx, now_ms=now_ms: service.revoke_key(tx, key_id, now_ms=now_ms))
        assert [key.revoked_at_ms for key in await database.read(lambda tx: service.list_keys(tx, acme.id))] == [2_000]

    run(database_url, scenario)


def test_onboarding_opens_step_by_step_and_takes_the_profiles_along(database_url):
    async def scenario(database):
        acme = await make(database, status="SIGNED_UP")
        profile = await make(database, "Team", organization_id=acme.id)
        keys = [(await make_key(database, owner))[1] for owner in (acme.id, profile.id)]

        async def gates():
            return {(await find(database, api_key)).gate for api_key in keys}

        assert await gates() == {"AUTH_006"}
        await database.write(lambda tx: service.set_status(tx, acme.id, "KYC_COMPLETED", now_ms=2))
        assert await gates() == {"AUTH_007"}
        await database.write(lambda tx: service.configure_simulated_channels(tx, acme.id, name="Acme", now_ms=3))
        assert await gates() == {"AUTH_005"}
        await database.write(lambda tx: service.set_status(tx, acme.id, "ACTIVE", now_ms=4))
        assert await gates() == {None}

    run(database_url, scenario)


def test_every_onboarding_state_has_its_gate():
    assert {status: model.gate(status, has_channel=False) for status in model.STATUSES} == {
        "SIGNED_UP": "AUTH_006",
        "KYC_STARTED": "AUTH_006",
        "WHITELISTED": "AUTH_006",
        "KYC_RESUBMISSION_REQUESTED": "AUTH_006",
        "ONBOARDING_STARTED": "AUTH_006",
        "KYC_COMPLETED": "AUTH_007",
        "MESSAGE_COMPLIANCE_COMPLETED": "AUTH_007",
        "ACTIVE": None,
    }


def test_an_operators_mistake_is_told_with_the_next_step_and_changes_nothing(database_url):
    async def scenario(database):
        acme = await make(database)
        profile = await make(database, "Team", organization_id=acme.id)
        before = await database.read(lambda tx: service.show(tx, acme.id))
        attempts = {
            "1 to 200 characters": lambda: make(database, "  "),
            "use one of starter": lambda: make(database, tier="gold"),
            "use one of SIGNED_UP": lambda: make(database, status="active"),
            "only an organization has profiles": lambda: make(database, organization_id=profile.id),
            "a profile needs its organization": lambda: make(database, kind="profile"),
            "sent accounts create": lambda: make_key(database, UNKNOWN_ID),
            "use one of admin": lambda: make_key(database, acme.id, "owner"),
            "sent keys list": lambda: database.write(lambda tx: service.revoke_key(tx, UNKNOWN_ID, now_ms=1)),
            "SIGNED_UP, KYC_STARTED": lambda: database.write(
                lambda tx: service.set_status(tx, acme.id, "RICH", now_ms=1)
            ),
            "goes with the enterprise tier": lambda: database.write(
                lambda tx: service.set_tier(tx, acme.id, "growth", 100)
            ),
            "no customer has the id": lambda: database.read(lambda tx: service.show(tx, "acme")),
        }
        for told, attempt in attempts.items():
            with pytest.raises(OperatorError) as refused:
                await attempt()
            assert told in str(refused.value)
        assert await database.read(lambda tx: service.show(tx, acme.id)) == before

    run(database_url, scenario)


def test_an_id_is_found_as_it_is_written_or_not_at_all(database_url):
    """Or a command could go on with a spelling that no other table knows."""

    async def scenario(database):
        acme = await make(database)
        shouted = acme.id.upper()
        assert shouted != acme.id
        with pytest.raises(OperatorError):
            await database.read(lambda tx: service.show(tx, shouted))

    run(database_url, scenario)


def test_the_overview_shows_channels_profiles_and_the_balance_that_pays(database_url):
    async def scenario(database):
        acme = await make(database, email="team@acme.example")
        await database.write(lambda tx: ledger.top_up(tx, acme.id, 5_000_000, ref="t", now_ms=1))
        await database.write(lambda tx: service.configure_simulated_channels(tx, acme.id, name="Acme", now_ms=1))
        profile = await make(database, "Team", organization_id=acme.id)
        await bill_to(database, profile.id, "organization")
        of_acme = await database.read(lambda tx: service.show(tx, acme.id))
        of_profile = await database.read(lambda tx: service.show(tx, profile.id))
        assert [listed.id for listed in of_acme.profiles] == [profile.id]
        assert of_profile.profiles == []
        assert of_profile.account.email == "team@acme.example"
        assert of_profile.channels == of_acme.channels
        assert set(of_acme.channels) == {"sms", "whatsapp", "rcs"}
        assert of_acme.balances == of_profile.balances == Balances(5_000_000, 0)
        await bill_to(database, profile.id, "profile")
        assert (await database.read(lambda tx: service.show(tx, profile.id))).balances == Balances(0, 0)

    run(database_url, scenario)


def test_a_callback_secret_is_each_accounts_own_and_sealed(database_url):
    async def scenario(database):
        accounts = [await make(database), await make(database, "Other")]
        secrets = [
            await database.read(lambda tx, a=account: service.callback_secret(tx, SEALER, a.id)) for account in accounts
        ]
        assert len(set(secrets)) == 2
        assert all(secret.startswith("whsec_") for secret in secrets)
        stored = repr(await database.read(lambda tx: tx.fetch("SELECT * FROM customers")))
        assert not [secret for secret in secrets if secret in stored or secret.removeprefix("whsec_") in stored]
        with pytest.raises(OperatorError):
            await database.read(lambda tx: service.callback_secret(tx, SEALER, UNKNOWN_ID))

    run(database_url, scenario)


def test_simulated_senders_are_never_shared_and_never_magic(database_url):
    async def scenario(database):
        seen = set()
        for number in range(20):
            account = await make(database, f"Tenant {number}")
            senders = await database.write(
                lambda tx, a=account: service.configure_simulated_channels(tx, a.id, name=a.name, now_ms=1)
            )
            (sender,) = set(senders.values())
            assert sender not in seen
            assert sender[5:10] != "55501"
            seen.add(sender)
            for channel in senders:
                owner = await database.read(
                    lambda tx, c=channel, s=sender: connections.owner_of_sender(tx, "simulator", c, s)
                )
                assert owner == account.id

    run(database_url, scenario)


def test_the_demo_account_can_send_at_once(database_url):
    async def scenario(database):
        made = await database.write(lambda tx: demo_account.create_demo(tx, sealer=SEALER, tier="growth", now_ms=1_000))
        caller = await find(database, made.api_key)
        assert (caller.customer_id, caller.role, caller.tier, caller.gate) == (
            made.customer_id,
            Role.ADMIN,
            Tier.GROWTH,
            None,
        )
        overview = await database.read(lambda tx: service.show(tx, made.customer_id))
        assert overview.balances == Balances(10_000_000_000, 0)
        senders = {channel: config.sender for channel, config in overview.channels.items()}
        assert senders == {**made.sender_numbers, "mms": made.sender_numbers["sms"]}
        assert made.template_ids

    run(database_url, scenario)


def test_a_failed_creation_leaves_nothing(database_url):
    async def scenario(database):
        async def fail(tx):
            await service.create_account(tx, name="Half", sealer=SEALER, now_ms=1)
            raise RuntimeError

        with contextlib.suppress(RuntimeError):
            await database.write(fail)
        for table in ("customers", "ledger_balances"):
            assert (await database.read(lambda tx, t=table: tx.fetch(f"SELECT COUNT(*) FROM {t}")))[0][0] == 0

    run(database_url, scenario)
