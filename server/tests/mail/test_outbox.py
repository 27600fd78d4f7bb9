"""Invitations by mail: what the letter says, how it travels, and that none is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import database, mailbox, samples
from harness.mailbox import Mailbox
from harness.server import OwnServer, Server, ServerStartError
from harness.waiting import equal_to, starting_with, wait_for

FROM = "Sent <no-reply@sent.example>"


@pytest.fixture
def relay() -> Iterator[Mailbox]:
    with Mailbox() as running:
        yield running


def _settings(relay: Mailbox, *, scheme: str = "smtp+plain", login: str = "") -> dict[str, str]:
    return {
        "SENT_SMTP_URL": f"{scheme}://{login}127.0.0.1:{relay.port}",
        "SENT_MAIL_FROM": FROM,
        "SENT_PUBLIC_URL": "https://sent.example/",
        "SENT_SMTP_TIMEOUT_MS": "15000",
    }


def _invite(server: Server, **fields: str) -> str:
    body = {**samples.user(), **fields}
    assert server.http.post("/v3/users", body).status == 201
    return str(body["email"])


def _progress(server: Server, address: str) -> str:
    listed = server.ask("users invitations", customer_id=server.customer_id)
    return str(next(item["mail"] for item in listed if item["email"] == address))


def test_the_letter_names_the_account_and_its_link_works(own_server: OwnServer, relay: Mailbox) -> None:
    server = own_server(env=_settings(relay))
    address = _invite(server, name="Łukasz O'Neil", role="billing")
    (mail,) = relay.wait(to=address)
    message = mail.message
    assert (message["From"], message["To"]) == (FROM, f"Łukasz O'Neil <{address}>")
    assert message["Subject"] == "Invitation to Demo"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@sent.example>")
    assert mail.sender == "no-reply@sent.example"
    assert "as billing" in mail.text
    assert f"https://sent.example/invitations/{mail.token}" in mail.text
    wait_for(lambda: _progress(server, address), until=equal_to("sent"), what="the note that it was sent")
    answer = server.anonymous().post("/v3/users/invitations/accept", {"token": mail.token})
    assert (answer.status, answer.data["status"]) == (200, "active")


def test_names_cannot_add_headers(own_server: OwnServer, relay: Mailbox) -> None:
    """What validation lets through is quoted; a name of several lines, as older releases kept, is brought to one."""
    older = own_server(env=_settings(relay))
    made = older.ask("accounts create", name="Acme", tier="unlimited")
    older.stop()
    lines = "REPLACE('Acme|Bcc: spy@example.com https://evil.example/', '|', CHR(10))"
    if older.backend == "sqlite":
        lines = lines.replace("CHR(", "CHAR(")
    database.change(older.database_url, f"UPDATE customers SET name = {lines} WHERE id = '{made['customer_id']}'")
    server = own_server(home=older.home, database_url=older.database_url, env=_settings(relay))
    account = server.account(made["customer_id"], server.create_key(made["customer_id"]))
    body = {**samples.user(), "name": 'Eve" <eve@example.com>, "Bob'}
    assert account.http.post("/v3/users", body).status == 201
    (mail,) = relay.wait()
    assert mail.recipients == [body["email"]]
    assert mail.message["Bcc"] is None
    assert mail.message["Subject"] == "Invitation to Acme Bcc: spy@example.com https evil.example/"
    (to,) = mail.message["To"].addresses
    assert (to.display_name, to.addr_spec) == (body["name"], body["email"])


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
def test_tls_and_login(own_server: OwnServer, tmp_path: Path, scheme: str) -> None:
    certificate = mailbox.certificate(tmp_path)
    with Mailbox(certificate, from_first_byte=scheme == "smtps") as relay:
        login = "relay%20user:p%40ss%2Fword%3A1@"
        env = {**_settings(relay, scheme=scheme, login=login), "SSL_CERT_FILE": str(certificate)}
        server = own_server(env=env)
        (mail,) = relay.wait(to=_invite(server), timeout_s=20)
        assert (mail.secure, mail.login) == (True, mailbox.USER)


@pytest.mark.parametrize("trouble", ["no STARTTLS", "a certificate that nobody vouches for", "a wrong password"])
def test_a_relay_that_cannot_be_trusted_gets_no_letter(own_server: OwnServer, tmp_path: Path, trouble: str) -> None:
    certificate = mailbox.certificate(tmp_path)
    with Mailbox(None if trouble == "no STARTTLS" else certificate) as relay:
        env = _settings(relay, scheme="smtp", login="relay%20user:wrong@")
        if trouble == "a wrong password":
            env["SSL_CERT_FILE"] = str(certificate)
        server = own_server(env=env)
        address = _invite(server)
        wait_for(
            lambda: _progress(server, address), until=starting_with("tried 1 time"), what="the failure in the list"
        )
        assert relay.mails == []
        assert "wrong" not in _progress(server, address)


def test_a_relay_that_is_busy_is_asked_again(own_server: OwnServer, relay: Mailbox) -> None:
    server = own_server(env=_settings(relay))
    relay.replies += [("RCPT", "451 not now"), ("DATA", "452 full")]
    address = _invite(server)
    wait_for(lambda: _progress(server, address), until=equal_to("tried 1 time: 451 not now"), what="the first failure")
    server.http.post("/sim/clock", {"advance_ms": 60_000})
    wait_for(lambda: _progress(server, address), until=equal_to("tried 2 times: 452 full"), what="the second failure")
    server.http.post("/sim/clock", {"advance_ms": 300_000})
    assert len(relay.wait(to=address)) == 1
    wait_for(lambda: _progress(server, address), until=equal_to("sent"), what="the note that it was sent")


@pytest.mark.parametrize("verb", ["RCPT", "DATA"])
def test_a_letter_that_is_refused_for_good_is_not_sent_again(own_server: OwnServer, relay: Mailbox, verb: str) -> None:
    server = own_server(env=_settings(relay))
    relay.replies.append((verb, "550 no such person"))
    address = _invite(server)
    wait_for(
        lambda: _progress(server, address), until=equal_to("failed: 550 no such person"), what="the refusal in the list"
    )
    server.http.post("/sim/clock", {"advance_ms": 86_400_000})
    assert _invite(server, email="next@example.com") in relay.wait()[0].recipients
    assert relay.wait(1, to="next@example.com")
    assert [mail for mail in relay.mails if address in mail.recipients] == []


def test_a_letter_whose_user_was_removed_stays_here(own_server: OwnServer, relay: Mailbox) -> None:
    server = own_server(env=_settings(relay))
    relay.replies.append(("RCPT", "451 not now"))
    address = _invite(server)
    wait_for(lambda: _progress(server, address), until=starting_with("tried"), what="the first failure")
    (user,) = [user for user in server.http.get("/v3/users").data["users"] if user["email"] == address]
    server.http.delete(f"/v3/users/{user['id']}")
    server.http.post("/sim/clock", {"advance_ms": 60_000})
    relay.wait(to=_invite(server))
    assert len(relay.mails) == 1


def test_a_crash_after_the_invitation_loses_no_letter(own_server: OwnServer, relay: Mailbox) -> None:
    first = own_server(env={**_settings(relay), "SENT_FAILPOINT": "after_commit_before_reply"})
    body = samples.user()
    with pytest.raises((ConnectionError, OSError)):
        first.http.post("/v3/users", body)
    first.process.wait(60)
    server = own_server(home=first.home, database_url=first.database_url, env=_settings(relay))
    (mail,) = relay.wait(to=body["email"])
    assert server.http.post("/v3/users", body).code == "RESOURCE_007"
    assert server.anonymous().post("/v3/users/invitations/accept", {"token": mail.token}).status == 200


def test_a_crash_after_the_relay_took_it_repeats_the_letter_under_its_id(
    own_server: OwnServer, relay: Mailbox, backend: object
) -> None:
    first = own_server(env={**_settings(relay), "SENT_FAILPOINT": "mail_called_before_record"})
    address = _invite(first)
    (before,) = relay.wait(to=address)
    first.process.wait(60)
    server = own_server(home=first.home, database_url=first.database_url, env=_settings(relay))
    if server.backend == "postgres":  # another process might have the lease; it runs out
        server.http.post("/sim/clock", {"advance_ms": 120_000})
    _, again = relay.wait(2, to=address)
    assert again.message["Message-ID"] == before.message["Message-ID"]
    assert again.token == before.token
    wait_for(lambda: _progress(server, address), until=equal_to("sent"), what="the note that it was sent")


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"SENT_SMTP_URL": "mail.example.com"}, "SENT_SMTP_URL must begin with"),
        ({"SENT_SMTP_URL": "smtps://user:secret@"}, "SENT_SMTP_URL must look like"),
        ({"SENT_SMTP_URL": "smtps://user@mail.example.com"}, "SENT_SMTP_URL needs both"),
        ({"SENT_SMTP_URL": "smtps://mail.example.com:port"}, "SENT_SMTP_URL is not a URL"),
        ({"SENT_SMTP_URL": "smtps://mail.example.com"}, "SENT_MAIL_FROM must look like"),
        ({"SENT_SMTP_URL": "smtps://mail.example.com", "SENT_MAIL_FROM": "a@b.co\nBcc: x@y.co"}, "SENT_MAIL_FROM"),
    ],
)
def test_a_bad_setting_is_told_in_one_line(own_server: OwnServer, env: dict[str, str], said: str) -> None:
    with pytest.raises(ServerStartError) as refused:
        own_server(env=env)
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "Traceback" not in str(refused.value)
