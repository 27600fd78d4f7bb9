"""sent_dm.testing, used as a user's test suite uses it."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from sent_dm import SentDm, params
from sent_dm.testing import LocalServer, Phone, ServerStartError


def send(client: SentDm, server: LocalServer, phone: Phone, code: str, **more: Any) -> None:
    template: params.TemplateRefParam = {"id": server.template_ids["otp_code"], "parameters": {"code": code}}
    client.messages.send(to=[phone.number], template=template, **more)


def test_a_phone_shows_what_was_sent(sent_server, sent_client, sent_phone):
    send(sent_client, sent_server, sent_phone, "4711", channel="sms")
    got = sent_phone.wait_for("4711", channel="sms")
    assert (got.phone, got.sender, got.direction) == (sent_phone.number, sent_server.sender_numbers["sms"], "to_phone")
    assert sent_client.messages.retrieve_status(got.message_id).data.status in ("DELIVERED", "SENT")


def test_each_message_is_waited_for_once(sent_server, sent_client, sent_phone):
    send(sent_client, sent_server, sent_phone, "111", channel="sms")
    send(sent_client, sent_server, sent_phone, "222", channel="sms")
    assert {sent_phone.wait_for(re.compile(r"\d+")).id, sent_phone.wait_for().id} == {
        m.id for m in sent_phone.messages()
    }
    with pytest.raises(AssertionError, match=r"did not get a message in 0\.2 s; it got nothing"):
        sent_phone.wait_for(timeout=0.2)


def test_a_phone_can_answer(sent_server, sent_client, sent_phone):
    send(sent_client, sent_server, sent_phone, "1", channel="sms")
    sent_phone.wait_for()
    sent_phone.reply("STOP")
    assert "STOP" not in sent_phone.wait_for(channel="sms").text
    contact = sent_client.contacts.list(phone=sent_phone.number).data[0]
    assert contact.opt_out is True
    assert [one.direction for one in sent_phone.messages()] == ["to_phone", "from_phone", "to_phone"]


def test_code_that_makes_its_own_client(sent_environment, sent_phone):
    with SentDm() as client:
        assert client.me.retrieve().id == sent_environment.customer_id


def test_a_fault_can_be_dialled(sent_server, sent_client, sent_phone):
    sent_server.set_faults({"channel": "sms", "kind": "rejected", "probability": 1, "error_code": "30007"})
    try:
        send(sent_client, sent_server, sent_phone, "1", channel="sms")
        with pytest.raises(AssertionError, match="did not get"):
            sent_phone.wait_for(timeout=1)
    finally:
        sent_server.set_faults()


def test_a_server_that_cannot_start_says_why():
    with pytest.raises(ServerStartError, match="nonsense"):
        LocalServer.start("--nonsense")


def test_without_the_server_package_the_error_says_what_to_install(tmp_path: Path):
    """In an interpreter that sees the SDK and its dependencies, and no server."""
    test = tmp_path / "test_mine.py"
    test.write_text(
        textwrap.dedent(
            """
            import importlib.util, sys
            pytest_plugins = ["sent_dm.testing"]

            real = importlib.util.find_spec
            importlib.util.find_spec = lambda name, package=None: None if name == "sent_server" else real(name, package)

            def test_something(sent_client):
                pass
            """
        )
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(test), "-p", "no:cacheprovider"],
        capture_output=True,
        text=True,
        env={"PATH": "/nowhere"},
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 1
    assert "ServerNotInstalledError: sent_dm.testing starts a server of its own" in done.stdout
