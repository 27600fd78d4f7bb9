"""Brands and campaigns on both engines: whose they are, what may change, and what completing a profile learns."""

import asyncio
from collections.abc import Sequence

import pytest

from compliance.worlds import INHERITS, OWN, OWN_BRAND, OWN_CAMPAIGNS, World, brand, campaign, run
from sent_server.accounts.model import Account
from sent_server.compliance import campaigns, service, wire
from sent_server.compliance.model import Facts, Registration
from sent_server.errors import ApiError

MAIN = [{"id": "US", "isMain": True}, {"id": "CA"}]


async def put(world: World, profile: Account, *details: object) -> service.Brand:
    return await world.write(service.put_brand, profile.organization_id, profile.id, *details)


def test_put_makes_a_brand_and_then_changes_what_is_named(database_url: str) -> None:
    async def scenario(world: World) -> None:
        profile = await world.profile(OWN)
        made = await put(world, profile, brand("Ann", notes="first", destinationCountries=MAIN))
        world.clock.advance(50)
        changed = await put(world, profile, brand("Bob"))
        read = await world.read(service.brand_of, profile.id)
        assert wire.brand_wire(changed) == wire.brand_wire(read)
        assert (made.updated_at_ms, read.id, read.updated_at_ms) == (None, made.id, 1_050)
        assert wire.brand_wire(read)["contact"]["name"] == "Bob"
        assert wire.brand_wire(read)["compliance"] == {
            "vertical": "RETAIL",
            "brand_relationship": "SMALL_ACCOUNT",
            "primary_use_case": None,
            "expected_messaging_volume": None,
            "is_tcr_application": True,
            "phone_number_prefix": None,
            "destination_countries": [{"id": "US", "isMain": True}, {"id": "CA", "isMain": False}],
            "notes": "first",
        }

    run(database_url, scenario)


def test_replacing_a_brand_forgets_what_is_not_named(database_url: str) -> None:
    async def scenario(world: World) -> None:
        profile = await world.profile(OWN)
        await put(world, profile, brand(notes="first"))
        await world.write(service.replace_brand, profile, brand())
        assert (await world.read(service.brand_of, profile.id)).details.compliance.notes is None

    run(database_url, scenario)


def test_who_inherits_sees_the_parents_brand_and_campaigns(database_url: str) -> None:
    async def scenario(world: World) -> None:
        parent = world.organization
        theirs = await world.write(service.create_brand, parent, brand("Parent"))
        notes, _ = await world.write(campaigns.create, parent, campaign("Parent's"))
        inherits, own, borrows, mixed = [
            await world.profile(flags) for flags in (INHERITS, OWN, OWN_CAMPAIGNS, OWN_BRAND)
        ]
        ours = await put(world, own, brand("Own"))
        mine = await put(world, mixed, brand("Mixed"))

        brands = await world.read(service.brands_of, [inherits, own, borrows, mixed, parent])
        seen = {account_id: (found.id, found.is_inherited) for account_id, found in brands.items()}
        assert seen == {
            inherits.id: (theirs.id, True),
            own.id: (ours.id, False),
            borrows.id: (theirs.id, True),
            mixed.id: (mine.id, False),
            parent.id: (theirs.id, False),
        }
        used = {name: await used_by(world, one) for name, one in (("inherits", inherits), ("own", own))}
        used |= {name: await used_by(world, one) for name, one in (("borrows", borrows), ("mixed", mixed))}
        assert used == {
            "inherits": ([notes.id], theirs.id),
            "own": ([], ours.id),
            "borrows": ([], theirs.id),
            "mixed": ([notes.id], theirs.id),
        }
        counts = [await world.read(service.campaign_count, one.id) for one in (inherits, own, borrows, mixed, parent)]
        assert counts == [1, 0, 0, 1, 1]

    run(database_url, scenario)


async def used_by(world: World, account: Account) -> tuple[list[str], str]:
    found, brand_id = await world.read(campaigns.used_by, account)
    return [one.id for one in found], brand_id


def test_what_is_inherited_cannot_be_changed_by_the_heir(database_url: str) -> None:
    async def scenario(world: World) -> None:
        theirs = await world.write(service.create_brand, world.organization, brand())
        notes, _ = await world.write(campaigns.create, world.organization, campaign())
        heir = await world.profile(INHERITS)
        attempts = [
            world.write(service.create_brand, heir, brand()),
            world.write(service.replace_brand, heir, brand()),
            world.do(service.delete_brand, heir),
            world.write(campaigns.create, heir, campaign()),
            world.write(campaigns.update, heir, notes.id, campaign()),
            world.do(campaigns.delete, heir, notes.id),
        ]
        for attempt in attempts:
            with pytest.raises(ApiError, match=r"^VALIDATION_001: .*inherit_tcr_"):
                await attempt
        assert await used_by(world, heir) == ([notes.id], theirs.id)

    run(database_url, scenario)


def test_without_a_brand_there_are_no_campaigns(database_url: str) -> None:
    async def scenario(world: World) -> None:
        heir = await world.profile(INHERITS)
        for account in (world.organization, heir, await world.profile(OWN)):
            with pytest.raises(ApiError, match="RESOURCE_009"):
                await world.read(campaigns.used_by, account)
        with pytest.raises(ApiError, match="RESOURCE_009"):
            await world.write(campaigns.create, world.organization, campaign())
        mixed = await world.profile(OWN_BRAND)
        made = await put(world, mixed, brand())
        assert await used_by(world, mixed) == ([], made.id)

    run(database_url, scenario)


def test_a_use_case_stays_itself_while_the_campaign_keeps_its_kind(database_url: str) -> None:
    async def scenario(world: World) -> None:
        profile = await world.profile(OWN)
        await put(world, profile, brand())
        kinds = [{"messagingUseCaseUs": kind, "sampleMessages": ["a"]} for kind in ("M2M", "TWO_FA", "MIXED")]
        made, _ = await world.write(campaigns.create, profile, campaign(useCases=kinds))
        world.clock.advance(50)
        kinds[1]["sampleMessages"] = ["b"]
        kinds[2] = {"messagingUseCaseUs": "MARKETING", "sampleMessages": ["c"]}
        changed, _ = await world.write(campaigns.update, profile, made.id, campaign(useCases=kinds))
        assert (await world.read(campaigns.used_by, profile))[0][0].use_cases == changed.use_cases
        same, edited, new = changed.use_cases
        assert same == made.use_cases[0]
        assert (edited.id, edited.sample_messages, edited.updated_at_ms) == (made.use_cases[1].id, ["b"], 1_050)
        assert (new.kind, new.created_at_ms, new.updated_at_ms) == ("MARKETING", 1_050, None)
        assert new.id not in {one.id for one in made.use_cases}

    run(database_url, scenario)


def test_deleting_a_brand_takes_its_customers_campaigns_along_and_no_others(database_url: str) -> None:
    async def scenario(world: World) -> None:
        first, second = [await world.profile(OWN) for _ in range(2)]
        for profile in (first, second):
            await put(world, profile, brand())
            await world.write(campaigns.create, profile, campaign())
        await world.do(service.delete_brand, first)
        await put(world, first, brand())
        assert (await used_by(world, first))[0] == []
        assert len((await used_by(world, second))[0]) == 1

    run(database_url, scenario)


def codes(made: Sequence[object]) -> list[object]:
    """Those of the refusals; whatever else went wrong stands for itself."""
    return [getattr(one, "code", one) for one in made if isinstance(one, BaseException)]


def test_two_requests_at_once_make_one_brand(database_url: str) -> None:
    async def scenario(world: World) -> None:
        made = await asyncio.gather(
            *(world.write(service.create_brand, world.organization, brand()) for _ in range(5)), return_exceptions=True
        )
        assert codes(made) == ["RESOURCE_007"] * 4

    run(database_url, scenario)


def test_two_requests_at_once_do_not_pass_the_limit(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaigns, "MAX_CAMPAIGNS", 3)

    async def scenario(world: World) -> None:
        await world.write(service.create_brand, world.organization, brand())
        made = await asyncio.gather(
            *(world.write(campaigns.create, world.organization, campaign()) for _ in range(6)), return_exceptions=True
        )
        assert codes(made) == ["VALIDATION_001"] * 3
        assert await world.read(service.campaign_count, world.organization.id) == 3

    run(database_url, scenario)


def test_the_facts_that_completing_a_profile_needs(database_url: str) -> None:
    async def scenario(world: World) -> None:
        profile = await world.profile(OWN)
        unknown = "0190a0b0-c0d0-7000-8000-00000000dead"
        nothing = Facts(False, False, False, 0, Registration.NONE)
        assert await world.read(service.facts, profile.id) == nothing
        assert await world.read(service.facts, unknown) == nothing
        assert await world.read(service.brand_of, unknown) is None
        assert await world.read(service.campaign_count, unknown) == 0
        await put(world, profile, brand(tcr=False, destinationCountries=MAIN))
        assert await world.read(service.facts, profile.id) == Facts(True, False, True, 0, Registration.NONE)
        await put(world, profile, brand(destinationCountries=MAIN[1:]))
        await world.write(campaigns.create, profile, campaign())
        assert await world.read(service.facts, profile.id) == Facts(True, True, False, 1, Registration.NONE)

    run(database_url, scenario)
