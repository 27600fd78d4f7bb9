"""Templates that an organization creates on its profiles: `auto_create_for_sp`."""

from typing import Any

import pytest

from harness import database, samples
from harness.client import Client
from harness.server import Account, Server
from harness.waiting import equal_to, wait_for

Json = dict[str, Any]
NOT_ALLOWED = {"auto_create_for_sp": ["This account may not create templates on its profiles"]}


@pytest.fixture
def organization(server: Server) -> Account:
    """An organization that may create templates on its profiles."""
    made = server.create_account()
    server.ask("accounts set-feature", customer_id=made.customer_id, feature="template-auto-creation", enabled=True)
    return made


def create(http: Client, name: str, **options: Any) -> Json:
    answer = http.post("/v3/templates", {**samples.template(), "name": name, "auto_create_for_sp": True, **options})
    assert answer.status == 201, answer.body
    return dict(answer.data)


def own(http: Client, name: str) -> Json:
    """The profile's own template of this name."""
    found = [one for one in http.get(f"/v3/templates?search={name}").data["templates"] if not one["is_inherited"]]
    assert len(found) == 1, found
    return dict(found[0])


def test_without_the_right_it_is_refused_and_false_says_nothing(server: Server, http: Client) -> None:
    body = {**samples.template(), "auto_create_for_sp": True}
    refused = http.post("/v3/templates", body)
    assert (refused.status, refused.code, refused.details) == (400, "VALIDATION_001", NOT_ALLOWED)
    assert http.get("/v3/me").data["enable_template_auto_creation_for_sp"] is False
    assert http.post("/v3/templates", {**body, "auto_create_for_sp": False}).status == 201
    assert http.post("/v3/templates", {**body, "auto_create_for_sp": "yes"}).status == 400


def test_the_operator_grants_it_to_organizations_and_takes_it_back(server: Server) -> None:
    made = server.create_account()
    switch = {"customer_id": made.customer_id, "feature": "template-auto-creation"}
    assert server.ask("accounts set-feature", **switch, enabled=True)["features"]["template-auto-creation"] is True
    assert made.http.get("/v3/me").data["enable_template_auto_creation_for_sp"] is True
    server.ask("accounts set-feature", **switch, enabled=False)
    assert made.http.post("/v3/templates", {**samples.template(), "auto_create_for_sp": True}).details == NOT_ALLOWED
    profile = server.create_profile(made.customer_id)
    with pytest.raises(Exception, match="only an organization has profiles"):
        server.ask("accounts set-feature", **{**switch, "customer_id": profile.customer_id}, enabled=True)


def test_a_profile_may_not_either_with_its_own_key_or_through_its_organization(
    server: Server, organization: Account
) -> None:
    profile = server.create_profile(organization.customer_id)
    scoped = server.client(organization.api_key, **{"x-profile-id": profile.customer_id})
    for client in (profile.http, scoped):
        answer = client.post("/v3/templates", {**samples.template(), "auto_create_for_sp": True})
        assert (answer.status, answer.details) == (400, NOT_ALLOWED)
        assert client.get("/v3/me").data["enable_template_auto_creation_for_sp"] is False


def test_every_present_and_later_profile_gets_a_copy_of_its_own(server: Server, organization: Account) -> None:
    http = organization.http
    present = server.create_profile(organization.customer_id)
    made = create(http, "spread_now")
    by_route = http.post("/v3/profiles", {"name": "Later", "billing_model": "organization"})
    assert by_route.status == 201, by_route.body
    later = server.client(organization.api_key, **{"x-profile-id": by_route.data["id"]})
    by_operator = server.create_profile(organization.customer_id)
    copies = [own(client, "spread_now") for client in (present.http, later, by_operator.http)]
    assert len({one["id"] for one in (made, *copies)}) == 4
    assert [one["customer_id"] for one in copies] == [
        present.customer_id, by_route.data["id"], by_operator.customer_id,
    ]  # fmt: skip
    assert {one["status"] for one in copies} == {"DRAFT"}
    definition = http.get(f"/v3/templates/{made['id']}").data["definition"]
    assert present.http.get(f"/v3/templates/{copies[0]['id']}").data["definition"] == definition
    # Each is the profile's: editing or deleting it changes nothing elsewhere.
    assert present.http.put(f"/v3/templates/{copies[0]['id']}", {"name": "mine"}).status == 200
    assert http.delete(f"/v3/templates/{made['id']}", {}).status == 204
    assert own(by_operator.http, "spread_now")["id"] == copies[2]["id"]


def test_templates_without_the_flag_stay_where_they_are(server: Server, organization: Account) -> None:
    organization.http.post("/v3/templates", {**samples.template(), "name": "stays_here"})
    profile = server.create_profile(organization.customer_id)
    listed = profile.http.get("/v3/templates?search=stays_here").data["templates"]
    assert [one["is_inherited"] for one in listed] == [True]


def test_each_copy_has_a_review_of_its_own(server: Server, organization: Account) -> None:
    profile = server.create_profile(organization.customer_id)
    made = create(organization.http, "spread_reviewed", submit_for_review=True)
    copy = own(profile.http, "spread_reviewed")
    assert (made["status"], copy["status"]) == ("PENDING", "PENDING")
    for client, template_id in ((organization.http, made["id"]), (profile.http, copy["id"])):
        path = f"/v3/templates/{template_id}"
        wait_for(lambda client=client, path=path: client.get(path).data["status"], 30, until=equal_to("APPROVED"))
    later = own(server.create_profile(organization.customer_id).http, "spread_reviewed")
    assert later["status"] == "PENDING"


def test_it_is_fixed_when_the_template_is_created(organization: Account) -> None:
    made = organization.http.post("/v3/templates", samples.template()).data
    answer = organization.http.put(f"/v3/templates/{made['id']}", {"auto_create_for_sp": True})
    assert (answer.status, list(answer.details)) == (400, ["auto_create_for_sp"])


def test_a_trial_run_copies_nothing(server: Server, organization: Account) -> None:
    server.create_profile(organization.customer_id)
    count = "SELECT COUNT(*) FROM templates"
    before = database.rows(server.database_url, count)
    create(organization.http, "spread_trial", sandbox=True)
    assert database.rows(server.database_url, count) == before
