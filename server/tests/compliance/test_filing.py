"""The way through the registry: what is filed is fixed, what is rejected opens again, and nothing is filed twice."""

import pytest

from compliance.worlds import INHERITS, OWN, OWN_CAMPAIGNS, Recording, World, brand, campaign, run
from sent_server import jobs
from sent_server.accounts.model import Account
from sent_server.compliance import campaigns, filing, service, wire
from sent_server.compliance.model import Campaign, FilingState, Registration
from sent_server.errors import ApiError
from sent_server.ports.registry import Answer, BrandFiling, CampaignFiling
from sent_server.ports.simulated_registry import DECIDE_MS


async def ready(
    world: World, flags: dict[str, bool] = OWN, *, contact: str = "Ann", sample: str = "Hello", tcr: bool = True
) -> tuple[Account, Campaign]:
    """A profile with a brand and a campaign, its own or its parent's, not filed yet."""
    profile = await world.profile(flags)
    owner = world.organization if flags["inherit_tcr_brand"] else profile
    await world.write(service.create_brand, owner, brand(contact, tcr=tcr))
    user = world.organization if flags["inherit_tcr_campaign"] else profile
    made, _ = await world.write(campaigns.create, user, campaign("Notes", "MARKETING", sample))
    return profile, made


async def states(world: World, profile: Account) -> tuple[FilingState, list[FilingState]]:
    found = await world.read(service.brand_of, profile.id)
    used, _ = await world.read(campaigns.used_by, profile)
    return found.state, [one.state for one in used]


async def registration(world: World, profile: Account) -> Registration:
    return (await world.read(service.facts, profile.id)).registration


async def decided_by_another(world: World) -> None:
    """A second worker that takes the brand's job over and settles it."""
    now_ms = world.clock.now_ms()
    await world.database.write(lambda tx: jobs.release_all(tx, filing.BRANDS, now_ms=now_ms, lease_ms=filing.LEASE_MS))
    assert await world.ask()


@pytest.mark.parametrize("flags", [OWN, OWN_CAMPAIGNS, INHERITS], ids=["own", "own campaigns", "inherits"])
def test_filing_fixes_what_the_profile_uses_and_the_registry_registers_it(
    database_url: str, flags: dict[str, bool]
) -> None:
    async def scenario(world: World) -> None:
        profile, _ = await ready(world, flags)
        await world.write(service.file, profile.id)
        assert await states(world, profile) == (FilingState.FILED, [FilingState.FILED])
        assert await registration(world, profile) is Registration.PENDING
        await world.decided()
        assert await states(world, profile) == (FilingState.REGISTERED, [FilingState.REGISTERED])
        assert await registration(world, profile) is Registration.APPROVED
        assert await world.jobs() == []

    run(database_url, scenario)


def test_the_answers_show_how_far_it_is(database_url: str) -> None:
    async def scenario(world: World) -> None:
        profile, _ = await ready(world)

        async def shown() -> list[object]:
            held = wire.brand_wire(await world.read(service.brand_of, profile.id))
            used, brand_id = await world.read(campaigns.used_by, profile)
            sent = wire.campaign_wire(used[0], brand_id=brand_id)
            of_brand = [held[name] for name in ("status", "identity_status", "submitted_to_tcr", "submitted_at")]
            of_campaign = [sent[name] for name in ("status", "sharingStatus", "submittedToTCR", "submittedAt")]
            references = [held["tcr_brand_id"], held["csp_id"], sent["tcrCampaignId"], sent["cspId"]]
            return [of_brand, of_campaign, [one is not None for one in references], sent["tcrSyncError"]]

        at = "1970-01-01T00:00:01.000+00:00"
        assert await shown() == [[None, None, False, None], [None, None, False, None], [False] * 4, None]
        await world.write(service.file, profile.id)
        filed = [[None, "SELF_DECLARED", True, at], ["SENT_CREATED", "PENDING", True, at], [False] * 4, None]
        assert await shown() == filed
        await world.decided()
        assert await shown() == [["ACTIVE", "VERIFIED", True, at], ["ACTIVE", "ACCEPTED", True, at], [True] * 4, None]

    run(database_url, scenario)


def test_what_is_filed_or_registered_cannot_be_changed(database_url: str) -> None:
    async def scenario(world: World) -> None:
        profile, made = await ready(world)
        await world.write(service.file, profile.id)
        for _ in range(2):
            with pytest.raises(ApiError, match="VALIDATION_001: The brand has been submitted"):
                await world.write(service.put_brand, profile.organization_id, profile.id, brand("Bob"))
            with pytest.raises(ApiError, match="VALIDATION_001: The brand has been submitted"):
                await world.write(service.replace_brand, profile, brand("Bob"))
            with pytest.raises(ApiError, match="VALIDATION_001: The brand has been submitted"):
                await world.do(service.delete_brand, profile)
            with pytest.raises(ApiError, match="VALIDATION_001: The campaign has been submitted"):
                await world.write(campaigns.update, profile, made.id, campaign())
            await world.decided()

    run(database_url, scenario)


def test_filing_twice_files_once(database_url: str) -> None:
    async def scenario(world: World) -> None:
        profile, _ = await ready(world)
        registry = Recording()
        for _ in range(3):
            await world.write(service.file, profile.id)
            await world.ask(registry)
        assert [type(asked) for asked in registry.asked] == [BrandFiling, CampaignFiling]

    run(database_url, scenario)


def test_a_brand_that_is_no_tcr_application_is_not_filed(database_url: str) -> None:
    async def scenario(world: World) -> None:
        profile, _ = await ready(world, tcr=False)
        await world.write(service.file, profile.id)
        assert (await states(world, profile), await world.jobs()) == ((FilingState.DRAFT, [FilingState.DRAFT]), [])
        await world.write(service.file, world.organization.id)  # has no brand at all
        assert await world.jobs() == []

    run(database_url, scenario)


def test_a_campaign_waits_for_its_brand(database_url: str) -> None:
    async def scenario(world: World) -> None:
        profile, _ = await ready(world)
        await world.write(service.file, profile.id)
        await world.ask()
        world.clock.advance(DECIDE_MS - 1)
        await world.ask()
        assert await states(world, profile) == (FilingState.FILED, [FilingState.FILED])
        world.clock.advance(1)
        await world.ask()
        assert (await states(world, profile))[0] is FilingState.REGISTERED
        world.clock.advance(filing.BRAND_WAIT_MS)
        await world.ask()
        assert await states(world, profile) == (FilingState.REGISTERED, [FilingState.REGISTERED])

    run(database_url, scenario)


def test_a_rejected_campaign_says_why_and_an_edit_files_it_anew(database_url: str) -> None:
    async def scenario(world: World) -> None:
        profile, made = await ready(world, sample="please reject_content here")
        await world.write(service.file, profile.id)
        await world.decided()
        assert await states(world, profile) == (FilingState.REGISTERED, [FilingState.REJECTED])
        assert await registration(world, profile) is Registration.REJECTED
        used, brand_id = await world.read(campaigns.used_by, profile)
        shown = wire.campaign_wire(used[0], brand_id=brand_id)
        told = [shown[name] for name in ("tcrSyncError", "sharingStatus", "status", "submittedToTCR", "submittedAt")]
        assert told == ["Messages of this content are not allowed", "DECLINED", None, False, None]
        changed, _ = await world.write(campaigns.update, profile, made.id, campaign("Better"))
        assert (changed.state, changed.rejection_reason) == (FilingState.FILED, None)
        await world.decided()
        assert await states(world, profile) == (FilingState.REGISTERED, [FilingState.REGISTERED])

    run(database_url, scenario)


def test_a_rejected_brand_takes_its_campaigns_with_it_until_both_are_filed_anew(database_url: str) -> None:
    async def scenario(world: World) -> None:
        profile, _ = await ready(world, contact="Reject_Identity")
        await world.write(service.file, profile.id)
        await world.decided()
        assert await states(world, profile) == (FilingState.REJECTED, [FilingState.REJECTED])
        found = await world.read(service.brand_of, profile.id)
        shown = wire.brand_wire(found)
        told = [shown[name] for name in ("status", "identity_status", "submitted_to_tcr", "submitted_at")]
        assert told == ["INACTIVE", "UNVERIFIED", False, None]
        used, _ = await world.read(campaigns.used_by, profile)
        assert used[0].rejection_reason == f"{filing.NO_BRAND}: {found.rejection_reason}"
        refiled = await world.write(service.put_brand, profile.organization_id, profile.id, brand("Ann"))
        assert (refiled.state, refiled.rejection_reason) == (FilingState.FILED, None)
        await world.write(service.file, profile.id)
        await world.decided()
        assert await states(world, profile) == (FilingState.REGISTERED, [FilingState.REGISTERED])

    run(database_url, scenario)


def test_a_campaign_under_a_filed_brand_is_filed_at_once(database_url: str) -> None:
    async def scenario(world: World) -> None:
        profile, _ = await ready(world)
        await world.write(service.file, profile.id)
        late, _ = await world.write(campaigns.create, profile, campaign("Late"))
        assert (late.state, late.updated_at_ms) == (FilingState.FILED, None)
        await world.decided()
        assert (await states(world, profile))[1] == [FilingState.REGISTERED] * 2

    run(database_url, scenario)


def test_a_filed_campaign_may_be_deleted_and_its_job_ends(database_url: str) -> None:
    async def scenario(world: World) -> None:
        profile, made = await ready(world)
        await world.write(service.file, profile.id)
        await world.do(campaigns.delete, profile, made.id)
        await world.decided()
        assert (await states(world, profile), await world.jobs()) == ((FilingState.REGISTERED, []), [])

    run(database_url, scenario)


def test_the_registry_gets_everything_that_is_filled_in(database_url: str) -> None:
    async def scenario(world: World) -> None:
        profile, made = await ready(world)
        await world.write(service.file, profile.id)
        registry = Recording()
        await world.ask(registry)
        found = await world.read(service.brand_of, profile.id)
        asked_brand, asked_campaign = registry.asked
        assert asked_brand == BrandFiling(
            customer_id=profile.id,
            brand_id=found.id,
            fields={
                "contact.name": "Ann",
                "compliance.vertical": "RETAIL",
                "compliance.brand_relationship": "SMALL_ACCOUNT",
                "compliance.is_tcr_application": "True",
            },
            submitted_at_ms=1_000,
        )
        assert asked_campaign == CampaignFiling(
            customer_id=profile.id,
            campaign_id=made.id,
            brand_reference="BRAND",
            fields={"name": "Notes", "description": "d", "type": "App"},
            samples=[("MARKETING", ["Hello"])],
            submitted_at_ms=1_000,
        )

    run(database_url, scenario)


def test_an_answer_is_void_when_another_worker_has_taken_the_job(database_url: str) -> None:
    async def scenario(world: World) -> None:
        profile, _ = await ready(world, contact="REJECT_ME")
        await world.write(service.file, profile.id)

        async def outlast_the_lease() -> None:
            world.clock.advance(filing.LEASE_MS)
            assert await world.ask()

        await world.ask(Recording(meanwhile=outlast_the_lease))
        assert (await states(world, profile))[0] is FilingState.REJECTED

    run(database_url, scenario)


def test_of_two_workers_that_answer_the_first_counts(database_url: str) -> None:
    async def scenario(world: World) -> None:
        profile, _ = await ready(world, contact="REJECT_ME")
        await world.write(service.file, profile.id)
        world.clock.advance(DECIDE_MS)
        await world.ask(Recording(meanwhile=lambda: decided_by_another(world)))
        found = await world.read(service.brand_of, profile.id)
        assert (found.state, found.reference) == (FilingState.REJECTED, None)

    run(database_url, scenario)


def test_an_answer_to_an_older_filing_does_not_decide_a_newer_one(database_url: str) -> None:
    async def scenario(world: World) -> None:
        profile, _ = await ready(world, contact="REJECT_ME")
        await world.write(service.file, profile.id)
        world.clock.advance(DECIDE_MS)

        async def rejected_and_filed_anew() -> None:
            await decided_by_another(world)
            await world.write(service.put_brand, profile.organization_id, profile.id, brand("Ann"))

        await world.ask(Recording(meanwhile=rejected_and_filed_anew))
        assert (await states(world, profile))[0] is FilingState.FILED
        assert filing.BRANDS in await world.jobs()

    run(database_url, scenario)


def test_a_registry_that_fails_is_asked_again_and_holds_up_nobody_else(database_url: str) -> None:
    class Moody(Recording):
        async def brand(self, filing: BrandFiling, *, now_ms: int) -> Answer:
            if filing.fields["contact.name"] == "Unlucky":
                raise ConnectionError("no route to the registry")
            return await super().brand(filing, now_ms=now_ms)

    async def scenario(world: World) -> None:
        unlucky, _ = await ready(world, contact="Unlucky")
        lucky, _ = await ready(world)
        for profile in (unlucky, lucky):
            await world.write(service.file, profile.id)
        await world.ask(Moody())
        assert [(await states(world, one))[0] for one in (unlucky, lucky)] == [
            FilingState.FILED,
            FilingState.REGISTERED,
        ]
        world.clock.advance(filing.RETRY_AFTER_MS)
        await world.decided()
        assert await states(world, unlucky) == (FilingState.REGISTERED, [FilingState.REGISTERED])

    run(database_url, scenario)


def test_never_review_stays_pending(database_url: str) -> None:
    async def scenario(world: World) -> None:
        profile, _ = await ready(world, contact="never_review")
        await world.write(service.file, profile.id)
        await world.decided()
        assert await registration(world, profile) is Registration.PENDING

    run(database_url, scenario)
