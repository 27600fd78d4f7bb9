"""Every route against every kind of caller. Generated from the server's own route table, so a new route cannot escape.

Invariant I8: a tenant never sees, changes or infers the existence of another tenant's row.
"""

import json
import re
from dataclasses import dataclass, replace
from typing import Any

import pytest

from harness import brands, contract, database, samples
from harness.client import Client, Response
from harness.receiver import Receiver
from harness.routes import PROFILES, Entry, entries, open_paths
from harness.rows import OWN_COMPLIANCE
from harness.server import Account, Server
from harness.waiting import wait_for

ROUTES = entries()

EVERY = pytest.mark.parametrize("entry", ROUTES, ids=lambda entry: entry.name)
WITH_ID = pytest.mark.parametrize("entry", [entry for entry in ROUTES if entry.owned], ids=lambda entry: entry.name)
SCOPED = pytest.mark.parametrize("entry", [entry for entry in ROUTES if entry.scopes], ids=lambda entry: entry.name)
MALFORMED = ["", " ", "x", "00000000-0000-4000-8000-000000000000", "a" * 5_000]


NESTED = pytest.mark.parametrize(
    "entry", [entry for entry in ROUTES if entry.owned and entry.path.count("{") == 2], ids=lambda e: e.name
)
# What a profile's own key may not do, whatever its role.
OF_THE_ORGANIZATION = {
    "POST /v3/profiles", "PATCH /v3/profiles/{profileId}", "DELETE /v3/profiles/{profileId}",
    "POST /v3/sender-profiles", "PATCH /v3/sender-profiles/{id}", "DELETE /v3/sender-profiles/{id}",
}  # fmt: skip
# What an account has once.
ONCE = {"POST /v3/brands", "POST /v3/channels/whatsapp", "POST /v3/channels/rcs"}
# Mounted, and open to anybody: each is looked at below. A path that is neither here nor in ROUTES turns the build red.
OPEN = {
    "/", "/dashboard", "/dashboard/{path:rest}",
    "/docs", "/docs/guides/{path:path}", "/docs/page.js", "/docs/pictures/{name}", "/docs/style.css",
    "/errors", "/errors/{code}", "/openapi.json", "/postman.json",
    "/health/live", "/health/ready", "/healthcheck", "/v3/health", "/invitations/{token}",
    "/v3/users/invitations/accept", "/v3/users/invitations/reject",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keys:
    """One key of each kind in one organization, and a profile of it that inherits no rows."""

    owner: str
    admin: str
    developer: str
    billing: str
    profile: Account
    profile_developer: str
    profile_billing: str


@pytest.fixture(scope="session")
def keys(server: Server) -> Keys:
    customer_id = server.customer_id
    profile = server.create_profile(customer_id, "Matrix profile")
    collections = ("contacts", "templates", "tcr_brand", "tcr_campaign")
    inherits_nothing = {f"inherit_{name}": False for name in collections}
    assert server.http.patch(f"/v3/profiles/{profile.customer_id}", inherits_nothing).status == 200
    return Keys(
        server.api_key,
        server.create_key(customer_id),
        server.create_key(customer_id, role="developer"),
        server.create_key(customer_id, role="billing"),
        profile,
        server.create_key(customer_id, role="developer", profile=profile.customer_id),
        server.create_key(customer_id, role="billing", profile=profile.customer_id),
    )


@pytest.fixture(scope="session")
def revoked_key(server: Server) -> str:
    made = server.ask("keys create", customer_id=server.customer_id, role="admin")
    server.ask("keys revoke", key_id=made["id"])
    return str(made["api_key"])


@pytest.fixture(scope="session")
def suspended_key(server: Server) -> str:
    """An admin's who accepted an invitation, worked, and was suspended."""
    customer_id = server.customer_id
    invited = server.ask("users invite", customer_id=customer_id, **samples.user("admin"))
    accepted = server.anonymous().post("/v3/users/invitations/accept", {"token": invited["link"].rpartition("/")[2]})
    assert accepted.status == 200
    key: str = server.ask("keys create", customer_id=customer_id, user_id=invited["id"])["api_key"]
    assert server.client(key).get("/v3/me").status == 200
    server.ask("users suspend", customer_id=customer_id, user_id=invited["id"])
    return key


def _call(
    http: Client, entry: Entry, identifier: str = samples.UNKNOWN_ID, *, sandbox: bool = False, **options: Any
) -> Response:
    """A request that would be valid if the caller and the id were."""
    if entry.body is not None:
        options["json"] = {**entry.body(), **({"sandbox": True} if sandbox else {})}
    return http.request(entry.method, entry.path_for(identifier), **options)


def _is_clock_of_several(answer: Response) -> bool:
    """Other tests made organizations here; then the clock is nobody's but the operator's, whatever the role."""
    return answer.status == 403 and "sent sim clock" in answer.error["message"]


@EVERY
def test_without_a_key_nobody_enters(server: Server, entry: Entry) -> None:
    answer = _call(server.anonymous(), entry)
    assert (answer.status, answer.code) == (401, "AUTH_001")


@EVERY
def test_a_wrong_key_does_not_open(server: Server, entry: Entry) -> None:
    for key in MALFORMED:
        answer = _call(server.client(key), entry)
        assert (answer.status, answer.code) == (401, "AUTH_002"), key[:40]


@EVERY
def test_a_revoked_key_does_not_open(server: Server, revoked_key: str, entry: Entry) -> None:
    answer = _call(server.client(revoked_key), entry)
    assert (answer.status, answer.code) == (401, "AUTH_002")


@EVERY
def test_a_suspended_users_key_does_not_open(server: Server, suspended_key: str, entry: Entry) -> None:
    answer = _call(server.client(suspended_key), entry)
    assert (answer.status, answer.code) == (401, "AUTH_002")


@EVERY
def test_a_role_opens_exactly_what_the_table_says(server: Server, keys: Keys, entry: Entry) -> None:
    held = {"owner": keys.owner, "admin": keys.admin, "developer": keys.developer, "billing": keys.billing}
    for role, key in held.items():
        answer = _call(server.client(key), entry, sandbox=True)
        if role in entry.roles or (role == "owner" and "admin" in entry.roles):
            # What it would be for anybody who may: done, no row of that id, or the one brand or channel there can be
            # is there already. A 400 would prove nothing.
            is_second = entry.name in ONCE and answer.code == "RESOURCE_007"
            assert is_second or _is_clock_of_several(answer) or answer.status in (200, 201, 202, 204, 404), (
                role,
                answer.body,
            )
        else:
            assert (answer.status, answer.code) == (403, "AUTH_004"), role


MIN_ROLES = {"admin": {"admin"}, "developer": {"admin", "developer"}}


@EVERY
def test_a_role_that_the_contract_asks_for_is_the_one_the_table_has(entry: Entry) -> None:
    documented = contract.find(entry.method, entry.path)
    if documented is None or "x-min-role" not in documented.definition:
        return
    assert entry.roles == MIN_ROLES[documented.definition["x-min-role"]]


@EVERY
def test_a_role_is_refused_before_its_body_is_read(server: Server, keys: Keys, entry: Entry) -> None:
    if "billing" in entry.roles or entry.body is None:
        return
    http = server.client(keys.billing)
    answer = http.request(entry.method, entry.path_for("not-an-id"), body=b"{not json", headers={"content-type": "x/y"})
    assert (answer.status, answer.code) == (403, "AUTH_004")


@SCOPED
def test_a_profile_out_of_reach_is_the_same_403_for_each_reason(
    server: Server, keys: Keys, tenant: Account, entry: Entry
) -> None:
    theirs = _profile_of(server, tenant)
    reasons = {
        "unknown": (keys.admin, samples.UNKNOWN_ID),
        "foreign profile": (keys.admin, theirs.customer_id),
        "foreign organization": (keys.admin, tenant.customer_id),
        "malformed": (keys.admin, "not-an-id"),
        "empty": (keys.admin, ""),
        "a profile's own key": (keys.profile.api_key, keys.profile.customer_id),
    }
    answers = {
        reason: _call(server.client(key), entry, headers={"x-profile-id": profile})
        for reason, (key, profile) in reasons.items()
    }
    for reason, answer in answers.items():
        assert (answer.status, answer.code) == (403, "AUTH_004"), reason
        assert answer.without_meta == answers["unknown"].without_meta, reason
        assert "x-profile-id" not in answer.headers, reason


_profiles: dict[str, Account] = {}


def _profile_of(server: Server, tenant: Account) -> Account:
    """The foreign profile; made once per server."""
    if server.base_url not in _profiles:
        _profiles[server.base_url] = server.create_profile(tenant.customer_id, "Somebody else's profile")
    return _profiles[server.base_url]


@SCOPED
def test_an_organization_may_act_as_its_profile_and_is_told_so(server: Server, keys: Keys, entry: Entry) -> None:
    profile = keys.profile.customer_id
    answer = _call(server.http, entry, sandbox=True, headers={"x-profile-id": profile})
    assert _is_clock_of_several(answer) or answer.status in (200, 201, 202, 204, 404), answer.body
    assert answer.headers["x-profile-id"] == profile


@EVERY
def test_acting_as_a_profile_adds_nothing_to_a_role(server: Server, keys: Keys, entry: Entry) -> None:
    for role, key in (("developer", keys.developer), ("billing", keys.billing)):
        if role not in entry.roles:
            answer = _call(server.client(key), entry, sandbox=True, headers={"x-profile-id": keys.profile.customer_id})
            assert (answer.status, answer.code) == (403, "AUTH_004"), role


@EVERY
def test_a_profiles_key_opens_what_its_role_does_except_its_own_settings(
    server: Server, keys: Keys, entry: Entry
) -> None:
    held = {"admin": keys.profile.api_key, "developer": keys.profile_developer, "billing": keys.profile_billing}
    identifier = keys.profile.customer_id if entry.collection in PROFILES else samples.UNKNOWN_ID
    for role, key in held.items():
        answer = _call(server.client(key), entry, identifier, sandbox=True)
        if role in entry.roles and entry.name not in OF_THE_ORGANIZATION:
            assert _is_clock_of_several(answer) or answer.status in (200, 201, 202, 204, 404), (role, answer.body)
        else:
            assert (answer.status, answer.code) == (403, "AUTH_004"), role


@WITH_ID
def test_another_tenants_row_is_exactly_as_unknown_as_no_row(server: Server, tenant: Account, entry: Entry) -> None:
    identifier = entry.make(server)
    theirs = _call(tenant.http, entry, identifier)
    nobodys = _call(tenant.http, entry)
    assert theirs.status == nobodys.status == 404
    assert theirs.without_meta == nobodys.without_meta
    names = set(theirs.headers) - {"date"}
    assert names == set(nobodys.headers) - {"date"}
    assert identifier.encode() not in theirs.body


@WITH_ID
def test_another_tenants_row_stays_as_it_was(server: Server, tenant: Account, entry: Entry) -> None:
    if entry.method == "GET":
        return
    identifier = entry.make(server)
    path = entry.collection + "/" + identifier
    before = server.http.get(path).without_meta
    assert _call(tenant.http, entry, identifier).status == 404
    assert _call(tenant.http, entry, identifier, idempotency_key=samples.key()).status == 404
    assert server.http.get(path).without_meta == before


@WITH_ID
def test_a_profile_and_its_organization_do_not_see_each_others_rows(server: Server, keys: Keys, entry: Entry) -> None:
    ours = entry.make(server)
    assert _call(keys.profile.http, entry, ours).status == 404
    if entry.scopes:
        assert _call(server.http, entry, ours, headers={"x-profile-id": keys.profile.customer_id}).status == 404


@NESTED
def test_another_tenants_row_under_ones_own_is_as_unknown_as_no_row(
    server: Server, tenant: Account, entry: Entry
) -> None:
    parent = brands.own(tenant.http)["id"]
    if entry.collection == "/v3/profiles":
        body = {**OWN_COMPLIANCE, "name": "Branded", "brand": samples.nested_brand()}
        parent = tenant.http.post("/v3/profiles", body).data["id"]
    campaigns = f"/v3/brands/{brands.own(server.http)['id']}/campaigns"
    campaign = server.http.post(campaigns, samples.campaign()).data
    first = re.sub(r"\{\w+\}", parent, entry.path, count=1)
    answers = [
        _call(tenant.http, replace(entry, path=first), identifier)
        for identifier in (campaign["id"], samples.UNKNOWN_ID)
    ]
    assert [answer.status for answer in answers] == [404, 404]
    assert answers[0].without_meta == answers[1].without_meta
    assert campaign in server.http.get(campaigns).data


def test_a_path_without_a_key_is_one_that_we_meant(server: Server) -> None:
    assert open_paths() == OPEN
    http = server.anonymous()
    for path in OPEN:
        method = "POST" if path.startswith("/v3/users") else "GET"
        options: dict[str, Any] = {"json": {"token": "unknown"}} if method == "POST" else {}
        answer = http.request(method, re.sub(r"\{[\w:]+\}", "unknown", path), checked=False, **options)
        assert answer.status in (200, 204, 303, 307, 400, 404), path
        assert server.customer_id.encode() not in answer.body, path


def test_a_head_tells_a_stranger_nothing(server: Server) -> None:
    http = server.anonymous()
    for entry in ROUTES:
        if entry.method == "GET":
            answer = http.request("HEAD", entry.path_for(samples.UNKNOWN_ID), checked=False)
            assert (answer.status, answer.body) == (401, b""), entry.name


def test_a_replay_may_not_name_another_tenants_event(server: Server, tenant: Account, receiver: Receiver) -> None:
    hooks = [
        http.post("/v3/webhooks", samples.webhook(receiver.url())).data["id"] for http in (server.http, tenant.http)
    ]
    server.http.post("/v3/messages", {"to": [samples.phone()], "template": {"name": "welcome"}, "channel": ["sms"]})
    log = wait_for(lambda: server.http.get(f"/v3/webhooks/{hooks[0]}/events").data["events"], 20, what="the log")
    answers = [
        tenant.http.post(f"/v3/webhooks/{hooks[1]}/replay", {"event_id": event_id})
        for event_id in (log[0]["id"], samples.UNKNOWN_ID)
    ]
    assert answers[0].status == answers[1].status
    assert answers[0].without_meta == answers[1].without_meta
    for http, hook in zip((server.http, tenant.http), hooks, strict=True):
        assert http.delete(f"/v3/webhooks/{hook}", {}).status == 204


def test_lists_show_only_ones_own_rows(server: Server, tenant: Account) -> None:
    for entry in {entry.collection: entry for entry in ROUTES if entry.owned}.values():
        identifier = entry.make(server)
        answer = tenant.http.get(f"{entry.collection}?limit=100")
        if answer.status != 405:
            assert identifier.encode() not in answer.body, entry.collection


def test_a_search_for_another_tenants_number_finds_nothing(server: Server, tenant: Account) -> None:
    phone = samples.phone()
    server.http.post("/v3/contacts", {"phone_number": phone})
    assert tenant.http.get(f"/v3/contacts?phone=%2B{phone[1:]}").code == "RESOURCE_001"
    assert tenant.http.get(f"/v3/contacts?search={phone[1:]}").data["contacts"] == []


def test_a_message_may_not_use_another_tenants_template(server: Server, tenant: Account) -> None:
    template = server.http.post("/v3/templates", samples.template()).data
    for reference in ({"id": template["id"]}, {"name": template["name"] + " of nobody else"}):
        answer = tenant.http.post("/v3/messages", {"to": [samples.phone()], "template": reference})
        assert (answer.status, answer.code) == (404, "RESOURCE_002")


def test_two_tenants_may_know_the_same_number(server: Server, tenant: Account) -> None:
    phone = samples.phone()
    ours = server.http.post("/v3/contacts", {"phone_number": phone})
    theirs = tenant.http.post("/v3/contacts", {"phone_number": phone})
    assert (ours.status, theirs.status) == (201, 201)
    assert ours.data["id"] != theirs.data["id"]
    server.http.patch(f"/v3/contacts/{ours.data['id']}", {"opt_out": True})
    assert tenant.http.get(f"/v3/contacts/{theirs.data['id']}").data["opt_out"] is False


def test_no_answer_of_a_tenant_names_another(server: Server, tenant: Account) -> None:
    for entry in ROUTES:
        if entry.method == "GET" and not entry.owned:
            body = _call(tenant.http, entry).body
            assert server.customer_id.encode() not in body, entry.name


def test_keys_stand_only_as_hashes_in_the_database(server: Server, tenant: Account, keys: Keys) -> None:
    secrets = [server.api_key, tenant.api_key, keys.profile.api_key, keys.billing]
    for name in database.names(server.database_url):
        content = repr(database.rows(server.database_url, f"SELECT * FROM {name}"))
        assert not [secret for secret in secrets if secret in content], name


def test_the_table_knows_every_documented_route() -> None:
    """The other way round: what the contract documents is in the table, or needs no key."""
    served = {entry.name for entry in ROUTES}
    documented = {item.name for item in contract.operations() if item.path not in OPEN}
    assert documented <= served, json.dumps(sorted(documented - served))
