"""The Flask integration: the example against a real server, and its edges."""

import importlib.util
import os
import time
from typing import Any

import httpx
import pytest
from flask import Flask

from deliveries import EXAMPLES, FORMS, SECRET, Example, event, free_port, signed
from sent_dm import SentDm, SentDmError
from sent_dm.integrations.flask import SentExtension, get_sent_client, verify_webhook_signature

WEBHOOK = "/webhooks/sent"


def application(**config: Any) -> tuple[Flask, SentExtension]:
    app = Flask(__name__)
    app.config.update(
        SENT_DM_API_KEY="key", SENT_DM_BASE_URL="http://127.0.0.1:9", SENT_DM_WEBHOOK_SECRET=SECRET, **config
    )
    return app, SentExtension(app)


def test_the_example_sends_and_hears_of_it(server: Any, client: SentDm, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    env = {"SENT_DM_API_KEY": server.api_key, "SENT_DM_BASE_URL": server.base_url}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    found = importlib.util.spec_from_file_location("flask_example", EXAMPLES / "flask" / "app.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    run = module.app.test_cli_runner()
    assert run.invoke(args=["sent", "check"]).output.endswith(f"at {server.base_url}\n")
    printed = run.invoke(args=["sent", "webhook", f"http://127.0.0.1:{port}{WEBHOOK}"]).output
    name, _, secret = printed.strip().removeprefix("export ").partition("=")
    assert name == "SENT_DM_WEBHOOK_SECRET"

    serve = ["flask", "--app", "app", "run", "--port", str(port)]
    wanted = {"to": "+14155550124", "template_id": server.template_ids["welcome"]}
    with Example("flask", serve, port, **env, **{name: secret}) as example:
        answer = httpx.post(f"{example.base_url}/welcome", json=wanted)
        assert answer.status_code == 202, answer.text
        told: list[str] = []
        deadline_s = time.monotonic() + 20
        while "DELIVERED" not in told and time.monotonic() < deadline_s:
            time.sleep(0.1)
            told = httpx.get(f"{example.base_url}/history/{answer.json()['message_id']}").json()
        assert sorted({*told} - {"READ"}) == ["DELIVERED", "QUEUED", "ROUTED", "SENT"]
        refused = httpx.post(f"{example.base_url}/welcome", json={**wanted, "to": "12"})
        assert (refused.status_code, refused.json()["code"]) == (400, "VALIDATION_002")

    command = ["sent", "send", "+14155550124", "--template", wanted["template_id"], "--channel", "sms", "--wait"]
    assert run.invoke(args=command).output.split()[::2] == ["+14155550124", "DELIVERED"]
    text = ["sent", "send", "+14155550124", "--text", "Your table is ready.", "--channel", "sms", "--wait"]
    assert run.invoke(args=text).output.split()[::2] == ["+14155550124", "DELIVERED"]
    assert "--template or --text" in run.invoke(args=["sent", "send", "+14155550124"]).output
    broken = run.invoke(args=[*command, "-p", "nothing"])
    assert broken.exit_code == 2
    assert "NAME=VALUE" in broken.output
    for hook in client.webhooks.list():
        client.webhooks.delete(hook.id)
    with module.app.app_context():
        module.sent.client.close()


@pytest.mark.parametrize(("event_type", "field"), FORMS)
def test_handlers_get_the_events_they_asked_for_once(event_type: str, field: str) -> None:
    app, sent = application()
    had: list[str] = []

    @sent.on("message.delivered")
    def delivered(told: Any) -> None:
        had.append(told.payload.message_id)

    @sent.on("message.failed")
    def failed(told: Any) -> None:
        had.append("failed")

    body = event(field=field)
    for _ in range(2):
        headers = {**signed(body), "X-Webhook-Event-Type": event_type}
        answer = app.test_client().post(WEBHOOK, data=body, headers=headers)
        assert (answer.status_code, answer.json) == (200, {"received": True})
    assert had == ["m"]


def test_an_event_whose_handler_fails_is_not_taken_and_comes_again() -> None:
    app, sent = application()
    fail = [True]

    @sent.on()
    def sometimes(told: Any) -> None:
        if fail:
            fail.pop()
            raise RuntimeError("not today")

    body = event()
    http = app.test_client()
    assert [http.post(WEBHOOK, data=body, headers=signed(body)).status_code for _ in range(2)] == [500, 200]


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Webhook-Signature": "v1,wrong"}, signed(event(), at_s=1_700_000_000), signed(b"another body")],
    ids=["none", "wrong", "old", "another body"],
)
def test_what_sent_did_not_sign_is_refused(headers: dict[str, str]) -> None:
    app, sent = application()
    had: list[Any] = []
    sent.on()(had.append)
    answer = app.test_client().post(WEBHOOK, data=event(), headers=headers)
    assert answer.status_code == 401
    assert had == []


def test_large_bodies_and_missing_secrets_have_answers_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    app, _ = application()
    assert app.test_client().post(WEBHOOK, data=b"x" * 1_100_000).status_code == 413
    monkeypatch.delenv("SENT_DM_WEBHOOK_SECRET", raising=False)
    bare = Flask(__name__)
    bare.config["SENT_DM_API_KEY"] = "key"
    SentExtension().init_app(bare)
    answer = bare.test_client().post(WEBHOOK, data=event(), headers=signed(event()))
    assert (answer.status_code, answer.json) == (500, {"error": "The webhook secret is not configured"})


def test_a_view_of_your_own_is_verified_by_the_decorator_and_the_webhook_can_be_left_out() -> None:
    app, _ = application(SENT_DM_WEBHOOK_PATH="")

    @app.post("/mine")
    @verify_webhook_signature
    def mine() -> str:
        return "mine"

    body = event()
    http = app.test_client()
    assert http.post("/mine", data=body, headers=signed(body)).data == b"mine"
    assert http.post("/mine", data=body).status_code == 401
    assert http.post(WEBHOOK, data=body, headers=signed(body)).status_code == 404


def test_each_application_has_a_client_and_each_process_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = SentExtension()
    apps = [Flask("one"), Flask("two")]
    for number, app in enumerate(apps):
        app.config.update(SENT_DM_API_KEY=f"key-{number}", SENT_DM_MAX_RETRIES=number, SENT_DM_TIMEOUT=5)
        sent.init_app(app)
    keys: list[str] = []
    for app in apps:
        with app.app_context():
            assert get_sent_client() is sent.client
            keys.append(sent.client.api_key)
            first = sent.client
            assert first.timeout.read == 5
    assert keys == ["key-0", "key-1"]
    with apps[1].app_context():
        monkeypatch.setattr(os, "getpid", lambda: -1)
        assert sent.client is not first


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SENT_DM_API_KEY", raising=False)
    app = Flask(__name__)
    with app.app_context(), pytest.raises(RuntimeError, match=r"SentExtension\(app\)"):
        get_sent_client()
    SentExtension(app)
    with app.app_context(), pytest.raises(SentDmError, match="SENT_DM_API_KEY"):
        get_sent_client()
    assert "SENT_DM_API_KEY" in app.test_cli_runner().invoke(args=["sent", "check"]).output


def test_the_calls_of_the_documents_page(client: SentDm, server: Any) -> None:
    """No channel is none or an empty list there, and a template has an id and a name."""
    template = {"id": server.template_ids["welcome"], "name": "another name", "parameters": {}}
    for channel in ([], None, ["sms", "whatsapp"]):
        answer = client.messages.send(to=["+14155550125"], template=template, channel=channel)  # type: ignore[arg-type]
        message = answer.data.messages[0]
        assert (bool(message.id), message.status) == (True, "QUEUED")
