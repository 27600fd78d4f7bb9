"""Operators' commands do the same beside a running server and without one."""

import subprocess
from pathlib import Path

import pytest

from harness import server as servers
from harness.backends import Backend
from harness.server import Server


def refuses(home: Path, *arguments: str) -> str:
    done = subprocess.run(
        [*servers.command(*arguments), "--home", str(home)],
        capture_output=True,
        env=servers.environment(),
        timeout=30,
        check=False,
    )
    assert done.returncode == 1, done
    return done.stderr.decode()


def test_an_account_can_be_made_and_used_before_the_first_start(tmp_path: Path) -> None:
    made = servers.operate(tmp_path, "accounts", "create", "Early bird")
    key = servers.operate(tmp_path, "keys", "create", made["customer_id"])
    running = servers.start(tmp_path, "sqlite", database_url="")
    try:
        assert running.client(key["api_key"]).get("/v3/me").data["id"] == made["customer_id"]
    finally:
        running.stop()


def test_commands_take_a_database_too(backend: Backend) -> None:
    home, url = backend.new_home(), backend.empty_url()
    made = servers.operate(home, "accounts", "create", "Far away", "--database", url)
    shown = servers.operate(home, "accounts", "show", made["customer_id"], "--database", url)
    assert shown == made


def test_a_new_account_is_active_with_channels_and_no_money(server: Server) -> None:
    made = server.operate("accounts", "create", "Newcomer")
    assert (made["status"], made["tier"], made["balance"]) == ("ACTIVE", "growth", "0.0000")
    assert set(made["sender_numbers"]) == {"sms", "whatsapp", "rcs"}
    assert made["callback_secret"].startswith("whsec_")


def test_money_arrives_at_once(server: Server) -> None:
    made = server.operate("accounts", "create", "Rich")
    assert server.operate("accounts", "top-up", made["customer_id"], "25.50")["balance"] == "25.5000"
    assert server.operate("accounts", "top-up", made["customer_id"], "0.000001")["balance"] == "25.5000"


def test_only_showing_and_making_an_account_show_its_secret(server: Server) -> None:
    made = server.operate("accounts", "create", "Secretive")
    customer = made["customer_id"]
    assert server.operate("accounts", "show", customer)["callback_secret"] == made["callback_secret"]
    for command in (
        ("top-up", customer, "1"),
        ("set-quota", customer, "users", "5"),
        ("set-tier", customer, "growth"),
        ("set-status", customer, "ACTIVE"),
        ("set-throughput", customer, "sms", "5"),
    ):
        assert "callback_secret" not in server.operate("accounts", *command)


def test_a_revoked_key_stops_working_at_once(server: Server) -> None:
    made = server.operate("keys", "create", server.customer_id, "--role", "developer")
    client = server.client(made["api_key"])
    assert client.get("/v3/me").status == 200
    server.operate("keys", "revoke", made["id"])
    assert client.get("/v3/me").status == 401
    listed = {key["id"]: key for key in server.operate("keys", "list", server.customer_id)}
    assert listed[made["id"]]["revoked_at"] is not None
    assert listed[made["id"]]["ends_in"] == made["api_key"][-4:]


def test_a_state_counts_at_once(server: Server) -> None:
    account = server.create_account("Fallen")
    assert account.http.get("/v3/contacts").status == 200
    server.operate("accounts", "set-status", account.customer_id, "KYC_STARTED")
    assert account.http.get("/v3/contacts").status == 403


def test_a_profile_has_a_key_of_its_own(server: Server) -> None:
    organization = server.create_account("Parent")
    profile = server.create_profile(organization.customer_id)
    assert profile.http.get("/v3/me").data["type"] == "profile"
    scoped = server.client(organization.api_key, **{"x-profile-id": profile.customer_id})
    assert scoped.get("/v3/me").data["id"] == profile.customer_id


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("accounts", "show", "01a00000-0000-7000-8000-000000000000"), "no customer has the id"),
        (("accounts", "top-up", "01a00000-0000-7000-8000-000000000000", "1"), "no customer has the id"),
        (("accounts", "top-up", "CUSTOMER", "lots"), "is not an amount"),
        (("accounts", "top-up", "CUSTOMER", "0"), "is not an amount"),
        (("accounts", "top-up", "CUSTOMER", "1e3"), "is not an amount"),
        (("accounts", "top-up", "CUSTOMER", "1_000"), "is not an amount"),
        (("accounts", "top-up", "CUSTOMER", " 1 "), "is not an amount"),
        (("accounts", "top-up", "CUSTOMER", "\u0661"), "is not an amount"),
        (("accounts", "top-up", "CUSTOMER", "999999999999"), "more than the maximum of 10,000,000"),
        (("accounts", "create", "x\nBcc: y"), "on one line"),
        (("accounts", "set-status", "CUSTOMER", "HAPPY"), "use one of"),
        (("accounts", "create", " "), "the name must have"),
        (("keys", "revoke", "nothing"), "no key has the id"),
        (("migrate",), "migrated it when it started"),
    ],
)
def test_a_mistake_is_told_in_one_line(server: Server, arguments: tuple[str, ...], expected: str) -> None:
    words = [server.customer_id if word == "CUSTOMER" else word for word in arguments]
    said = refuses(server.home, *words)
    assert expected in said
    assert said.startswith("sent: ")
    assert len(said.splitlines()) == 1


def test_migrate_shows_and_then_does(backend: Backend) -> None:
    home, url = backend.new_home(), backend.empty_url()
    assert "to apply" in refuses(home, "migrate", "--check", "--database", url)
    applied = servers.operate(home, "migrate", "--database", url)["applied"]
    assert applied[0] == "0001_core.sql"
    assert servers.operate(home, "migrate", "--database", url) == {"applied": []}
    assert servers.operate(home, "migrate", "--check", "--database", url) == {"pending": []}
