"""Profiles over HTTP beyond the rows of the contract table: whole answers, changes, deletion, and who reaches which."""

import re
from typing import Any

import pytest

from harness import database, samples
from harness.client import Client
from harness.rows import OWN_COMPLIANCE
from harness.server import Account, Server

CONTACT = {"name": "Acme Corp", "email": "billing@acme.example", "phone": "+14155550100", "address": "1 Main St"}
PAYS_ITSELF = {"name": "Sales", "billing_model": "profile", "billing_contact": CONTACT}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")
FLAGS_BY_DEFAULT = {
    "allow_contact_sharing": False,
    "allow_template_sharing": False,
    "inherit_contacts": True,
    "inherit_templates": True,
    "inherit_tcr_brand": True,
    "inherit_tcr_campaign": True,
}


def make(http: Client, **values: Any) -> dict[str, Any]:
    made = http.post("/v3/profiles", {"name": "Sales", "billing_model": "organization", **values})
    assert made.status == 201, made.body
    data: dict[str, Any] = made.data
    return data


def path_of(profile: dict[str, Any]) -> str:
    return f"/v3/profiles/{profile['id']}"


def test_a_profile_of_no_more_than_a_name_has_the_documented_defaults(fresh_account: Account) -> None:
    made = fresh_account.http.post("/v3/profiles", {"name": "Sales"}).data
    assert MOMENT.fullmatch(made["created_at"])
    assert made.pop("created_at") == made.pop("updated_at")
    assert made.pop("id") not in ("", fresh_account.customer_id)
    assert made == {
        **FLAGS_BY_DEFAULT,
        "organization_id": fresh_account.customer_id,
        "name": "Sales",
        "email": None,
        "icon": None,
        "description": None,
        "short_name": None,
        "status": "incomplete",
        "billing_model": "profile",
        "sending_phone_number_profile_id": None,
        "sending_whatsapp_number_profile_id": None,
        "sending_phone_number": None,
        "whatsapp_phone_number": None,
        "allow_number_change_during_onboarding": None,
        "waba_id": None,
        "billing_contact": None,
        "brand": None,
        "settings": {"default_channel": None, "webhook_url": None, "timezone": None, "language": None},
    }


def test_one_profile_looks_the_same_wherever_it_is_shown(fresh_account: Account) -> None:
    http = fresh_account.http
    profile = make(http, **PAYS_ITSELF, icon="https://example.com/i.png", brand=samples.nested_brand())
    assert http.get(path_of(profile)).data == profile
    assert http.get(f"/v3/profiles/{profile['id'].upper()}").data == profile
    assert http.get("/v3/profiles").data["profiles"] == [profile]
    assert http.patch(path_of(profile), {}).data == profile


def test_profiles_are_listed_oldest_first_and_only_ones_own(fresh_account: Account, tenant: Account) -> None:
    http = fresh_account.http
    names = ["Zebra", "Ant", "Mole"]
    for name in names:
        make(http, name=name)
    make(tenant.http, name="Somebody else's")
    assert [profile["name"] for profile in http.get("/v3/profiles").data["profiles"]] == names


def test_two_profiles_may_have_one_name(fresh_account: Account) -> None:
    first, second = make(fresh_account.http), make(fresh_account.http)
    assert (first["name"], first["id"] != second["id"]) == (second["name"], True)


def test_a_change_touches_what_it_names_and_nothing_else(fresh_account: Account) -> None:
    http = fresh_account.http
    before = make(http, **PAYS_ITSELF, short_name="SALES", description="d", icon="https://example.com/i.png")
    changed = http.patch(path_of(before), {"name": "Support", "inherit_contacts": False, "description": None}).data
    assert changed["updated_at"] > before["updated_at"]
    differing = {"name": "Support", "inherit_contacts": False, "updated_at": changed["updated_at"]}
    assert changed == {**before, **differing}
    assert http.get(path_of(before)).data == changed


def test_an_empty_icon_or_description_leaves_it_as_it_is(fresh_account: Account) -> None:
    http = fresh_account.http
    profile = make(http, description="d", icon="https://example.com/i.png")
    changed = http.patch(path_of(profile), {"icon": "", "description": ""}).data
    assert (changed["icon"], changed["description"]) == ("https://example.com/i.png", "d")


def test_all_faults_of_a_body_are_told_at_once(fresh_account: Account) -> None:
    body = {
        "name": " ",
        "short_name": "!!",
        "icon": "nowhere",
        "inherit_contacts": 1,
        "billing_contact": {"name": "", "email": "nobody"},
        "payment_details": {"card_number": "42", "expiry": "9", "cvc": "1", "zip_code": " "},
        "whatsapp_business_account": {"waba_id": ""},
    }
    answer = fresh_account.http.post("/v3/profiles", body)
    assert answer.status == 400
    assert set(answer.details) == {
        "name",
        "short_name",
        "icon",
        "inherit_contacts",
        "billing_contact.name",
        "billing_contact.email",
        "payment_details.card_number",
        "payment_details.expiry",
        "payment_details.cvc",
        "payment_details.zip_code",
        "whatsapp_business_account.waba_id",
        "whatsapp_business_account.access_token",
    }
    assert fresh_account.http.get("/v3/profiles").data["profiles"] == []


def test_a_sandboxed_change_is_checked_shown_and_not_made(fresh_account: Account) -> None:
    http = fresh_account.http
    profile = make(http)
    shown = http.patch(path_of(profile), {"name": "Other", "sandbox": True})
    assert (shown.status, shown.headers["x-sandbox"], shown.data["name"]) == (200, "true", "Other")
    assert http.delete(path_of(profile), {"sandbox": True}).status == 204
    assert http.get(path_of(profile)).data == profile
    assert http.post("/v3/profiles", {"name": "Third", "sandbox": True}).status == 201
    assert len(http.get("/v3/profiles").data["profiles"]) == 1


def test_a_retried_create_makes_one_profile(fresh_account: Account) -> None:
    http, key = fresh_account.http, samples.key()
    first = http.post("/v3/profiles", PAYS_ITSELF, idempotency_key=key)
    again = http.post("/v3/profiles", PAYS_ITSELF, idempotency_key=key)
    assert (again.status, again.data, again.headers["idempotent-replayed"]) == (201, first.data, "true")
    assert len(http.get("/v3/profiles").data["profiles"]) == 1


def test_a_deleted_profile_is_as_unknown_as_any_and_its_rows_stay(server: Server, fresh_account: Account) -> None:
    http = fresh_account.http
    profile = make(http, **OWN_COMPLIANCE, brand=samples.nested_brand())
    key = server.create_key(fresh_account.customer_id, profile=profile["id"])
    contact = server.client(key).post("/v3/contacts", {"phone_number": samples.phone()}).data
    gone = http.delete(path_of(profile), {})
    assert (gone.status, gone.body) == (204, b"")
    assert server.client(key).get("/v3/me").code == "AUTH_002"
    scoped = server.client(fresh_account.api_key, x_profile_id=profile["id"]).get("/v3/me")
    assert (scoped.status, scoped.code) == (403, "AUTH_004")
    assert http.get("/v3/profiles").data["profiles"] == []
    assert http.get("/v3/me").data["profiles"] == []
    unknown = f"/v3/profiles/{samples.UNKNOWN_ID}"
    for method, rest, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "Back"}),
        ("DELETE", "", {}),
        ("POST", "/complete", {"webHookUrl": "https://example.com/"}),
        ("GET", "/campaigns", None),
        ("POST", "/campaigns", samples.campaign()),
    ):
        options: dict[str, Any] = {} if body is None else {"json": body}
        answer = http.request(method, path_of(profile) + rest, **options)
        assert (answer.status, answer.code) == (404, "RESOURCE_014"), (method, rest)
        assert answer.without_meta == http.request(method, unknown + rest, **options).without_meta
    kept = database.rows(server.database_url, f"SELECT name FROM customers WHERE id = '{profile['id']}'")
    assert kept == [("Sales",)]
    contacts = f"SELECT id FROM contacts WHERE customer_id = '{profile['id']}'"
    assert database.rows(server.database_url, contacts) == [(contact["id"],)]


def test_what_is_no_profile_of_ones_own_cannot_be_reached(server: Server, fresh_account: Account) -> None:
    """An organization is no profile, not even of itself."""
    stranger = server.create_account()
    theirs = make(stranger.http)
    http = fresh_account.http
    nobodys = http.get(f"/v3/profiles/{samples.UNKNOWN_ID}").without_meta
    for profile_id in (theirs["id"], stranger.customer_id, fresh_account.customer_id):
        assert http.get(f"/v3/profiles/{profile_id}").without_meta == nobodys
        assert http.patch(f"/v3/profiles/{profile_id}", {"name": "Mine"}).code == "RESOURCE_014"
        assert http.delete(f"/v3/profiles/{profile_id}", {}).code == "RESOURCE_014"
    assert stranger.http.get(path_of(theirs)).data == theirs


def test_a_profiles_key_sees_itself_and_changes_nothing(server: Server, fresh_account: Account) -> None:
    http = fresh_account.http
    profile, sibling = make(http), make(http, name="Sibling")
    own = server.client(server.create_key(fresh_account.customer_id, profile=profile["id"]))
    assert own.get("/v3/profiles").data["profiles"] == [profile]
    assert own.get(path_of(profile)).data == profile
    assert own.get(path_of(sibling)).code == "RESOURCE_014"
    for answer in (
        own.post("/v3/profiles", {"name": "A child"}),
        own.patch(path_of(profile), {"billing_model": "organization"}),
        own.delete(path_of(profile), {}),
    ):
        assert (answer.status, answer.code) == (403, "AUTH_004")
    assert http.get(path_of(profile)).data == profile


def test_an_organization_that_acts_as_a_profile_reaches_that_one(server: Server, fresh_account: Account) -> None:
    http = fresh_account.http
    profile, sibling = make(http), make(http, name="Sibling")
    scoped = server.client(fresh_account.api_key, x_profile_id=profile["id"])
    listed = scoped.get("/v3/profiles")
    assert (listed.data["profiles"], listed.headers["x-profile-id"]) == ([profile], profile["id"])
    assert scoped.get(path_of(sibling)).code == "RESOURCE_014"
    assert scoped.patch(path_of(sibling), {"name": "Taken"}).code == "RESOURCE_014"
    assert scoped.patch(path_of(profile), {"name": "Renamed"}).data["name"] == "Renamed"
    assert http.get(path_of(sibling)).data == sibling


def test_a_number_may_be_a_siblings_but_no_strangers(fresh_account: Account, tenant: Account) -> None:
    http = fresh_account.http
    profile, sibling, strangers = make(http), make(http), make(tenant.http)
    given = {"sending_phone_number_profile_id": sibling["id"], "sending_whatsapp_number_profile_id": sibling["id"]}
    assert given.items() <= http.patch(path_of(profile), given).data.items()
    refused = http.patch(path_of(profile), dict.fromkeys(given, strangers["id"]))
    unknown = http.patch(path_of(profile), dict.fromkeys(given, samples.UNKNOWN_ID))
    assert (refused.code, set(refused.details)) == ("VALIDATION_001", set(given))
    assert refused.without_meta == unknown.without_meta


@pytest.mark.parametrize("name", ["x\nBcc: y@example.com", "a\r\nb", "a\u2028b", "a\u202eb", "a\tb", "n" * 201])
def test_a_name_is_one_line(fresh_account: Account, name: str) -> None:
    """It stands in the emails that its invitations send to strangers."""
    http = fresh_account.http
    refused = http.post("/v3/profiles", {"name": name, "billing_model": "organization"})
    assert (refused.status, refused.code, set(refused.details)) == (400, "VALIDATION_001", {"name"})
    made = http.post("/v3/profiles", {"name": "Fine", "billing_model": "organization"}).data["id"]
    changed = http.patch(f"/v3/profiles/{made}", {"name": name})
    assert (changed.status, changed.code) == (400, "VALIDATION_001")
    assert http.get(f"/v3/profiles/{made}").data["name"] == "Fine"
