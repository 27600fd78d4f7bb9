"""Who is in, with which role, and who must stay. Contract NOTES d "Users", a46."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import database, samples
from harness.client import Client
from harness.server import Account, Server
from users import people

OWNER = "founder@example.com"


@pytest.fixture
def account(server: Server) -> Account:
    """Nobody's: made by the operator without an owner, with an admin key that belongs to no user."""
    return server.create_account()


@pytest.fixture
def owned(server: Server) -> Account:
    """An organization whose owner is known; the key is not the owner's."""
    made = server.ask("accounts create", name="Owned", tier="unlimited", owner=OWNER)
    return server.account(made["customer_id"], server.create_key(made["customer_id"]))


def test_the_demo_account_has_its_owner_who_holds_the_key(server: Server) -> None:
    first = server.http.get("/v3/users").data["users"][0]
    assert (first["email"], first["name"], first["role"], first["status"]) == (
        "owner@demo.example",
        "Demo Owner",
        "admin",
        "active",
    )
    assert (first["invited_at"], first["last_login_at"]) == (None, None)
    assert server.http.delete(f"/v3/users/{first['id']}").error["message"] == (
        "You cannot remove yourself from the organization"
    )


def test_an_account_without_people_has_none(account: Account) -> None:
    shown = account.http.get("/v3/users").data
    assert (shown["users"], shown["pagination"]["total_count"]) == ([], 0)


def test_users_are_listed_in_the_order_in_which_they_came(account: Account) -> None:
    made = [people.invite(account)["email"] for _ in range(3)]
    assert list(people.statuses(account)) == made


def test_an_address_is_one_person_however_it_is_capitalised(account: Account) -> None:
    people.invite(account, email="Jane@Example.com")
    again = account.http.post("/v3/users", {**samples.user(), "email": "jane@example.COM"})
    assert (again.status, again.code) == (409, "RESOURCE_007")


def test_the_same_person_may_be_in_two_accounts_and_in_a_profile(server: Server, account: Account) -> None:
    profile = server.create_profile(account.customer_id)
    for place in (account, server.create_account(), profile):
        people.invite(place, email="everywhere@example.com")
    assert list(people.statuses(profile)) == ["everywhere@example.com"]


def test_somebody_removed_is_gone_and_may_be_invited_again(account: Account) -> None:
    user = people.invite(account)
    assert account.http.delete(f"/v3/users/{user['id']}", {}).status == 204
    assert account.http.get(f"/v3/users/{user['id']}").code == "RESOURCE_006"
    assert account.http.delete(f"/v3/users/{user['id']}", {}).code == "RESOURCE_006"
    again = people.invite(account, email=user["email"])
    assert (again["status"], again["email"]) == ("invited", user["email"])


def test_a_role_is_changed_at_once_and_for_keys_too(server: Server, account: Account) -> None:
    people.active(server, account, "admin")  # so that it is not about the last admin
    user = people.active(server, account, "developer")
    http = people.key_of(server, account, user)
    assert http.post("/v3/users", samples.user()).code == "AUTH_004"
    changed = account.http.patch(f"/v3/users/{user['id']}", {"role": "admin"}).data
    assert changed == {**user, "role": "admin", "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > user["updated_at"]
    assert http.post("/v3/users", samples.user()).status == 201
    assert account.http.patch(f"/v3/users/{user['id']}", {"role": "billing"}).status == 200
    assert http.get("/v3/users").code == "AUTH_004"
    assert http.get("/v3/me").status == 200


def test_a_suspended_users_key_is_refused_until_it_works_again(server: Server, account: Account) -> None:
    user = people.active(server, account)
    http = people.key_of(server, account, user)
    assert http.get("/v3/me").status == 200
    server.operate("users", "suspend", account.customer_id, user["id"])
    assert (http.get("/v3/me").status, http.get("/v3/me").code) == (401, "AUTH_002")
    assert people.statuses(account)[user["email"]] == ("developer", "suspended")
    server.operate("users", "suspend", account.customer_id, user["id"], "--undo")
    assert http.get("/v3/me").status == 200


def test_a_removed_users_key_is_refused_and_shown_as_revoked(server: Server, account: Account) -> None:
    user = people.active(server, account)
    http = people.key_of(server, account, user)
    assert http.get("/v3/me").status == 200
    account.http.delete(f"/v3/users/{user['id']}", {})
    assert (http.get("/v3/me").status, http.get("/v3/me").code) == (401, "AUTH_002")
    (key,) = [key for key in server.ask("keys list", customer_id=account.customer_id) if key["user_id"] == user["id"]]
    assert key["revoked_at"] is not None


def test_a_key_of_an_invited_user_waits_for_the_answer(server: Server, account: Account) -> None:
    user = people.invite(account)
    http = people.key_of(server, account, user)
    assert http.get("/v3/me").code == "AUTH_002"
    people.accept(server, account, user)
    assert http.get("/v3/me").status == 200


@pytest.mark.parametrize("scoped", [False, True], ids=["directly", "as a profile"])
def test_nobody_removes_or_promotes_themselves(server: Server, account: Account, scoped: bool) -> None:
    """Also when somebody acts in a profile of which they are a user, too."""
    people.active(server, account, "admin")  # so that it is not about the last admin
    user = people.active(server, account, "admin")
    http = people.key_of(server, account, user)
    target = user
    if scoped:
        profile = server.create_profile(account.customer_id)
        target = people.invite(profile, email=user["email"], role="developer")
        http = http.acting_as(http.api_key, x_profile_id=profile.customer_id)
    removal, change = (
        http.delete(f"/v3/users/{target['id']}"),
        http.patch(f"/v3/users/{target['id']}", {"role": "billing"}),
    )
    assert (removal.status, removal.error["message"]) == (400, "You cannot remove yourself from the organization")
    assert (change.status, change.error["message"]) == (400, "You cannot change your own role")


def test_the_last_active_admin_stays(server: Server, account: Account) -> None:
    last = people.active(server, account, "admin")
    people.invite(account, role="admin")  # does not count before the answer
    path = f"/v3/users/{last['id']}"
    removal, demotion = account.http.delete(path), account.http.patch(path, {"role": "developer"})
    assert (removal.status, removal.code) == (400, "VALIDATION_001")
    assert removal.error["message"] == "You cannot remove the last admin of the organization"
    assert demotion.error["message"] == "You cannot demote the last admin of the organization"
    assert account.http.patch(path, {"role": "admin"}).data == last  # what is so already is no change
    second = people.active(server, account, "admin")
    assert account.http.patch(path, {"role": "developer"}).status == 200
    assert account.http.delete(path).status == 204
    assert account.http.delete(f"/v3/users/{second['id']}").status == 400


def test_the_owner_stays_whoever_else_is_admin(server: Server, owned: Account) -> None:
    people.active(server, owned, "admin")
    owner = owned.http.get("/v3/users").data["users"][0]
    assert (owner["email"], owner["name"], owner["role"]) == (OWNER, "founder", "admin")
    removal = owned.http.delete(f"/v3/users/{owner['id']}")
    assert removal.error["message"] == "You cannot remove the owner of the organization"
    change = owned.http.patch(f"/v3/users/{owner['id']}", {"role": "billing"})
    assert change.error["message"] == "You cannot change the role of the organization's owner"


@pytest.mark.parametrize("round_", range(4))
def test_two_admins_cannot_remove_each_other_at_once(server: Server, account: Account, round_: int) -> None:
    one, other = people.active(server, account, "admin"), people.active(server, account, "admin")
    keys = [people.key_of(server, account, user) for user in (one, other)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(Client.delete, keys, [f"/v3/users/{user['id']}" for user in (other, one)]))
    assert sorted(answer.status for answer in answers) in ([204, 400], [204, 401]), answers
    assert list(people.statuses(account).values()) == [("admin", "active")]


def test_two_invitations_of_one_person_at_once_make_one_user(account: Account) -> None:
    body = samples.user()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: account.http.post("/v3/users", body), range(8)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 7
    assert list(people.statuses(account)) == [body["email"]]


def test_a_sandbox_invitation_writes_nothing(server: Server, account: Account) -> None:
    before = database.quiet(server.database_url)
    answer = account.http.post("/v3/users", {**samples.user(), "sandbox": True})
    assert (answer.status, answer.data["status"], answer.headers["x-sandbox"]) == (201, "invited", "true")
    assert database.snapshot(server.database_url) == before


def test_invitations_are_a_sensitive_class_of_their_own(server: Server) -> None:
    account = server.create_account(tier="growth")
    burst = [account.http.post("/v3/users", samples.user()).status for _ in range(6)]
    assert burst.count(201) == 5
    assert burst[-1] == 429
    assert account.http.get("/v3/users").headers["x-ratelimit-limit"] == "200"


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"email": "x@y.co\r\nBcc: z@y.co"}, "Email must be a valid email address"),
        ({"email": 7}, "Expected a string"),
        ({"name": " "}, "Name must have 1 to 200 characters on one line"),
        ({"name": "x" * 201}, "Name must have 1 to 200 characters on one line"),
        ({"name": "Jane\r\nBcc: z@y.co"}, "Name must have 1 to 200 characters on one line"),
        ({"name": "\u202egnp.exe"}, "Name must have 1 to 200 characters on one line"),
        ({"role": "owner"}, "Role must be one of: admin, billing, developer"),
        ({"role": None}, "'role' is required"),
        ({"role": ["admin"]}, "Role must be one of: admin, billing, developer"),
    ],
)
def test_bad_fields_are_told(account: Account, fields: dict[str, object], fault: str) -> None:
    answer = account.http.post("/v3/users", {**samples.user(), **fields})
    assert (answer.status, answer.code, answer.details) == (400, "VALIDATION_001", {next(iter(fields)): [fault]})


def test_operators_see_invite_and_remove(server: Server, account: Account) -> None:
    customer = account.customer_id
    invited = server.operate("users", "invite", customer, "jane@example.com", "Jane", "--role", "billing")
    assert (invited["role"], invited["status"]) == ("billing", "invited")
    (open_one,) = server.operate("users", "invitations", customer)
    assert (open_one["link"], open_one["expired"]) == (invited["link"], False)
    (listed,) = server.operate("users", "list", customer)
    assert listed == {name: invited[name] for name in ("id", "email", "name", "role", "status")}
    assert server.operate("users", "remove", customer, invited["id"]) == {"id": invited["id"], "removed": True}
    assert server.operate("users", "list", customer) == server.operate("users", "invitations", customer) == []
