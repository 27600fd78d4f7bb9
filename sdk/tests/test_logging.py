"""Logs say what happened, and to nobody's surprise never to whom or with which key."""

import logging
import os
import subprocess
import sys

import pytest

import sent_dm
from peer import Peer, answer, envelope, soon
from sent_dm.core import log

KEY = "sk-very-secret-key"
PHONE = "+14155551234"
NAME = "Ann-Personal"
SECRETS = (KEY, PHONE, PHONE[1:], NAME)


def talk(call):
    template = {"name": "welcome", "parameters": {"name": NAME}}
    call(lambda c: c.messages.with_raw_response.send(to=[PHONE], template=template))
    call(lambda c: c.numbers.with_raw_response.lookup(PHONE))
    call(lambda c: c.contacts.with_raw_response.list(phone=PHONE))
    call(lambda c: c.get(f"/v3/new/{PHONE}?name={NAME}", cast_to=None))
    with pytest.raises(sent_dm.APIStatusError):
        call(lambda c: c.me.retrieve(extra_headers={"X-Secret": NAME}, max_retries=0))


@pytest.mark.parametrize("level", ["info", "debug"])
def test_no_level_shows_keys_phones_or_texts(make_caller, caplog, level):
    """All loggers are at this level: ours, httpx's, httpcore's, aiohttp's, asyncio's."""
    said = envelope({"phone_number": PHONE, "name": NAME})
    with Peer(
        soon(500), answer(202, said), answer(200, said), answer(200, said), answer(200, said), answer(400, said)
    ) as peer:
        call = make_caller(base_url=peer.base_url, api_key=KEY)
        with caplog.at_level(level.upper()), caplog.at_level(level.upper(), logger="sent_dm"):
            talk(call)
    assert "POST /v3/messages 500 in" in caplog.text
    assert "POST /v3/messages again in" in caplog.text
    assert "GET /v3/numbers/lookup/{phone_number} 200 in" in caplog.text
    assert "GET /v3/new/<number> 200 in" in caplog.text
    assert "req_peer" in caplog.text
    assert [secret for secret in SECRETS if secret in caplog.text] == []
    assert ("<redacted>" in caplog.text) == (level == "debug")
    assert ("body {'to': ['<12 characters>'], 'template'" in caplog.text) == (level == "debug")


def test_the_outline_of_a_body():
    told = {
        "channel": "sms",
        "id": PHONE,
        "to": [PHONE],
        "n": 14155551234,
        "page": 2,
        "deep": {"status": "x", "a": None},
    }
    assert log.outline(told) == {
        "channel": "sms", "id": "<12 characters>", "to": ["<12 characters>"], "n": "<a number>", "page": 2,
        "deep": {"status": "x", "a": None},
    }  # fmt: skip


def test_silent_unless_asked(make_caller, caplog):
    with Peer(soon(500), answer()) as peer:
        call = make_caller(base_url=peer.base_url)
        call(lambda c: c.me.retrieve())
    assert [one for one in caplog.records if one.name.startswith("sent_dm")] == []


@pytest.mark.parametrize(
    ("variable", "value", "level"),
    [
        ("SENT_DM_LOG", "info", logging.INFO),
        ("SENT_DM_LOG", "DEBUG", logging.DEBUG),
        ("SENT_LOG", "info", logging.INFO),
        ("SENT_DM_LOG", "nonsense", logging.NOTSET),
        ("SENT_DM_LOG", "", logging.NOTSET),
    ],
)
def test_the_environment_turns_it_on(variable, value, level):
    code = "import logging, sent_dm; print(logging.getLogger('sent_dm').level)"
    env = {name: v for name, v in os.environ.items() if not name.startswith("SENT_")}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**env, variable: value}, capture_output=True, text=True, check=True
    )
    assert (int(done.stdout), done.stderr) == (level, "")


def test_errors_and_reprs_show_no_key():
    client = sent_dm.SentDm(api_key=KEY)
    assert KEY not in repr(client)
    assert KEY not in repr(client.messages)
