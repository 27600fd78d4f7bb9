"""The FastAPI integration: the example against a real server, and its edges."""

import asyncio
import threading
import time
from base64 import b64decode
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest.mock import AsyncMock, patch

import httpx
import pytest
from fastapi import FastAPI

from deliveries import FORMS, SECRET, Example, event, free_port, served, signed
from sent_dm import APIError, AsyncSentDm, SentDm, SentDmError, types
from sent_dm.integrations.fastapi import SentClient, SentEvent, SentFastAPI
from sent_dm.integrations.registration import register_webhook

WEBHOOK = "/webhooks/sent"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def application(sent: SentFastAPI | None = None, **options: Any) -> tuple[FastAPI, SentFastAPI]:
    made = sent or SentFastAPI(api_key="key", base_url="http://127.0.0.1:9", webhook_secret=SECRET, **options)
    app = FastAPI()
    made.install(app)
    return app, made


def test_the_example_sends_and_hears_of_it(server: Any, client: SentDm) -> None:
    port = free_port()
    hook = client.webhooks.create(
        display_name="fastapi", endpoint_url=f"http://127.0.0.1:{port}{WEBHOOK}", event_types=["messages"]
    ).data
    env = {
        "SENT_DM_API_KEY": server.api_key,
        "SENT_DM_BASE_URL": server.base_url,
        "SENT_DM_WEBHOOK_SECRET": str(hook.signing_secret),
    }
    with Example("fastapi", ["uvicorn", "app:app", "--port", str(port)], port, **env) as example:
        wanted = {"to": "+14155550123", "template_id": server.template_ids["welcome"]}
        answer = httpx.post(f"{example.base_url}/welcome", json=wanted)
        assert answer.status_code == 202, answer.text
        told: list[str] = []
        deadline_s = time.monotonic() + 20
        while "DELIVERED" not in told and time.monotonic() < deadline_s:
            time.sleep(0.1)
            told = httpx.get(f"{example.base_url}/history/{answer.json()['message_id']}").json()
        assert sorted({*told} - {"READ"}) == ["DELIVERED", "QUEUED", "ROUTED", "SENT"]
        unknown = httpx.post(f"{example.base_url}/welcome", json={**wanted, "template_id": UNKNOWN})
        assert unknown.status_code == 404
        assert unknown.json()["code"] == "RESOURCE_002"
        assert unknown.json()["error"] == "NotFoundError"
        assert UNKNOWN in unknown.json()["message"]
        wrong = httpx.post(f"{example.base_url}/welcome", json={**wanted, "to": "12"})
        assert (wrong.status_code, list(wrong.json()["details"])) == (400, ["to[0]"])
    client.webhooks.delete(hook.id)


def test_setting_the_webhook_up_twice_leaves_one_with_the_newer_secret(server: Any, client: SentDm) -> None:
    url = f"http://127.0.0.1:{free_port()}{WEBHOOK}"
    first = register_webhook(client, url, display_name="once", event_types=["messages"])
    [hook] = [one for one in client.webhooks.list() if one.endpoint_url == url]
    client.webhooks.toggle_status(hook.id, is_active=False)
    second = register_webhook(client, url, display_name="twice", event_types=["message"])
    [again] = [one for one in client.webhooks.list() if one.endpoint_url == url]
    assert (again.id, again.event_types, again.is_active) == (hook.id, ["message"], True)
    assert len({first, second}) == 2
    client.webhooks.delete(hook.id)


def test_a_url_with_credentials_is_found_again_although_they_are_shown_masked(server: Any, client: SentDm) -> None:
    place = f"127.0.0.1:{free_port()}{WEBHOOK}"
    given = [
        f"http://user:first@{place}",
        f"http://user:first@{place}",
        f"http://user:second@{place}",
        f"http://{place}",
    ]
    secrets = {register_webhook(client, url, display_name="once", event_types=["messages"]) for url in given[:3]}
    [hook] = [one for one in client.webhooks.list() if str(one.endpoint_url).endswith(place)]
    assert (hook.endpoint_url, len(secrets)) == (f"http://***@{place}", 3)
    register_webhook(client, given[3], display_name="once", event_types=["messages"])
    [again] = [one for one in client.webhooks.list() if str(one.endpoint_url).endswith(place)]
    assert (again.id, again.endpoint_url) == (hook.id, f"http://{place}")
    client.webhooks.delete(hook.id)


def test_the_webhook_uses_the_credentials_that_were_given_last(server: Any, client: SentDm) -> None:
    heard: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode())
            self.send_response(200)
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as receiver:
        threading.Thread(target=receiver.serve_forever, args=(0.05,), daemon=True).start()
        place = f"127.0.0.1:{receiver.server_port}{WEBHOOK}"
        for password in ("first", "second"):
            register_webhook(client, f"http://user:{password}@{place}", display_name="once")
            [hook] = [one for one in client.webhooks.list() if str(one.endpoint_url).endswith(place)]
            assert client.webhooks.test(hook.id, event_type="messages").data.success
        receiver.shutdown()
    client.webhooks.delete(hook.id)
    assert heard == ["user:first", "user:second"]


@pytest.mark.parametrize(("event_type", "field"), FORMS)
def test_handlers_get_the_events_they_asked_for_once(event_type: str, field: str) -> None:
    app, sent = application()
    had: list[str] = []

    @sent.on("message.delivered")
    async def delivered(told: Any) -> None:
        had.append(f"delivered {told.payload.message_id}")

    @sent.on("messages")
    def any_message(told: Any) -> None:
        had.append(f"message {told.payload.message_status}")

    @sent.on("templates", "contact.opt_out")
    def others(told: Any) -> None:
        had.append("other")

    body = event(field=field)
    with served(app) as http:
        for _ in range(2):
            headers = {**signed(body), "X-Webhook-Event-Type": event_type}
            assert http.post(WEBHOOK, content=body, headers=headers).json() == {"received": True}
        assert had == ["delivered m", "message DELIVERED"]
        consent = event(field="contact", sub_type="contact.opt_out", event="contact.opt_out", meta={"request_id": "2"})
        assert http.post(WEBHOOK, content=consent, headers=signed(consent)).status_code == 200
    assert had[2:] == ["other"]


def test_an_event_whose_handler_fails_is_not_taken_and_comes_again() -> None:
    app, sent = application()
    fail = [True]

    @sent.on()
    def sometimes(told: Any) -> None:
        if fail:
            fail.pop()
            raise RuntimeError("not today")

    body = event()
    with served(app) as http:
        statuses = [http.post(WEBHOOK, content=body, headers=signed(body)).status_code for _ in range(2)]
    assert statuses == [500, 200]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Webhook-Signature": "v1,wrong"},
        signed(event(), at_s=1_700_000_000),
        signed(b"another body"),
        signed(event(), secret="whsec_" + "A" * 43 + "="),
        {**signed(event()), "X-Webhook-ID": "another"},
    ],
    ids=["none", "wrong", "old", "another body", "another secret", "another webhook"],
)
def test_what_sent_did_not_sign_is_refused(headers: dict[str, str]) -> None:
    app, sent = application()
    had: list[Any] = []
    sent.on()(had.append)
    with served(app) as http:
        assert http.post(WEBHOOK, content=event(), headers=headers).status_code == 401
    assert had == []


def test_a_body_without_end_is_cut_off() -> None:
    app, _ = application()
    with served(app) as http:
        assert http.post(WEBHOOK, content=b"x" * 1_100_000).status_code == 413


def test_a_verified_event_may_have_a_route_of_its_own() -> None:
    app, _ = application(webhook_path=None)

    @app.post("/mine")
    async def mine(told: SentEvent) -> str:
        assert isinstance(told, types.WebhookMessageEvent)
        return str(told.payload.message_id)

    body = event()
    with served(app) as http:
        assert http.post("/mine", content=body, headers=signed(body)).json() == "m"
        assert http.post("/mine", content=body).status_code == 401
        assert http.post(WEBHOOK, content=body, headers=signed(body)).status_code == 404


def test_the_client_lives_as_long_as_the_application_and_its_own_lifespan_stays() -> None:
    order: list[str] = []

    @asynccontextmanager
    async def own(app: FastAPI):
        order.append(f"started with {type(app.state.sent_client).__name__}")
        yield {"kept": 1}
        order.append("ended")

    app = FastAPI(lifespan=own)
    SentFastAPI(api_key="key").install(app)

    @app.get("/closed")
    async def closed(client: SentClient) -> bool:
        order.append("used")
        return client.is_closed()

    with served(app) as http:
        client = app.state.sent_client
        assert http.get("/closed").json() is False
    assert order == ["started with AsyncSentDm", "used", "ended"]
    assert client.is_closed()
    with served(app, lifespan="off") as http:
        assert http.get("/closed").status_code == 500


def test_without_a_key_the_application_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SENT_DM_API_KEY", raising=False)
    app = FastAPI()
    SentFastAPI().install(app)

    async def start() -> None:
        async with app.router.lifespan_context(app):
            pass

    with pytest.raises(SentDmError, match="SENT_DM_API_KEY"):
        asyncio.run(start())


def test_a_lost_connection_is_a_502_that_tells_nothing_of_the_inside() -> None:
    app, _ = application(max_retries=0)

    @app.post("/send")
    async def send(client: SentClient) -> None:
        await client.messages.send(to=["+14155550123"], template={"id": UNKNOWN})

    with served(app) as http:
        answer = http.post("/send")
    assert answer.status_code == 502
    assert answer.json() == {
        "error": "APIConnectionError",
        "message": "The message could not be handed to Sent",
        "code": None,
        "details": None,
        "status_code": 502,
        "request_id": None,
    }


def test_a_client_of_your_own_takes_no_options() -> None:
    with pytest.raises(TypeError, match="max_retries"):
        SentFastAPI(client=AsyncSentDm("key"), max_retries=1)


def test_the_documents_way_of_faking_answers() -> None:
    """Their tests patch methods on the class of the client."""
    answer = types.MessageSendResponse({"data": {"messages": [{"id": "msg_123", "status": "pending"}]}})

    async def send() -> Any:
        async with AsyncSentDm(api_key="a key", base_url=None) as client:
            with patch("sent_dm.AsyncSentDm.messages.send", new_callable=AsyncMock) as faked:
                faked.return_value = answer
                sent = await client.messages.send(to=["+1234567890"], template={"id": "t", "name": "welcome"})
                faked.assert_awaited_once()
            with patch("sent_dm.AsyncSentDm.webhooks.verify_signature") as verify:
                verify.return_value = True
                assert client.webhooks.verify_signature(payload="{}", signature="x", secret="s") is True
        return sent

    assert asyncio.run(send()).data.messages[0].id == "msg_123"
    error = APIError(status=400, name="BadRequestError", message="Invalid phone number", headers={})
    assert (error.status, error.name, error.message) == (400, "BadRequestError", "Invalid phone number")
