"""Campaigns of a profile, and the retired brand routes over the same data. A brand id identifies its profile."""

from collections.abc import Sequence

from sent_server.accounts.model import Account
from sent_server.compliance import campaigns, scope, service, wire
from sent_server.compliance.model import Campaign
from sent_server.compliance.wire import CreateCampaign, PutBrand, UpdateBrand, UpdateCampaign
from sent_server.db import Tx
from sent_server.http import route
from sent_server.http.fields import Mutation
from sent_server.http.reply import Reply
from sent_server.http.route import Access, Call, Route

BAD_PROFILE_ID = ("VALIDATION_001", "Invalid profile ID format")
BAD_CAMPAIGN_ID = ("VALIDATION_001", "Invalid profile or campaign ID format")
BAD_BRAND_ID = ("VALIDATION_001", "Invalid brand ID format")
BAD_BRAND_OR_CAMPAIGN_ID = ("VALIDATION_001", "Invalid brand or campaign ID format")


def routes() -> Sequence[Route]:
    return [*_of_profiles(), *_retired()]


def _of_profiles() -> Sequence[Route]:
    every, one = "/v3/profiles/{profileId}/campaigns", "/v3/profiles/{profileId}/campaigns/{campaignId}"
    return [
        route.get(every, list_campaigns, bad_id=("VALIDATION_003", "Invalid GUID format")),
        route.mutate("POST", every, create_campaign, body=CreateCampaign, access=Access.ADMIN, bad_id=BAD_PROFILE_ID),
        route.mutate("PUT", one, update_campaign, body=UpdateCampaign, access=Access.ADMIN, bad_id=BAD_CAMPAIGN_ID),
        route.mutate("DELETE", one, delete_campaign, body=Mutation, access=Access.ADMIN, bad_id=BAD_CAMPAIGN_ID),
    ]


def _retired() -> Sequence[Route]:
    brand, every = "/v3/brands/{brandId}", "/v3/brands/{brandId}/campaigns"
    one = f"{every}/{{campaignId}}"
    admin = Access.ADMIN
    return [
        route.get("/v3/brands", list_brands),
        route.mutate("POST", "/v3/brands", create_brand, body=PutBrand, access=admin),
        route.mutate("PUT", brand, update_brand, body=UpdateBrand, access=admin, bad_id=BAD_BRAND_ID),
        route.mutate("DELETE", brand, delete_brand, body=Mutation, access=admin, bad_id=BAD_BRAND_ID),
        route.get(every, list_campaigns, bad_id=BAD_BRAND_ID),
        route.mutate("POST", every, create_campaign, body=CreateCampaign, access=admin, bad_id=BAD_BRAND_ID),
        route.mutate("PUT", one, update_campaign, body=UpdateCampaign, access=admin, bad_id=BAD_BRAND_OR_CAMPAIGN_ID),
        route.mutate("DELETE", one, delete_campaign, body=Mutation, access=admin, bad_id=BAD_BRAND_OR_CAMPAIGN_ID),
    ]


async def list_campaigns(tx: Tx, call: Call) -> Reply:
    found, brand_id = await campaigns.used_by(tx, await _account(tx, call))
    return Reply(200, [wire.campaign_wire(one, brand_id=brand_id) for one in found])


async def create_campaign(tx: Tx, call: Call, body: CreateCampaign) -> Reply:
    made = await campaigns.create(tx, await _account(tx, call), body.campaign, now_ms=call.now_ms)
    return _campaign(201, *made)


async def update_campaign(tx: Tx, call: Call, body: UpdateCampaign) -> Reply:
    account, campaign_id = await _account(tx, call), call.path["campaignId"]
    return _campaign(200, *await campaigns.update(tx, account, campaign_id, body.campaign, now_ms=call.now_ms))


async def delete_campaign(tx: Tx, call: Call, _: Mutation) -> Reply:
    await campaigns.delete(tx, await _account(tx, call), call.path["campaignId"])
    return Reply(204)


async def list_brands(tx: Tx, call: Call) -> Reply:
    return Reply(200, [wire.flat_brand(brand) for brand in await scope.brands(tx, call.caller)])


async def create_brand(tx: Tx, call: Call, body: PutBrand) -> Reply:
    account = await scope.oneself(tx, call.caller)
    return Reply(201, wire.flat_brand(await service.create_brand(tx, account, body.details, now_ms=call.now_ms)))


async def update_brand(tx: Tx, call: Call, body: PutBrand) -> Reply:
    changed = await service.replace_brand(tx, await _account(tx, call), body.details, now_ms=call.now_ms)
    return Reply(200, wire.flat_brand(changed))


async def delete_brand(tx: Tx, call: Call, _: Mutation) -> Reply:
    await service.delete_brand(tx, await _account(tx, call))
    return Reply(204)


async def _account(tx: Tx, call: Call) -> Account:
    """The account that the path identifies, by profile or by brand."""
    if "profileId" in call.path:
        return await scope.profile(tx, call.caller, call.path["profileId"])
    return await scope.user_of_brand(tx, call.caller, call.path["brandId"])


def _campaign(status: int, campaign: Campaign, brand_id: str) -> Reply:
    return Reply(status, wire.campaign_wire(campaign, brand_id=brand_id))
