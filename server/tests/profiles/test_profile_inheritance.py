"""What a profile sees of its organization and its siblings, that it cannot change it, and that it may write with it."""

from typing import Any

import pytest

from harness import samples
from harness.client import Client
from harness.messages import wait_for_status
from harness.server import Account, Server

CONTACTS, TEMPLATES = "/v3/contacts", "/v3/templates"
INHERITS = {CONTACTS: "inherit_contacts", TEMPLATES: "inherit_templates"}
SHARES = {CONTACTS: "allow_contact_sharing", TEMPLATES: "allow_template_sharing"}
both_collections = pytest.mark.parametrize("collection", [CONTACTS, TEMPLATES])


class Family:
    """An organization; `member` makes a profile of it and a client that acts as it."""

    def __init__(self, server: Server, organization: Account) -> None:
        self.server, self.http, self.customer_id = server, organization.http, organization.customer_id
        self._api_key = organization.api_key

    def member(self, **flags: bool) -> tuple[str, Client]:
        body = {"name": "Member", "billing_model": "organization", **flags}
        made = self.http.post("/v3/profiles", body)
        assert made.status == 201, made.body
        profile_id = str(made.data["id"])
        return profile_id, self.server.client(self._api_key, x_profile_id=profile_id)


@pytest.fixture
def family(server: Server, fresh_account: Account) -> Family:
    return Family(server, fresh_account)


def create(http: Client, collection: str) -> dict[str, Any]:
    body = samples.template() if collection == TEMPLATES else {"phone_number": samples.phone()}
    made = http.post(collection, body)
    assert made.status == 201, made.body
    data: dict[str, Any] = made.data
    return data


def seen(http: Client, collection: str) -> dict[str, bool]:
    """By id, whether it is inherited. The seeded templates are nobody's concern here."""
    answer = http.get(f"{collection}?page_size=100").data
    rows = answer[collection.rpartition("/")[2]]
    assert answer["pagination"]["total_count"] == len(rows)
    return {row["id"]: row["is_inherited"] for row in rows}


def change(http: Client, collection: str, row_id: str) -> list[Any]:
    if collection == TEMPLATES:
        changed = http.put(f"{collection}/{row_id}", {"name": "taken over"})
    else:
        changed = http.patch(f"{collection}/{row_id}", {"opt_out": True})
    return [changed, http.delete(f"{collection}/{row_id}", {})]


def send(http: Client, to: str, template: dict[str, str]) -> Any:
    return http.post("/v3/messages", {"to": [to], "template": template, "channel": ["sms"]})


@both_collections
def test_a_profile_sees_its_organizations_rows_as_inherited_and_read_only(family: Family, collection: str) -> None:
    _, heir = family.member()
    theirs, own = create(family.http, collection), create(heir, collection)
    listed = seen(heir, collection)
    assert (listed[theirs["id"]], listed[own["id"]]) == (True, False)
    path = f"{collection}/{theirs['id']}"
    viewer_id = heir.get("/v3/me").data["id"]
    assert heir.get(path).data == {**family.http.get(path).data, "is_inherited": True, "customer_id": viewer_id}
    for answer, what in zip(change(heir, collection, theirs["id"]), ("updated", "deleted"), strict=True):
        assert (answer.status, answer.code) == (400, "VALIDATION_001")
        assert answer.error["message"].endswith(f"is read-only and cannot be {what}.")
    assert family.http.get(path).data["is_inherited"] is False
    assert own["id"] not in seen(family.http, collection), "inheriting does not go upwards"


@both_collections
def test_a_profile_that_inherits_nothing_sees_nothing_of_others(family: Family, collection: str) -> None:
    _, loner = family.member(**{INHERITS[collection]: False})
    _, giver = family.member(**{SHARES[collection]: True})
    for row in (create(family.http, collection), create(giver, collection)):
        assert row["id"] not in seen(loner, collection)
        unknown = loner.get(f"{collection}/{samples.UNKNOWN_ID}")
        assert unknown.status == 404
        for answer in (loner.get(f"{collection}/{row['id']}"), *change(loner, collection, row["id"])):
            assert (answer.status, answer.without_meta) == (404, unknown.without_meta)


@both_collections
def test_siblings_see_what_one_of_them_shares_until_it_stops(family: Family, collection: str) -> None:
    giver_id, giver = family.member()
    _, heir = family.member()
    row_id = create(giver, collection)["id"]
    assert row_id not in seen(heir, collection)
    for shares in (True, False):
        assert family.http.patch(f"/v3/profiles/{giver_id}", {SHARES[collection]: shares}).status == 200
        assert seen(heir, collection).get(row_id) is (True if shares else None)
        assert heir.get(f"{collection}/{row_id}").status == (200 if shares else 404)
    family.http.patch(f"/v3/profiles/{giver_id}", {SHARES[collection]: True})
    assert row_id in seen(heir, collection)
    assert row_id not in seen(family.http, collection), "an organization does not inherit"
    assert family.http.delete(f"/v3/profiles/{giver_id}", {}).status == 204
    assert row_id not in seen(heir, collection)


@both_collections
def test_inheriting_is_turned_on_and_off(family: Family, collection: str) -> None:
    heir_id, heir = family.member()
    row_id = create(family.http, collection)["id"]
    for inherits in (False, True):
        family.http.patch(f"/v3/profiles/{heir_id}", {INHERITS[collection]: inherits})
        assert (row_id in seen(heir, collection)) is inherits


def test_another_organizations_profile_inherits_nothing_of_ours(family: Family, server: Server) -> None:
    stranger = server.create_account()
    _, heir = Family(server, stranger).member()
    _, giver = family.member(allow_contact_sharing=True, allow_template_sharing=True)
    for collection in (CONTACTS, TEMPLATES):
        for row in (create(family.http, collection), create(giver, collection)):
            assert heir.get(f"{collection}/{row['id']}").status == 404


def test_a_profile_may_have_a_contact_of_its_own_beside_an_inherited_one(family: Family) -> None:
    _, heir = family.member()
    theirs = create(family.http, CONTACTS)
    number = theirs["phone_number"]
    assert heir.get(CONTACTS, query={"phone": number}).data["contacts"][0]["is_inherited"] is True
    own = heir.post(CONTACTS, {"phone_number": number})
    assert (own.status, own.data["is_inherited"]) == (201, False)
    assert heir.get(CONTACTS, query={"phone": number}).data["contacts"] == [own.data]
    assert seen(heir, CONTACTS) == {theirs["id"]: True, own.data["id"]: False}
    assert heir.get(CONTACTS, query={"search": number.lstrip("+")}).data["pagination"]["total_count"] == 2


def test_pages_go_through_own_and_inherited_rows_once_each(family: Family) -> None:
    _, heir = family.member()
    expected = {create(http, CONTACTS)["id"] for http in (family.http, heir) for _ in range(3)}
    pages = [heir.get(f"{CONTACTS}?page={number}&page_size=2").data["contacts"] for number in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [2, 2, 2, 0]
    assert {row["id"] for page in pages for row in page} == expected


def test_a_message_goes_to_an_inherited_contact_with_an_inherited_template(family: Family) -> None:
    _, heir = family.member()
    contact, template = create(family.http, CONTACTS), create(family.http, TEMPLATES)
    sent = send(heir, contact["phone_number"], {"id": template["id"]})
    assert sent.status == 202, sent.body
    message_id = sent.data["recipients"][0]["message_id"]
    path = f"/v3/messages/{message_id}"
    shown = wait_for_status(heir, message_id, "DELIVERED", timeout_s=20)
    assert (shown["contact_id"], shown["template_id"]) == (contact["id"], template["id"])
    assert family.http.get(path).code == "RESOURCE_003", "the message is the profile's"
    assert seen(heir, CONTACTS) == {contact["id"]: True}, "nobody was added"


def test_a_name_means_ones_own_template_first(family: Family) -> None:
    _, heir = family.member()
    theirs = create(family.http, TEMPLATES)
    family.http.put(f"{TEMPLATES}/{theirs['id']}", {"name": "greeting"})
    to = samples.phone()
    assert send(heir, to, {"name": "greeting"}).data["template_id"] == theirs["id"]
    own = create(heir, TEMPLATES)
    heir.put(f"{TEMPLATES}/{own['id']}", {"name": "Greeting"})
    assert send(heir, to, {"name": "greeting"}).data["template_id"] == own["id"]
    assert send(family.http, to, {"name": "greeting"}).data["template_id"] == theirs["id"]


def test_a_template_out_of_reach_is_unknown_to_messages(family: Family) -> None:
    heir_id, heir = family.member()
    template, to = create(family.http, TEMPLATES), samples.phone()
    assert send(heir, to, {"id": template["id"]}).status == 202
    family.http.patch(f"/v3/profiles/{heir_id}", {"inherit_templates": False})
    refused = send(heir, to, {"id": template["id"]})
    unknown = send(heir, to, {"id": samples.UNKNOWN_ID})
    assert (refused.status, refused.code) == (404, "RESOURCE_002")
    assert refused.error == {
        **unknown.error, "message": unknown.error["message"].replace(samples.UNKNOWN_ID, template["id"])
    }  # fmt: skip


@pytest.mark.parametrize("inherits", [True, False])
def test_who_said_stop_to_the_organization_hears_from_no_profile(family: Family, inherits: bool) -> None:
    _, heir = family.member(inherit_contacts=inherits)
    template, contact = create(family.http, TEMPLATES), create(family.http, CONTACTS)
    family.http.patch(f"{CONTACTS}/{contact['id']}", {"opt_out": True})
    refused = send(heir, contact["phone_number"], {"id": template["id"]})
    assert (refused.status, refused.code) == (422, "BUSINESS_004")
    assert send(heir, samples.phone(), {"id": template["id"]}).status == 202


def test_who_said_stop_to_a_profile_still_hears_from_the_organization(family: Family) -> None:
    _, heir = family.member()
    template = create(family.http, TEMPLATES)
    contact = create(heir, CONTACTS)
    heir.patch(f"{CONTACTS}/{contact['id']}", {"opt_out": True})
    sent = send(family.http, contact["phone_number"], {"id": template["id"]})
    wait_for_status(family.http, sent.data["recipients"][0]["message_id"], "DELIVERED", timeout_s=20)
