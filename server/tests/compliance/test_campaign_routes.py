"""Campaigns under a profile's path: its own, inherited ones, and whose profile a caller may mean."""

from typing import Any

import pytest

from harness import samples
from harness.client import Client, Response
from harness.rows import OWN_COMPLIANCE
from harness.server import Account, Server
from harness.waiting import equal_to, wait_for


@pytest.fixture
def profile_id(fresh_account: Account) -> str:
    """A profile with a brand of its own."""
    return make_profile(fresh_account.http, brand=samples.nested_brand())


def make_profile(http: Client, **values: Any) -> str:
    made = http.post("/v3/profiles", {**OWN_COMPLIANCE, "name": "Own", **values})
    assert made.status == 201, made.body
    return str(made.data["id"])


def campaigns_of(profile_id: str) -> str:
    return f"/v3/profiles/{profile_id}/campaigns"


def every_call(http: Client, profile_id: str, campaign_id: str) -> list[Response]:
    path = campaigns_of(profile_id)
    return [
        http.get(path),
        http.post(path, samples.campaign()),
        http.put(f"{path}/{campaign_id}", samples.campaign()),
        http.delete(f"{path}/{campaign_id}", {}),
    ]


def test_a_profile_lives_with_campaigns_of_its_own(fresh_account: Account, profile_id: str) -> None:
    http, path = fresh_account.http, campaigns_of(profile_id)
    made = http.post(path, samples.campaign())
    assert (made.status, made.data["customerId"]) == (201, profile_id)
    brand = http.get(f"/v3/profiles/{profile_id}").data["brand"]
    assert made.data["brandId"] == brand["id"]
    changed = http.put(f"{path}/{made.data['id']}", samples.campaign("Other news"))
    assert (changed.status, changed.data["name"]) == (200, "Other news")
    assert http.get(path).data == [changed.data]
    assert http.delete(f"{path}/{made.data['id']}", {}).status == 204
    assert http.get(path).data == []


def test_both_paths_speak_of_the_same_campaigns(fresh_account: Account, profile_id: str) -> None:
    http = fresh_account.http
    made = http.post(campaigns_of(profile_id), samples.campaign()).data
    retired = f"/v3/brands/{made['brandId']}/campaigns"
    assert http.get(retired).data == [made]
    assert [brand["id"] for brand in http.get("/v3/brands").data] == [made["brandId"]]
    assert http.delete(f"{retired}/{made['id']}", {}).status == 204
    assert http.get(campaigns_of(profile_id)).data == []


def test_an_organization_also_acts_as_its_profile(server: Server, fresh_account: Account, profile_id: str) -> None:
    other_id = make_profile(fresh_account.http, name="Other", brand=samples.nested_brand())
    scoped = server.client(fresh_account.api_key, x_profile_id=profile_id)
    made = scoped.post(campaigns_of(profile_id), samples.campaign())
    assert (made.status, made.headers["x-profile-id"]) == (201, profile_id)
    assert {one.code for one in every_call(scoped, other_id, made.data["id"])} == {"RESOURCE_014"}
    assert fresh_account.http.get(campaigns_of(other_id)).data == []


def test_a_profiles_key_reaches_that_profile_only(server: Server, fresh_account: Account, profile_id: str) -> None:
    other_id = make_profile(fresh_account.http, name="Other", brand=samples.nested_brand())
    own = server.client(server.create_key(fresh_account.customer_id, profile=profile_id))
    made = own.post(campaigns_of(profile_id), samples.campaign())
    assert made.status == 201
    assert {one.code for one in every_call(own, other_id, made.data["id"])} == {"RESOURCE_014"}
    brand_id = fresh_account.http.get(f"/v3/profiles/{other_id}").data["brand"]["id"]
    assert own.put(f"/v3/brands/{brand_id}", samples.brand()).code == "RESOURCE_009"
    assert [brand["isInherited"] for brand in own.get("/v3/brands").data] == [False]


def test_an_heir_sees_its_organizations_campaigns_read_only(server: Server, fresh_account: Account) -> None:
    http = fresh_account.http
    brand_id = http.post("/v3/brands", samples.brand()).data["id"]
    theirs = http.post(f"/v3/brands/{brand_id}/campaigns", samples.campaign()).data
    heir = server.create_profile(fresh_account.customer_id)
    for caller in (http, heir.http):
        listed, created, changed, deleted = every_call(caller, heir.customer_id, theirs["id"])
        assert listed.data == [theirs]
        assert created.error["message"].startswith("Cannot create campaigns when inherit_tcr_campaign=true.")
        assert changed.error["message"].startswith("These campaigns are read-only.")
        assert [one.code for one in (created, changed, deleted)] == ["VALIDATION_001"] * 3


def test_without_a_brand_there_are_no_campaigns(server: Server, fresh_account: Account) -> None:
    heir = server.create_profile(fresh_account.customer_id)
    assert fresh_account.http.get(campaigns_of(heir.customer_id)).code == "RESOURCE_009"
    own_id = make_profile(fresh_account.http)
    assert {one.code for one in every_call(fresh_account.http, own_id, samples.UNKNOWN_ID)} == {"RESOURCE_009"}


def test_whatever_is_no_profile_of_ones_own_is_unknown(server: Server, fresh_account: Account, tenant: Account) -> None:
    theirs = server.create_profile(tenant.customer_id)
    reasons = {
        "unknown": samples.UNKNOWN_ID,
        "foreign profile": theirs.customer_id,
        "foreign organization": tenant.customer_id,
        "oneself": fresh_account.customer_id,
    }
    answers = {why: every_call(fresh_account.http, id_, samples.UNKNOWN_ID) for why, id_ in reasons.items()}
    for why, found in answers.items():
        assert {one.code for one in found} == {"RESOURCE_014"}, why
        assert [one.without_meta for one in found] == [one.without_meta for one in answers["unknown"]], why


def test_another_profiles_campaign_is_unknown_under_this_one(fresh_account: Account, profile_id: str) -> None:
    http = fresh_account.http
    other_id = make_profile(http, name="Other", brand=samples.nested_brand())
    campaign_id = http.post(campaigns_of(other_id), samples.campaign()).data["id"]
    path = f"{campaigns_of(profile_id)}/{campaign_id}"
    for answer in (http.put(path, samples.campaign()), http.delete(path, {})):
        assert (answer.status, answer.code) == (404, "RESOURCE_010")
    assert len(http.get(campaigns_of(other_id)).data) == 1


def test_completing_a_profile_files_its_brand_and_campaigns(fresh_account: Account, profile_id: str) -> None:
    http, path = fresh_account.http, campaigns_of(profile_id)
    campaign_id = http.post(path, samples.campaign()).data["id"]
    body = {"webHookUrl": "https://example.com/done"}
    assert http.post(f"/v3/profiles/{profile_id}/complete", body).status == 202
    wait_for(lambda: http.get(path).data[0]["submittedToTCR"], 10, what="the completion")
    assert http.get(f"/v3/profiles/{profile_id}").data["brand"]["submitted_to_tcr"] is True
    refused = http.put(f"{path}/{campaign_id}", samples.campaign())
    assert (refused.status, refused.code) == (400, "VALIDATION_001")
    wait_for(lambda: http.get(path).data[0]["status"], 20, until=equal_to("ACTIVE"), what="the simulated registry")
