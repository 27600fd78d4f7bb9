"""The retired brand calls over HTTP: whole answers, the registry, inheritance, and who reaches which brand."""

import re
from typing import Any

import pytest

from harness import database, samples
from harness.client import Client, Response
from harness.server import Account, OwnServer, Server
from harness.waiting import equal_to, nothing, wait_for

EMPTY_TEXTS = ["messageFlow", "privacyPolicyLink", "termsAndConditionsLink", "optinMessage", "optoutMessage"]
EMPTY_TEXTS += ["helpMessage", "optinKeywords", "optoutKeywords", "helpKeywords"]
NEVER_SET = ["kycSubmissionFormId", "billedDate", "cost", "telnyxCampaignId", "resellerId", "upstreamCnpId"]


def make_brand(http: Client, **values: Any) -> str:
    made = http.post("/v3/brands", samples.brand(**values))
    assert made.status == 201, made.body
    return str(made.data["id"])


def make_campaign(http: Client, brand_id: str, **values: Any) -> str:
    made = http.post(f"/v3/brands/{brand_id}/campaigns", samples.campaign(**values))
    assert made.status == 201, made.body
    return str(made.data["id"])


def only_brand(http: Client) -> dict[str, Any]:
    (brand,) = http.get("/v3/brands").data
    return dict(brand)


def only_campaign(http: Client, brand_id: str) -> dict[str, Any]:
    (campaign,) = http.get(f"/v3/brands/{brand_id}/campaigns").data
    return dict(campaign)


def file(server: Server, account: Account) -> Any:
    return server.ask("accounts file-brand", customer_id=account.customer_id)


def test_a_brand_is_answered_whole_in_the_flat_form(fresh_account: Account) -> None:
    said = {
        "contactName": "Ann Example",
        "contactEmail": "ann@example.com",
        "contactPhone": "4155550123",
        "contactPhoneCountryCode": "1",
        "businessName": "Example",
        "businessRole": "Owner",
        "businessLegalName": "Example LLC",
        "businessUrl": "https://example.com",
        "taxId": "12-3456789",
        "taxIdType": "us_ein",
        "entityType": "PRIVATE_PROFIT",
        "street": "1 Main Street",
        "city": "Springfield",
        "state": "IL",
        "postalCode": "62701",
        "country": "US",
        "countryOfRegistration": "US",
        "vertical": "RETAIL",
        "brandRelationship": "KEY_ACCOUNT",
        "primaryUseCase": "Orders",
        "expectedMessagingVolume": "1000",
        "isTcrApplication": False,
        "phoneNumberPrefix": "+1",
        "destinationCountries": [{"id": "US", "isMain": True}, {"id": "CA", "isMain": False}],
        "notes": "None",
    }
    made = fresh_account.http.post("/v3/brands", {"brand": said})
    assert made.status == 201
    assert made.data == {
        **said,
        "id": made.data["id"],
        "createdAt": made.data["createdAt"],
        "updatedAt": None,
        "tcrBrandId": None,
        "universalEin": None,
        "cspId": None,
        "status": None,
        "identityStatus": None,
        "submittedToTCR": False,
        "submittedAt": None,
        "isInherited": False,
    }
    assert only_brand(fresh_account.http) == made.data


def test_both_forms_say_the_same(fresh_account: Account) -> None:
    nested = {
        "contact": {"name": "Ann", "business_name": "Example"},
        "business": {"legalName": "Example LLC", "entity_type": "NON_PROFIT"},
        "compliance": {"vertical": "NGO", "brand_relationship": "BASIC_ACCOUNT", "isTcrApplication": True},
    }
    flat = {
        "contactName": "Ann",
        "brandName": "Example",
        "businessLegalName": "Example LLC",
        "entityType": "NON_PROFIT",
        "vertical": "NGO",
        "brandRelationship": "BASIC_ACCOUNT",
        "isTcrApplication": True,
    }
    made = fresh_account.http.post("/v3/brands", {"brand": nested}).data
    put = fresh_account.http.put(f"/v3/brands/{made['id']}", {"brand": flat}).data
    assert {**put, "updatedAt": None} == made


def test_every_fault_of_a_body_is_named_at_once_where_it_is(fresh_account: Account) -> None:
    answer = fresh_account.http.post(
        "/v3/brands",
        {
            "brand": {
                "contact": {"name": " ", "email": 5},
                "business": {"entityType": "CLUB"},
                "compliance": {"brandRelationship": "FRIEND", "destinationCountries": [{"id": "usa"}, {"isMain": 1}]},
            }
        },
    )
    assert (answer.status, answer.code) == (400, "VALIDATION_001")
    assert set(answer.details) == {
        "brand.contact.name",
        "brand.contact.email",
        "brand.business.entityType",
        "brand.compliance.vertical",
        "brand.compliance.brandRelationship",
        "brand.compliance.destinationCountries[0].id",
        "brand.compliance.destinationCountries[1].id",
        "brand.compliance.destinationCountries[1].isMain",
    }


def test_every_fault_of_a_campaign_is_named_at_once_where_it_is(fresh_account: Account) -> None:
    brand_id = make_brand(fresh_account.http)
    use_cases = [{"messagingUseCaseUs": "SPAM", "sampleMessages": []}, {"sampleMessages": ["", 3, "x" * 1_025]}]
    body = {"campaign": {"name": "", "useCases": use_cases, "privacyPolicyLink": "example.com", "optinKeywords": []}}
    answer = fresh_account.http.post(f"/v3/brands/{brand_id}/campaigns", body)
    assert (answer.status, answer.code) == (400, "VALIDATION_001")
    assert set(answer.details) == {
        "campaign.name",
        "campaign.description",
        "campaign.type",
        "campaign.privacyPolicyLink",
        "campaign.optinKeywords",
        "campaign.useCases[0].messagingUseCaseUs",
        "campaign.useCases[0].sampleMessages",
        "campaign.useCases[1].messagingUseCaseUs",
        "campaign.useCases[1].sampleMessages[0]",
        "campaign.useCases[1].sampleMessages[1]",
        "campaign.useCases[1].sampleMessages[2]",
    }


@pytest.mark.parametrize("link", [" ", "x", "ftp://example.com", "https://", "https://exa mple.com", "http://[1"])
def test_links_are_web_addresses(fresh_account: Account, link: str) -> None:
    brand_id = make_brand(fresh_account.http)
    for name in ("privacyPolicyLink", "termsAndConditionsLink"):
        answer = fresh_account.http.post(f"/v3/brands/{brand_id}/campaigns", samples.campaign(**{name: link}))
        assert (answer.code, list(answer.details)) == ("VALIDATION_001", [f"campaign.{name}"])


@pytest.mark.parametrize(("volume", "shown"), [("1500", "1500"), ("0", "0"), ("", None), (None, None)])
def test_a_volume_is_kept_as_it_is_given(fresh_account: Account, volume: str | None, shown: str | None) -> None:
    path = f"/v3/brands/{make_brand(fresh_account.http)}/campaigns"
    made = fresh_account.http.post(path, samples.campaign(volume=volume))
    assert (made.status, made.data["volume"]) == (201, shown)
    assert fresh_account.http.get(path).data[0]["volume"] == shown


@pytest.mark.parametrize("volume", ["-1", "1.5", "many", "1234567890", "１", 7])
def test_a_volume_is_digits(fresh_account: Account, volume: object) -> None:
    path = f"/v3/brands/{make_brand(fresh_account.http)}/campaigns"
    answer = fresh_account.http.post(path, samples.campaign(volume=volume))
    assert (answer.code, list(answer.details)) == ("VALIDATION_001", ["campaign.volume"])


def test_a_campaign_is_answered_whole(fresh_account: Account) -> None:
    brand_id = make_brand(fresh_account.http)
    made = fresh_account.http.post(f"/v3/brands/{brand_id}/campaigns", samples.campaign()).data
    owner = {"campaignId": made["id"], "customerId": fresh_account.customer_id}
    assert made == {
        "id": made["id"],
        "customerId": fresh_account.customer_id,
        "brandId": brand_id,
        "name": "Order news",
        "description": "About orders",
        "type": "App",
        "useCases": [
            {
                **owner,
                "id": made["useCases"][0]["id"],
                "messagingUseCaseUs": "DELIVERY_NOTIFICATION",
                "sampleMessages": ["Your order is on its way."],
                "createdAt": made["createdAt"],
                "updatedAt": None,
            }
        ],
        **dict.fromkeys([*EMPTY_TEXTS, *NEVER_SET]),
        "submittedToTCR": False,
        "submittedAt": None,
        "tcrCampaignId": None,
        "tcrSyncError": None,
        "cspId": None,
        "status": None,
        "sharingStatus": None,
        "volume": None,
        "dcaElectionsComplete": False,
        "dcaElectionsCompletedAt": None,
        "hasSubmissionTransaction": False,
        "createdAt": made["createdAt"],
        "updatedAt": None,
    }
    assert only_campaign(fresh_account.http, brand_id) == made


def test_put_replaces_a_campaign(fresh_account: Account) -> None:
    http = fresh_account.http
    brand_id = make_brand(http)
    campaign_id = make_campaign(http, brand_id, messageFlow="They ask", helpKeywords="HELP, INFO")
    path = f"/v3/brands/{brand_id}/campaigns/{campaign_id}"
    changed = http.put(path, samples.campaign("Other news", optinMessage="Welcome")).data
    kept = {name: changed[name] for name in ("name", "messageFlow", "helpKeywords", "optinMessage")}
    assert kept == {"name": "Other news", "messageFlow": None, "helpKeywords": None, "optinMessage": "Welcome"}
    assert changed["updatedAt"] is not None
    assert only_campaign(http, brand_id) == changed


def test_campaigns_come_newest_first_and_go_one_by_one(fresh_account: Account) -> None:
    http = fresh_account.http
    brand_id = make_brand(http)
    path = f"/v3/brands/{brand_id}/campaigns"
    first, second, third = [make_campaign(http, brand_id, name=name) for name in "abc"]
    assert [one["id"] for one in http.get(path).data] == [third, second, first]
    assert http.delete(f"{path}/{second}", {}).status == 204
    assert [one["id"] for one in http.get(path).data] == [third, first]
    assert http.delete(f"{path}/{second}", {}).code == "RESOURCE_010"


def test_filed_registered_and_fixed(server: Server, fresh_account: Account) -> None:
    http = fresh_account.http
    brand_id = make_brand(http, taxId="12-3456789", country="US", entityType="PUBLIC_PROFIT")
    campaign_id = make_campaign(http, brand_id)
    assert file(server, fresh_account) == {
        "customer_id": fresh_account.customer_id,
        "campaigns": 1,
        "registration": "pending",
    }
    path = f"/v3/brands/{brand_id}/campaigns/{campaign_id}"
    for refused in (http.put(path, samples.campaign()), http.put(f"/v3/brands/{brand_id}", samples.brand())):
        assert (refused.status, refused.code) == (400, "VALIDATION_001")
    wait_for(
        lambda: only_campaign(http, brand_id)["status"], 20, until=equal_to("ACTIVE"), what="the simulated registry"
    )
    brand, campaign = only_brand(http), only_campaign(http, brand_id)
    assert re.fullmatch("B[0-9A-F]{6}", brand["tcrBrandId"])
    assert re.fullmatch("C[0-9A-F]{6}", campaign["tcrCampaignId"])
    told = [brand[name] for name in ("status", "identityStatus", "universalEin", "cspId", "submittedToTCR")]
    assert told == ["ACTIVE", "VETTED_VERIFIED", "US_12-3456789", "SIMULATED", True]
    assert (campaign["sharingStatus"], campaign["submittedToTCR"]) == ("ACCEPTED", True)
    assert (campaign["dcaElectionsComplete"], campaign["hasSubmissionTransaction"]) == (True, True)
    assert campaign["dcaElectionsCompletedAt"] == campaign["updatedAt"]
    for refused in (
        http.put(path, samples.campaign()),
        http.put(f"/v3/brands/{brand_id}", samples.brand()),
        http.delete(f"/v3/brands/{brand_id}", {}),
    ):
        assert (refused.status, refused.code) == (400, "VALIDATION_001")
    assert (only_brand(http), only_campaign(http, brand_id)) == (brand, campaign)
    assert http.delete(path, {}).status == 204
    assert http.get(f"/v3/brands/{brand_id}/campaigns").data == []


def test_a_rejection_gives_its_reason_and_the_edit_is_filed(server: Server, fresh_account: Account) -> None:
    http = fresh_account.http
    brand_id = make_brand(http)
    campaign_id = make_campaign(http, brand_id, description="reject_content")
    file(server, fresh_account)
    wait_for(lambda: only_campaign(http, brand_id)["tcrSyncError"], 20, what="the simulated registry")
    rejected = only_campaign(http, brand_id)
    assert rejected["tcrSyncError"] == "Messages of this content are not allowed"
    assert (rejected["sharingStatus"], rejected["submittedToTCR"], rejected["status"]) == ("DECLINED", False, None)
    changed = http.put(f"/v3/brands/{brand_id}/campaigns/{campaign_id}", samples.campaign()).data
    assert (changed["tcrSyncError"], changed["sharingStatus"], changed["submittedToTCR"]) == (None, "PENDING", True)
    wait_for(
        lambda: only_campaign(http, brand_id)["status"], 20, until=equal_to("ACTIVE"), what="the simulated registry"
    )


def test_only_a_tcr_application_can_be_filed(server: Server, fresh_account: Account) -> None:
    with pytest.raises(Exception, match="has no brand"):
        file(server, fresh_account)
    make_brand(fresh_account.http, isTcrApplication=False)
    with pytest.raises(Exception, match="not a TCR application"):
        file(server, fresh_account)


def test_a_kill_between_filing_and_verdict_loses_nothing(own_server: OwnServer) -> None:
    server = own_server()
    brand_id = make_brand(server.http)
    make_campaign(server.http, brand_id)
    account = server.account(server.customer_id, server.api_key)
    file(server, account)
    server.kill()
    again = own_server(home=server.home, database_url=server.database_url)
    wait_for(
        lambda: only_campaign(again.http, brand_id)["status"],
        20,
        until=equal_to("ACTIVE"),
        what="the simulated registry",
    )
    wait_for(
        lambda: database.rows(again.database_url, "SELECT * FROM jobs WHERE kind LIKE '%_filing'"),
        10,
        until=nothing,
        what="the jobs to end",
    )


def test_a_sandbox_request_leaves_nothing(server: Server, fresh_account: Account) -> None:
    http = fresh_account.http
    made = http.post("/v3/brands", {**samples.brand(), "sandbox": True})
    assert (made.status, made.headers["x-sandbox"], http.get("/v3/brands").data) == (201, "true", [])
    brand_id = make_brand(http)
    file(server, fresh_account)
    path = f"/v3/brands/{brand_id}/campaigns"
    assert http.post(path, {**samples.campaign(), "test_mode": True}).status == 201
    assert http.get(path).data == []


def test_a_repeated_request_with_a_key_has_one_effect(fresh_account: Account) -> None:
    http = fresh_account.http
    brand_id, key = make_brand(http), samples.key()
    path = f"/v3/brands/{brand_id}/campaigns"
    answers = [http.post(path, samples.campaign(), idempotency_key=key) for _ in range(2)]
    assert answers[0].data == answers[1].data
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert len(http.get(path).data) == 1


def test_an_heir_sees_the_organizations_brand_and_changes_nothing(server: Server, fresh_account: Account) -> None:
    http = fresh_account.http
    brand_id = make_brand(http)
    campaign = http.post(f"/v3/brands/{brand_id}/campaigns", samples.campaign()).data
    heir = server.create_profile(fresh_account.customer_id)
    scoped = server.client(fresh_account.api_key, x_profile_id=heir.customer_id)
    for seen in (heir.http, scoped):
        assert seen.get("/v3/brands").data == [{**only_brand(http), "isInherited": True}]
        assert seen.get(f"/v3/brands/{brand_id}/campaigns").data == [campaign]
        for refused in attempts(seen, brand_id, campaign["id"]):
            assert (refused.status, refused.code) == (400, "VALIDATION_001")
            assert "inherit_tcr_" in refused.error["message"]
    assert only_campaign(http, brand_id) == campaign


def attempts(http: Client, brand_id: str, campaign_id: str) -> list[Response]:
    campaigns = f"/v3/brands/{brand_id}/campaigns"
    return [
        http.put(f"/v3/brands/{brand_id}", samples.brand()),
        http.delete(f"/v3/brands/{brand_id}", {}),
        http.post(campaigns, samples.campaign()),
        http.put(f"{campaigns}/{campaign_id}", samples.campaign()),
        http.delete(f"{campaigns}/{campaign_id}", {}),
    ]


def test_a_strangers_brand_is_as_unknown_as_none(fresh_account: Account, tenant: Account) -> None:
    brand_id = make_brand(fresh_account.http)
    campaign_id = make_campaign(fresh_account.http, brand_id)
    theirs = attempts(tenant.http, brand_id, campaign_id)
    nobodys = attempts(tenant.http, samples.UNKNOWN_ID, samples.UNKNOWN_ID)
    assert {one.code for one in theirs} == {"RESOURCE_009"}
    assert [one.without_meta for one in theirs] == [one.without_meta for one in nobodys]
    assert only_campaign(fresh_account.http, brand_id)["id"] == campaign_id
