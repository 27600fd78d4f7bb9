"""A filing is for good: a profile's own key files what is the profile's, and nothing of its organization's."""

from typing import Any

import pytest

from harness import brands, database, samples
from harness.client import Client
from harness.receiver import Receiver
from harness.server import Account, Server
from harness.waiting import is_not, wait_for


class Family:
    """An organization with a draft of a brand and a campaign, and a profile with a key of its own."""

    def __init__(self, server: Server, receiver: Receiver, **settings: Any) -> None:
        self.organization: Account = server.create_account()
        self.http = self.organization.http
        self.brand = brands.own(self.http)["id"]
        self.campaign = self.http.post(f"/v3/brands/{self.brand}/campaigns", samples.campaign()).data["id"]
        body = {"name": "Child", "billing_model": "organization", **settings}
        self.profile: str = self.http.post("/v3/profiles", body).data["id"]
        key = server.create_key(self.organization.customer_id, profile=self.profile)
        self.own, self.receiver, self.server = server.client(key), receiver, server

    def add_campaign(self) -> None:
        made = self.http.post(f"/v3/profiles/{self.profile}/campaigns", samples.campaign(name="NEVER_REVIEW"))
        assert made.status == 201, made.body

    def complete(self, http: Client, **options: Any) -> Any:
        body = {"webHookUrl": self.receiver.url(f"/{self.profile}")}
        return http.post(f"/v3/profiles/{self.profile}/complete", body, **options)

    def states(self) -> tuple[str, str]:
        """Of the organization's brand and campaign, in the database."""
        url, customer_id = self.server.database_url, self.organization.customer_id
        found = [
            database.rows(url, f"SELECT state FROM {table} WHERE customer_id = '{customer_id}'")[0][0]
            for table in ("brands", "campaigns")
        ]
        return found[0], found[1]

    def is_untouched(self) -> bool:
        return (
            self.states() == ("draft", "draft")
            and self.http.put(f"/v3/brands/{self.brand}", samples.brand()).status == 200
        )


INHERITS = [
    pytest.param({}, False, id="both"),
    pytest.param({"inherit_tcr_campaign": False}, True, id="the brand"),
    pytest.param({"inherit_tcr_brand": False, "brand": samples.nested_brand()}, False, id="the campaigns"),
]


@pytest.mark.parametrize(("settings", "own_campaign"), INHERITS)
def test_a_profiles_own_key_files_nothing_of_its_organization(
    server: Server, receiver: Receiver, settings: dict[str, Any], own_campaign: bool
) -> None:
    family = Family(server, receiver, **settings)
    if own_campaign:
        family.add_campaign()
    key = samples.key()
    for _ in range(2):
        answer = family.complete(family.own, idempotency_key=key)
        assert (answer.status, answer.code) == (403, "AUTH_004"), answer.body
        assert "key of the organization" in answer.error["message"]
    assert family.is_untouched()
    assert family.http.get(f"/v3/profiles/{family.profile}").data["status"] == "incomplete"


@pytest.mark.parametrize(("settings", "own_campaign"), INHERITS)
def test_the_organizations_key_does(
    server: Server, receiver: Receiver, settings: dict[str, Any], own_campaign: bool
) -> None:
    family = Family(server, receiver, **settings)
    if own_campaign:
        family.add_campaign()
    scoped = server.client(family.organization.api_key, **{"x-profile-id": family.profile})
    assert family.complete(scoped).status == 202
    wait_for(lambda: family.states()[0], 20, until=is_not("draft"), what="the filing")


@pytest.mark.parametrize(("settings", "own_campaign"), INHERITS)
def test_once_the_organization_has_filed_a_profile_completes_itself(
    server: Server, receiver: Receiver, settings: dict[str, Any], own_campaign: bool
) -> None:
    family = Family(server, receiver, **settings)
    if own_campaign:
        family.add_campaign()
    server.ask("accounts file-brand", customer_id=family.organization.customer_id)
    assert family.complete(family.own).status == 202
    receiver.wait(1, 20, path=f"/{family.profile}")


def test_what_the_organization_adds_meanwhile_is_not_filed_either(server: Server, receiver: Receiver) -> None:
    """The work happens later than the request, so the right is looked at again there."""
    family = Family(server, receiver)
    server.ask("accounts file-brand", customer_id=family.organization.customer_id)
    assert family.complete(family.own).status == 202
    added = family.http.post(f"/v3/brands/{family.brand}/campaigns", samples.campaign())
    assert added.status == 201
    receiver.wait(1, 20, path=f"/{family.profile}")


def test_what_is_its_own_a_profile_files(server: Server, receiver: Receiver) -> None:
    settings = {"inherit_tcr_brand": False, "inherit_tcr_campaign": False, "brand": samples.nested_brand()}
    family = Family(server, receiver, **settings)
    family.add_campaign()
    assert family.complete(family.own).status == 202
    receiver.wait(1, 20, path=f"/{family.profile}")
    assert family.is_untouched()
