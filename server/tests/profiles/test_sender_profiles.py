"""Sender profiles: the rows of /v3/profiles with their billing, their channels and a key, in one call."""

from typing import Any

import pytest

from harness import samples
from harness.client import Client
from harness.server import Account, Server
from harness.waiting import equal_to, wait_for

EVERY = "/v3/sender-profiles"
CONTACT = {"name": "Ann", "email": "ann@acme.example"}


def named(**values: Any) -> dict[str, Any]:
    return {"name": "Sales", "short_name": "SALES", **values}


def test_the_key_of_a_new_profile_is_shown_once_and_works(fresh_account: Account, server: Server) -> None:
    http = fresh_account.http
    key = samples.key()
    made = http.post(EVERY, named(), headers={"Idempotency-Key": key})
    assert made.status == 201
    assert http.post(EVERY, named(), headers={"Idempotency-Key": key}).data == made.data
    shown = dict(made.data)
    profile = server.client(shown.pop("api_key"))
    assert profile.get("/v3/me").data["id"] == shown["id"]
    assert http.get(f"{EVERY}/{shown['id']}").data == shown
    assert http.get(EVERY).data["sender_profiles"] == [shown]
    assert (shown["billing"], shown["brand"]) == ({"inherit": False, "fallback": False}, None)
    assert shown["channels"]["customer_id"] == shown["id"]
    assert http.get(f"/v3/profiles/{shown['id']}").data["short_name"] == "SALES"
    assert http.post(EVERY, named(sandbox=True)).status == 201
    assert http.get(EVERY).data["pagination"]["total_count"] == 1


def sms(**market: Any) -> dict[str, Any]:
    return {"channels": {"sms": market}}


@pytest.mark.parametrize(
    ("billing", "shown", "model"),
    [
        ({"inherit": True}, {"inherit": True, "fallback": False}, "organization"),
        ({"fallback": True, "contact": CONTACT}, {"inherit": False, "fallback": True}, "profile_and_organization"),
        ({"inherit": False, "fallback": False}, {"inherit": False, "fallback": False}, "profile"),
        ({}, {"inherit": False, "fallback": False}, "profile"),
        (None, {"inherit": False, "fallback": False}, "profile"),
    ],
)
def test_who_pays(http: Client, billing: Any, shown: dict[str, Any], model: str) -> None:
    made = http.post(EVERY, named(billing=billing)).data
    contact = {**CONTACT, "phone": None, "address": None}
    assert made["billing"] == (shown if not (billing or {}).get("contact") else {**shown, "contact": contact})
    assert http.get(f"/v3/profiles/{made['id']}").data["billing_model"] == model


def test_newest_first_in_pages_that_hold_still(fresh_account: Account) -> None:
    http = fresh_account.http
    ids = [http.post(EVERY, named()).data["id"] for _ in range(3)][::-1]

    def page(query: str) -> tuple[list[str], Any]:
        data = http.get(f"{EVERY}?{query}").data
        return [one["id"] for one in data["sender_profiles"]], data["pagination"]

    first, position = page("page_size=2")
    assert (first, position["has_more"], position["total_count"]) == (ids[:2], True, 3)
    http.post(EVERY, named())
    rest, last = page(f"page_size=2&after={position['cursors']['after']}")
    assert (rest, last["has_more"]) == (ids[2:], False)
    assert page(f"page_size=2&before={last['cursors']['before']}")[0] == ids[:2]
    assert page("page=2&limit=2")[0] == ids[1:]


def test_channels_are_ordered_with_the_profile(fresh_account: Account, server: Server) -> None:
    http = fresh_account.http
    body = named(
        channels={"sms": samples.market(), "whatsapp": {"waba_id": "1"}, "rcs": {"inherit": True}},
        compliance={"brand": {"legalName": "Sales Ltd"}},
    )
    made = http.post(EVERY, body).data
    assert [one["status"] for one in made["channels"]["sms"]] == ["PENDING_REVIEW", "ACTIVE"]
    assert [one["compliance"] for one in made["channels"]["sms"]] == [None, None]
    profile = server.client(made["api_key"])
    market = "/v3/channels/sms/GB/ALPHANUMERIC"
    wait_for(lambda: profile.get(market).data["status"], 20, until=equal_to("ACTIVE"))
    assert profile.get(market).data["compliance"]["brand"]["legalName"] == "Sales Ltd"
    shown = wait_for(
        lambda: http.get(f"{EVERY}/{made['id']}").data["channels"], 20, until=lambda one: one["whatsapp"]["waba_id"]
    )
    assert shown["rcs"]["phone_number"] == http.get("/v3/me").data["channels"]["rcs"]["phone_number"]


@pytest.mark.parametrize(
    ("extra", "code", "field"),
    [
        ({"name": " "}, "VALIDATION_001", "name"),
        ({"short_name": "!!"}, "VALIDATION_001", "short_name"),
        ({"billing": {"fallback": True}}, "VALIDATION_001", "billing.contact"),
        ({"billing": {"inherit": "yes"}}, "VALIDATION_001", "billing.inherit"),
        ({"channels": {"sms": {"country": "GB"}}}, "VALIDATION_004", "channels.sms.number_type"),
        ({"channels": {"sms": {"inherit": False}}}, "VALIDATION_004", "channels.sms.country"),
        (sms(**{**samples.market(), "sender_value": "1"}), "VALIDATION_001", "channels.sms.sender_value"),
        (sms(**{**samples.market(), "country": "US"}), "VALIDATION_001", "channels.sms.number_type"),
        (sms(country="US", number_type="TEN_DLC"), "VALIDATION_004", "channels.sms.compliance.brand"),
        ({"channels": {"sms": "GB"}}, "VALIDATION_001", "channels.sms"),
        ({"channels": {"whatsapp": {"waba_id": ""}}}, "VALIDATION_001", "channels.whatsapp.waba_id"),
        ({"channels": {"rcs": {"display_name": "Acme"}}}, "VALIDATION_004", "channels.rcs.description"),
        ({"compliance": {"brand": {"legalName": "x"}}}, "VALIDATION_001", "compliance.brand"),
        ({"compliance": {"brand": {"inherit": True}}, "channels": [], "description": ""}, None, ""),
    ],
)  # fmt: skip
def test_a_body_that_is_wrong_creates_nothing(
    http: Client, extra: dict[str, Any], code: str | None, field: str
) -> None:
    answer = http.post(EVERY, named(**extra, sandbox=True))
    assert answer.code == code, answer.body
    if code:
        assert field in answer.details


@pytest.mark.parametrize(
    "body",
    [
        {}, {"sandbox": True}, {"name": None, "description": ""}, {"unknown": 1}, {"_": True}, {"name": ""},
        {"name": "x", "billing": {"inherit": True}}, {"name": "x", "channels": {"sms": {"inherit": True}}},
        {"name": "x", "compliance": {"brand": {"inherit": True}}}, {"short_name": "x"}, {"name": 7},
    ],
)  # fmt: skip
def test_a_patch_changes_only_names_and_the_description(http: Client, body: dict[str, Any]) -> None:
    profile = http.post(EVERY, named()).data
    path = f"{EVERY}/{profile['id']}"
    answer = http.patch(path, body)
    assert (answer.status, answer.code) == (400, "VALIDATION_001")
    assert http.get(path).data["name"] == "Sales"
    changed = http.patch(path, {"description": "For the EU", "billing": None, "channels": {}})
    assert (changed.status, changed.data["description"], changed.data["name"]) == (200, "For the EU", "Sales")


def test_the_header_that_selects_a_profile_is_ignored(fresh_account: Account, server: Server, tenant: Account) -> None:
    made = fresh_account.http.post(EVERY, named()).data
    foreign = tenant.http.post(EVERY, named()).data["id"]
    for header in (made["id"], foreign, samples.UNKNOWN_ID, "not-an-id"):
        scoped = server.client(fresh_account.api_key, x_profile_id=header)
        assert [one["id"] for one in scoped.get(EVERY).data["sender_profiles"]] == [made["id"]]
        assert scoped.patch(f"{EVERY}/{made['id']}", {"description": header}).status == 200
        assert scoped.get(f"{EVERY}/{foreign}").code == "RESOURCE_014"
    assert scoped.delete(f"{EVERY}/{made['id']}", {"_": True}).status == 204
    assert fresh_account.http.get(f"{EVERY}/{made['id']}").code == "RESOURCE_014"


def test_a_profile_sees_itself_and_changes_nothing(fresh_account: Account, server: Server) -> None:
    made, other = (fresh_account.http.post(EVERY, named()).data for _ in range(2))
    profile = server.client(made["api_key"])
    assert [one["id"] for one in profile.get(EVERY).data["sender_profiles"]] == [made["id"]]
    assert profile.get(f"{EVERY}/{made['id']}").status == 200
    assert profile.get(f"{EVERY}/{other['id']}").code == "RESOURCE_014"
    for answer in (
        profile.post(EVERY, named()),
        profile.patch(f"{EVERY}/{made['id']}", {"name": "x"}),
        profile.delete(f"{EVERY}/{made['id']}", {}),
    ):
        assert (answer.status, answer.code) == (403, "AUTH_004")
