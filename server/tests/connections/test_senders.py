"""Senders on both engines: which ones an account may use, and what becomes of those of the release before."""

import asyncio

import pytest

from harness.server import Server
from sent_server.channels import service as channels
from sent_server.connections import service
from sent_server.db import Tx, migrate, open_database

BEFORE = 19
ORG, PROFILE, OTHER = (f"0190a000-0000-7000-8000-00000000000{n}" for n in (1, 2, 3))
HOME, OWN = "+15005551001", "+15005551002"
CUSTOMER = """
    INSERT INTO customers (id, kind, organization_id, name, status, tier, callback_secret_sealed, created_at_ms)
    VALUES (:id, 'organization', :organization_id, 'x', 'ACTIVE', 'growth', '', 1)
"""
SENDER = """
    INSERT INTO senders (customer_id, channel, connection_id, value, kind, country, number_type, state, is_default,
        created_at_ms)
    VALUES (:customer_id, 'sms', 'simulator', :value, 'alphanumeric', :country, 'ALPHANUMERIC', :state, 0, :at_ms)
"""
# As the release before wrote it.
OLD_PUT = """
    INSERT INTO channels (customer_id, channel, carrier, sender, business_name, created_at_ms)
    VALUES (:customer_id, :channel, 'simulator', :sender, :business_name, 1)
    ON CONFLICT (customer_id, channel) DO UPDATE
    SET carrier = excluded.carrier, sender = excluded.sender, business_name = excluded.business_name
"""
OLD_LIMIT = "UPDATE channels SET messages_per_second = 7 WHERE customer_id = :customer_id AND channel = 'sms'"


def run(url, scenario, *, version=0, monkeypatch=None):
    async def go():
        database = await open_database(url)
        try:
            if monkeypatch:
                known = [one for one in migrate.known() if one.version <= version]
                with monkeypatch.context() as patched:
                    patched.setattr(migrate, "known", lambda: known)
                    await migrate.apply(database)
            else:
                await migrate.apply(database)
            rows = [(ORG, ORG), (PROFILE, ORG), (OTHER, OTHER)]
            await database.write(lambda tx: tx.execute_many(CUSTOMER, rows))
            await scenario(database)
        finally:
            await database.close()

    asyncio.run(go())


async def old_put(database, customer_id, channel, sender, name=None):
    await database.write(
        lambda tx: tx.execute(OLD_PUT, customer_id=customer_id, channel=channel, sender=sender, business_name=name)
    )


async def add(database, customer_id, value, country, *, state="active", at_ms=2):
    await database.write(
        lambda tx: tx.execute(SENDER, customer_id=customer_id, value=value, country=country, state=state, at_ms=at_ms)
    )


async def sms_of(database, customer_id=ORG, organization_id=ORG):
    found = await database.read(lambda tx: service.active_senders(tx, [(customer_id, organization_id)]))
    return [sender.value for sender in found[customer_id].get("sms", ())]


def test_senders_of_the_release_before_are_default_senders(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(database):
        await old_put(database, ORG, "sms", HOME, "Acme")
        await old_put(database, ORG, "rcs", HOME)
        await database.write(lambda tx: tx.execute(OLD_LIMIT, customer_id=ORG))
        await migrate.apply(database)
        found = (await database.read(lambda tx: service.active_senders(tx, [(ORG, ORG)])))[ORG]
        (sms,) = found["sms"]
        assert set(found) == {"sms", "rcs"}
        assert (sms.connection_id, sms.value, sms.kind, sms.business_name, sms.messages_per_second, sms.is_default) == (
            "simulator", HOME, "number", "Acme", 7, True,
        )  # fmt: skip
        assert [one.id for one, _ in await database.read(service.list_connections)] == ["simulator"]

    run(empty_database_url, scenario, version=BEFORE, monkeypatch=monkeypatch)


def test_changes_by_the_release_before_are_seen(database_url: str) -> None:
    async def scenario(database):
        await old_put(database, ORG, "sms", HOME)
        await old_put(database, ORG, "sms", OWN, "Acme")
        await database.write(lambda tx: tx.execute(OLD_LIMIT, customer_id=ORG))
        assert await sms_of(database) == [OWN]
        assert not await database.read(lambda tx: service.sender_taken(tx, "simulator", HOME))
        assert await database.read(lambda tx: service.throughput(tx, "simulator", [HOME, OWN])) == {OWN: 7}

    run(database_url, scenario)


def test_a_sender_of_a_market_that_becomes_the_default_stays_when_another_one_does(database_url: str) -> None:
    async def scenario(database):
        await add(database, ORG, HOME, "US")
        await old_put(database, ORG, "sms", HOME)
        assert await sms_of(database) == [HOME]
        await old_put(database, ORG, "sms", OWN)
        assert await sms_of(database) == [OWN, HOME]

    run(database_url, scenario)


def test_a_profile_uses_the_senders_of_its_organization_until_it_has_a_default(database_url: str) -> None:
    async def scenario(database):
        await old_put(database, ORG, "sms", HOME)
        await add(database, ORG, "ACMEUK", "GB")
        await add(database, ORG, "GONE", "GB", state="inactive")
        await add(database, PROFILE, "SALES", "DE", at_ms=3)
        await add(database, OTHER, "OTHER", "GB")
        assert await sms_of(database) == [HOME, "ACMEUK"]
        assert await sms_of(database, PROFILE) == [HOME, "ACMEUK", "SALES"]
        await old_put(database, PROFILE, "sms", OWN)
        assert await sms_of(database, PROFILE) == [OWN, "SALES"]
        assert await sms_of(database) == [HOME, "ACMEUK"]
        assert await sms_of(database, OTHER, OTHER) == ["OTHER"]

    run(database_url, scenario)


def test_a_recipient_gets_the_sender_of_the_market_of_its_country(database_url: str) -> None:
    async def scenario(database):
        await old_put(database, ORG, "sms", HOME)
        await add(database, ORG, "SECOND", "GB", at_ms=3)
        await add(database, ORG, "FIRST", "GB", at_ms=2)
        await add(database, ORG, "+18005550199", "US")

        async def configured(tx: Tx):
            return (await channels.configured(tx, [(ORG, ORG)]))[ORG]["sms"]

        config = await database.read(configured)
        assert config.sender_for("GB") == ("simulator", "FIRST")
        assert config.sender_for("US") == ("simulator", HOME)  # the default serves its own country
        assert config.sender_for("FR") == ("simulator", HOME)

    run(database_url, scenario)


def test_an_inbound_message_finds_the_owner_of_any_sender(database_url: str) -> None:
    async def scenario(database):
        await old_put(database, ORG, "sms", HOME)
        await add(database, OTHER, OWN, "US")

        async def owner(tx: Tx, value: str):
            return await service.owner_of_sender(tx, "simulator", "sms", value)

        assert await database.read(lambda tx: owner(tx, HOME)) == ORG
        assert await database.read(lambda tx: owner(tx, OWN)) == OTHER
        assert await database.read(lambda tx: owner(tx, "+15005551003")) is None

    run(database_url, scenario)


def test_the_operator_lists_the_connections(server: Server) -> None:
    (simulator,) = server.operate("connections", "list")
    assert simulator.pop("senders") >= 3
    assert simulator == {
        "id": "simulator", "driver": "simulator", "customer_id": None, "state": "ready",
        "paused_until": None, "reason": None, "waits_for": None,
    }  # fmt: skip
