"""Channels on both engines: a profile falls back on its organization, one channel at a time."""

import asyncio

from sent_server.channels import service
from sent_server.channels.model import ChannelConfig
from sent_server.connections import service as connections
from sent_server.db import migrate
from sent_server.db.open import open_database

ORG, PROFILE, OTHER = (f"0190a000-0000-7000-8000-00000000000{n}" for n in (1, 2, 3))
CUSTOMER = """
    INSERT INTO customers (id, kind, organization_id, name, status, tier, callback_secret_sealed, created_at_ms)
    VALUES (:id, 'organization', :organization_id, 'x', 'ACTIVE', 'growth', '', 1)
"""


def run(url, scenario):
    async def go():
        database = await open_database(url)
        try:
            await migrate.apply(database)
            rows = [(ORG, ORG), (PROFILE, ORG), (OTHER, OTHER)]
            await database.write(lambda tx: tx.execute_many(CUSTOMER, rows))
            await scenario(database)
        finally:
            await database.close()

    asyncio.run(go())


def configure(database, customer_id, channel, sender, *, carrier="simulator", name=None, now_ms=1):
    return database.write(
        lambda tx: service.configure(
            tx, customer_id, channel, carrier=carrier, sender=sender, business_name=name, now_ms=now_ms
        )
    )


def test_a_profile_uses_its_own_channel_and_its_organizations_for_the_rest(database_url):
    async def scenario(database):
        await configure(database, ORG, "sms", "+15005551001")
        await configure(database, ORG, "whatsapp", "+15005551001", name="Acme")
        await configure(database, PROFILE, "sms", "+15005551002")
        own = ChannelConfig("sms", "simulator", "+15005551002", None)
        lent = ChannelConfig("whatsapp", "simulator", "+15005551001", "Acme")
        found = await database.read(lambda tx: service.configured(tx, [(PROFILE, ORG), (ORG, ORG), (OTHER, OTHER)]))
        assert found == {
            PROFILE: {"sms": own, "whatsapp": lent},
            ORG: {"sms": ChannelConfig("sms", "simulator", "+15005551001", None), "whatsapp": lent},
            OTHER: {},
        }

    run(database_url, scenario)


def test_nobody_has_no_channels(database_url):
    async def scenario(database):
        assert await database.read(lambda tx: service.configured(tx, [])) == {}

    run(database_url, scenario)


def test_configuring_again_replaces(database_url):
    async def scenario(database):
        await configure(database, ORG, "rcs", "+15005551001", name="Before")
        await configure(database, ORG, "rcs", "+15005551009", carrier="other", name=None)
        found = await database.read(lambda tx: service.configured(tx, [(ORG, ORG)]))
        assert found[ORG] == {"rcs": ChannelConfig("rcs", "other", "+15005551009", None)}
        assert (
            await database.read(lambda tx: connections.owner_of_sender(tx, "simulator", "rcs", "+15005551001")) is None
        )

    run(database_url, scenario)


def test_the_owner_of_a_number_is_found_by_carrier_channel_and_number(database_url):
    async def scenario(database):
        await configure(database, OTHER, "sms", "+15005551001", now_ms=2)
        await configure(database, ORG, "sms", "+15005551001", now_ms=1)

        def owner(carrier, channel, sender):
            return database.read(lambda tx: connections.owner_of_sender(tx, carrier, channel, sender))

        assert await owner("simulator", "sms", "+15005551001") == ORG  # the first to have it
        assert await owner("simulator", "whatsapp", "+15005551001") is None
        assert await owner("other", "sms", "+15005551001") is None
        assert await owner("simulator", "sms", "+15005551002") is None

    run(database_url, scenario)
