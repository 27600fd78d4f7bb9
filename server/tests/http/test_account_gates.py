"""An account that is not set up yet is kept out with the code of its next step. errors.json AUTH_005 to AUTH_007."""

import pytest

from harness import samples
from harness.server import Server

KYC = ("SIGNED_UP", "KYC_STARTED", "WHITELISTED", "ONBOARDING_STARTED", "KYC_RESUBMISSION_REQUESTED")
READY = ("KYC_COMPLETED", "MESSAGE_COMPLIANCE_COMPLETED")


@pytest.mark.parametrize("status", KYC)
def test_before_kyc_is_complete_every_call_is_auth_006(server: Server, status: str) -> None:
    account = server.create_account(status=status)
    for answer in (
        account.http.get("/v3/me"),
        account.http.get("/v3/contacts"),
        account.http.post("/v3/contacts", {"phone_number": samples.phone()}),
        account.http.post("/v3/contacts", {"not": "even valid"}),
        account.http.get("/v3/contacts/not-an-id"),
    ):
        assert (answer.status, answer.code) == (403, "AUTH_006")


@pytest.mark.parametrize("status", READY)
def test_after_kyc_the_first_channel_is_the_next_step_then_activation(server: Server, status: str) -> None:
    made = server.ask("accounts create", name="No channels yet", channels=False)
    bare = server.account(made["customer_id"], server.create_key(made["customer_id"]))
    server.ask("accounts set-status", customer_id=bare.customer_id, status=status)
    with_channels = server.create_account(status=status)
    for account, code in ((bare, "AUTH_007"), (with_channels, "AUTH_005")):
        for answer in (
            account.http.get("/v3/me"),
            account.http.get("/v3/contacts"),
            account.http.post("/v3/messages", {"to": [samples.phone()], "template": {"name": "welcome"}}),
            account.http.delete("/v3/webhooks/not-an-id"),
        ):
            assert (answer.status, answer.code) == (403, code)


@pytest.mark.parametrize("status", KYC)
def test_kyc_comes_before_channels(server: Server, status: str) -> None:
    made = server.ask("accounts create", name="Nothing yet", channels=False)
    server.ask("accounts set-status", customer_id=made["customer_id"], status=status)
    answer = server.client(server.create_key(made["customer_id"])).get("/v3/me")
    assert (answer.status, answer.code) == (403, "AUTH_006")


def test_a_profile_waits_with_its_organization(server: Server) -> None:
    organization = server.create_account()
    profile = server.create_profile(organization.customer_id)
    through = server.client(organization.api_key, **{"x-profile-id": profile.customer_id})
    for status, code in (("SIGNED_UP", "AUTH_006"), ("KYC_COMPLETED", "AUTH_005"), ("ACTIVE", None)):
        server.ask("accounts set-status", customer_id=organization.customer_id, status=status)
        assert [http.get("/v3/contacts").code for http in (profile.http, through)] == [code, code]


def test_activation_opens_the_door_at_once(server: Server) -> None:
    account = server.create_account(status="SIGNED_UP")
    assert account.http.get("/v3/me").code == "AUTH_006"
    server.operate("accounts", "set-status", account.customer_id, "ACTIVE")
    assert account.http.get("/v3/me").status == 200
    server.operate("accounts", "set-status", account.customer_id, "KYC_STARTED")
    assert account.http.get("/v3/me").code == "AUTH_006"


def test_a_wrong_key_is_told_before_any_gate(server: Server) -> None:
    assert server.client("00000000-0000-4000-8000-000000000000").get("/v3/me").code == "AUTH_002"
