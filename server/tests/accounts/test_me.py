"""GET /v3/me for each kind of account."""

from harness import samples
from harness.server import Account, Server


def test_an_organization_sees_its_channels_balance_and_profiles(server: Server) -> None:
    account = server.create_account("Acme", balance="25.50")
    profile = server.create_profile(account.customer_id, "Marketing")
    me = account.http.get("/v3/me").data
    assert (me["type"], me["id"], me["name"]) == ("organization", account.customer_id, "Acme")
    # Set for profiles only.
    assert [me[name] for name in ("organization_id", "short_name", "status", "settings")] == [None] * 4
    assert me["balance"] == {"available": 25.5, "held": 0.0, "currency": "USD"}
    assert set(me["channels"]) == {"sms", "whatsapp", "rcs"}
    assert all(channel["configured"] and channel["phone_number"] for channel in me["channels"].values())
    assert me["channels"]["whatsapp"]["business_name"] == "Acme"
    (listed,) = me["profiles"]
    assert (listed["id"], listed["name"], listed["role"]) == (profile.customer_id, "Marketing", "admin")
    assert listed["status"] == "approved"


def test_a_profile_sees_itself_with_its_settings_by_either_key(server: Server) -> None:
    account = server.create_account("Parent")
    profile = server.create_profile(account.customer_id, "Team")
    me = profile.http.get("/v3/me").data
    assert me == server.client(account.api_key, x_profile_id=profile.customer_id).get("/v3/me").data
    assert (me["type"], me["id"], me["organization_id"]) == ("profile", profile.customer_id, account.customer_id)
    assert (me["status"], me["profiles"]) == ("approved", [])
    assert set(me["settings"]) == {
        "allow_contact_sharing",
        "allow_template_sharing",
        "inherit_contacts",
        "inherit_templates",
        "inherit_tcr_brand",
        "inherit_tcr_campaign",
        "billing_model",
    }
    assert me["channels"] == account.http.get("/v3/me").data["channels"]


def test_the_role_of_a_profile_is_that_of_the_key(server: Server, fresh_account: Account) -> None:
    server.create_profile(fresh_account.customer_id)
    for role in ("admin", "developer", "billing"):
        http = server.client(server.create_key(fresh_account.customer_id, role=role))
        assert [profile["role"] for profile in http.get("/v3/me").data["profiles"]] == [role]


def test_another_organizations_profiles_are_not_listed(server: Server, tenant: Account) -> None:
    profile = server.create_profile(tenant.customer_id)
    assert profile.customer_id.encode() not in server.http.get("/v3/me").body


def test_sending_shows_in_the_balance(fresh_account: Account) -> None:
    http = fresh_account.http
    before = http.get("/v3/me").data["balance"]
    template = http.post("/v3/templates", samples.template()).data["id"]
    sent = http.post("/v3/messages", {"to": [samples.phone()], "template": {"id": template}, "channel": ["sms"]})
    assert sent.status == 202, sent.body
    after = http.get("/v3/me").data["balance"]
    assert after["available"] < before["available"]


def test_the_number_that_sends_sms_is_shown_with_the_account_that_owns_it(server: Server) -> None:
    account = server.create_account("Owner of a number")
    profile = server.create_profile(account.customer_id, "Borrower")
    for http in (account.http, profile.http):
        me = http.get("/v3/me").data
        assert me["sending_phone_number"] == me["channels"]["sms"]["phone_number"]
        assert me["sending_phone_number_profile_id"] == account.customer_id
    made = server.ask("accounts create", name="Without a number", channels=False)
    me = server.client(server.create_key(made["customer_id"])).get("/v3/me").data
    assert (me["sending_phone_number"], me["sending_phone_number_profile_id"]) == (None, None)


def test_rows_name_the_account_that_looks_at_them(server: Server) -> None:
    account = server.create_account("Of rows")
    profile = server.create_profile(account.customer_id, "Looks at them")
    contact = account.http.post("/v3/contacts", {"phone_number": samples.phone()}).data
    assert contact["customer_id"] == account.customer_id
    user = account.http.post("/v3/users", samples.user()).data
    assert account.http.get(f"/v3/users/{user['id']}").data["customer_id"] == account.customer_id
    inherited = profile.http.get(f"/v3/contacts/{contact['id']}").data
    assert (inherited["customer_id"], inherited["is_inherited"]) == (profile.customer_id, True)
