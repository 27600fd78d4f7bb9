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
def test_before_activation_every_call_is_auth_005_or_auth_007(server: Server, status: str) -> None:
    """AUTH_007 while no channel is configured, AUTH_005 once one is."""
    answer = server.create_account(status=status).http.get("/v3/me")
    assert answer.status == 403
    assert answer.code in ("AUTH_005", "AUTH_007")


def test_activation_opens_the_door_at_once(server: Server) -> None:
    account = server.create_account(status="SIGNED_UP")
    assert account.http.get("/v3/me").code == "AUTH_006"
    server.operate("accounts", "set-status", account.customer_id, "ACTIVE")
    assert account.http.get("/v3/me").status == 200
    server.operate("accounts", "set-status", account.customer_id, "KYC_STARTED")
    assert account.http.get("/v3/me").code == "AUTH_006"


def test_a_wrong_key_is_told_before_any_gate(server: Server) -> None:
    assert server.client("00000000-0000-4000-8000-000000000000").get("/v3/me").code == "AUTH_002"
