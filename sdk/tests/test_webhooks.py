"""Webhooks: each scheme, what is refused, the class of each event. The last tests take what a real server sends."""

import base64
import hashlib
import hmac
import http.server
import json
import queue
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from deliveries import HOOK_ID, SECRET, event, signed
from sent_dm import AsyncSentDm, SentDm, SentDmError, WebhookVerificationError, types, webhooks

BODY = event()
PLAIN = "test-webhook-secret"
# Vectors of contract/webhooks.md.
A = (
    b'{"field":"messages","sub_type":"message.delivered","timestamp":"2026-01-15T10:35:00Z","payload":{"account_id":'
    b'"550e8400-e29b-41d4-a716-446655440000","message_id":"8ba7b830-9dad-11d1-80b4-00c04fd430c8","message_status":'
    b'"DELIVERED","channel":"sms","inbound_number":"+14155551234","outbound_number":"+14155550100","template_id":'
    b'"7ba7b820-9dad-11d1-80b4-00c04fd430c8"}}'
)
B = (
    '{"field":"templates","timestamp":"2026-01-15T10:36:00Z","payload":{"template_id":'
    '"7ba7b820-9dad-11d1-80b4-00c04fd430c8","template_name":"Café ✓","status":"APPROVED"}}'
)
B_SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def digest(body: bytes, key: str = PLAIN) -> bytes:
    return hmac.digest(key.encode(), body, hashlib.sha256)


@pytest.fixture(params=[SentDm, AsyncSentDm])
def client(request: pytest.FixtureRequest) -> Any:
    return request.param(api_key="key", webhook_secret=SECRET)


@pytest.mark.parametrize(
    ("body", "signature", "secret", "timestamp"),
    [
        (A, "v1,kmZs+QPSQUu/uy3eaXQ74HkDZIhmYLlolaxXRVRCatw=", SECRET, "1768473300"),
        (B, "v1,t3rwwA/FG49z/QEg8ZsHwAGL2gi7EWKha4Tap9FZ2Go=", B_SECRET, 1768473360),
        (B.encode(), "v1,t3rwwA/FG49z/QEg8ZsHwAGL2gi7EWKha4Tap9FZ2Go=", B_SECRET, "1768473360"),
    ],
)
def test_the_vectors_of_the_contract(client, body, signature, secret, timestamp):
    given = {"webhook_id": HOOK_ID, "timestamp": timestamp, "tolerance": None}
    assert client.webhooks.verify_signature(body, signature, secret, **given) is True
    assert client.webhooks.verify_signature(body, signature, secret, webhook_id=HOOK_ID, timestamp=timestamp) is False
    changed = body.replace("t", "T", 1) if isinstance(body, str) else body.replace(b"t", b"T", 1)
    assert client.webhooks.verify_signature(changed, signature, secret, **given) is False


@pytest.mark.parametrize(
    "write",
    [
        lambda d: d.hex(),
        lambda d: d.hex().upper(),
        lambda d: "sha256=" + d.hex(),
        lambda d: base64.b64encode(d).decode(),
        lambda d: "sha256=" + base64.b64encode(d).decode(),
    ],
    ids=["hex", "HEX", "sha256-hex", "base64", "sha256-base64"],
)
def test_schemes_over_the_body_alone(client, write):
    body = b'{"type":"message.delivered","data":{"id":"msg_123"}}'
    signature = write(digest(body))
    assert client.webhooks.verify_signature(payload=body.decode(), signature=signature, secret=PLAIN) is True
    assert client.webhooks.verify_signature(body, signature, PLAIN + "x") is False
    assert client.webhooks.verify_signature(body + b" ", signature, PLAIN) is False
    assert client.webhooks.unwrap({"x-webhook-signature": signature}, body, secret=PLAIN).type == "message.delivered"


def test_the_check_value_of_the_contract():
    signature = "00387b5e48df0c4e997543f1cad27a27580f301f46cf6a215dcf03e444dc89f3"
    body = '{"type":"message.delivered","data":{"id":"msg_123"}}'
    assert webhooks.verify_signature(body, signature, PLAIN)


# Made when the test runs: what was signed while tests were collected may be too old by then.
@pytest.mark.parametrize(
    "make_headers",
    [
        dict,
        lambda: {**signed(BODY), "X-Webhook-Signature": ""},
        lambda: {**signed(BODY), "X-Webhook-Signature": "v1,"},
        lambda: {**signed(BODY), "X-Webhook-Signature": "v1,é"},
        lambda: {**signed(BODY), "X-Webhook-Signature": signed(BODY)["X-Webhook-Signature"] + " v1,other"},
        lambda: {**signed(BODY), "X-Webhook-ID": "another"},
        lambda: {**signed(BODY), "X-Webhook-Timestamp": str(int(time.time()) + 1)},
        lambda: {**signed(BODY), "X-Webhook-Timestamp": "now"},
        lambda: {**signed(BODY), "X-Webhook-Timestamp": "-1"},
        lambda: {**signed(BODY), "X-Webhook-Timestamp": "9" * 400},
        lambda: {k: v for k, v in signed(BODY).items() if k != "X-Webhook-ID"},
        lambda: {k: v for k, v in signed(BODY).items() if k != "X-Webhook-Timestamp"},
        lambda: signed(BODY, secret=B_SECRET),
        lambda: signed(BODY + b" "),
        lambda: signed(BODY, at_s=int(time.time()) - 400),
        lambda: signed(BODY, at_s=int(time.time()) + 400),
    ],
)
def test_what_is_not_from_sent_is_refused(client, make_headers):
    with pytest.raises(WebhookVerificationError, match="signature is missing or wrong"):
        client.webhooks.unwrap(make_headers(), BODY)


def test_a_replay_is_refused_once_it_is_old(client):
    old = signed(BODY, at_s=int(time.time()) - 290)
    assert client.webhooks.unwrap(old, BODY).payload.message_id == "m"
    with pytest.raises(WebhookVerificationError):
        client.webhooks.unwrap(old, BODY, tolerance=60)
    assert client.webhooks.unwrap(signed(BODY, at_s=1), BODY, tolerance=None).event == "message.delivered"


def test_header_names_in_any_case(client):
    for spell in (str.lower, str.upper, str.title):
        headers = {spell(name): value for name, value in signed(BODY).items()}
        assert client.webhooks.unwrap(headers, BODY.decode()).payload.message_status == "DELIVERED"


@pytest.mark.parametrize(
    ("wrong", "error", "match"),
    [
        ({"payload": {"a": 1}}, TypeError, "`payload` must be the body as it arrived, str or bytes, not dict"),
        ({"secret": 5}, TypeError, "`secret` must be a string"),
        ({"secret": " "}, ValueError, "`secret` must not be empty"),
        ({"secret": "whsec_???", "signature": "v1,x"}, ValueError, "`secret` must be whsec_ and base64"),
        ({"headers": "X-Webhook-ID: 1"}, TypeError, "`headers` must be a mapping, not str"),
    ],
)
def test_wrong_arguments_are_named(client, wrong, error, match):
    given = {"payload": b"{}", "signature": "x", "secret": SECRET, "webhook_id": HOOK_ID, "timestamp": 1, **wrong}
    with pytest.raises(error, match=match):
        client.webhooks.verify_signature(**given)


def test_where_the_secret_comes_from(monkeypatch):
    for name in ("SENT_DM_WEBHOOK_SECRET", "SENT_WEBHOOK_SECRET"):
        monkeypatch.delenv("SENT_DM_WEBHOOK_SECRET", raising=False)
        monkeypatch.setenv(name, SECRET)
        assert SentDm(api_key="key").webhooks.unwrap(signed(BODY), BODY).field == "messages"
        monkeypatch.delenv(name)
    with pytest.raises(SentDmError, match="pass `secret`, or `webhook_secret` to the client, or set SENT_DM_WEBHOOK"):
        SentDm(api_key="key").webhooks.unwrap(signed(BODY), BODY)
    copied = SentDm(api_key="key").with_options(webhook_secret=SECRET)
    assert copied.webhooks.verify_signature(BODY, headers=signed(BODY)) is True


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"field": "messages", "sub_type": "message.delivered"}, types.WebhookMessageEvent),
        ({"field": "message", "event": "message.failed"}, types.WebhookMessageEvent),
        ({"field": "messages"}, types.WebhookMessageEvent),
        ({"type": "message.status.updated", "data": {"id": "m"}}, types.WebhookMessageEvent),
        ({"field": "messages", "sub_type": "message.received"}, types.WebhookInboundEvent),
        ({"type": "message.received"}, types.WebhookInboundEvent),
        ({"field": "templates"}, types.WebhookTemplateEvent),
        ({"field": "template"}, types.WebhookTemplateEvent),
        ({"field": "contact", "sub_type": "contact.opt_out"}, types.WebhookContactEvent),
        ({"field": "contact", "event": "contact.opt_in"}, types.WebhookContactEvent),
        ({"field": "contact", "event": "contact.help"}, types.WebhookContactEvent),
        ({"field": "contact"}, types.WebhookContactEvent),
        ({"field": "profiles", "event": "profile.completed"}, webhooks.WebhookOtherEvent),
        ({"field": "calls", "event": "call.ended"}, webhooks.WebhookOtherEvent),
    ],
)
def test_each_event_has_its_class(body, kind):
    told = webhooks.parse(json.dumps({**body, "timestamp": "2026-01-15T10:35:00Z", "new": [1]}))
    assert type(told) is kind
    assert told.timestamp == datetime(2026, 1, 15, 10, 35, tzinfo=UTC)
    assert told.new == [1]  # pyright: ignore[reportAttributeAccessIssue] - unknown fields are kept


@pytest.mark.parametrize(
    ("body", "match"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff{}", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "not a JSON object"),
        (b'"messages"', "not a JSON object"),
        (b"{}", "no `field`, `event` or `type`"),
        (b'{"field": 5}', "no `field`, `event` or `type`"),
    ],
)
def test_a_signed_body_that_is_no_event(client, body, match):
    with pytest.raises(WebhookVerificationError, match=match):
        client.webhooks.unwrap(signed(body), body)


@pytest.fixture
def inbox() -> Iterator[tuple[str, "queue.Queue[tuple[dict[str, str], bytes]]"]]:
    """An address, and what is posted to it."""
    got: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.put((dict(self.headers), body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}/webhooks/sent", got
        listening.shutdown()


@pytest.mark.parametrize("mode", ["v1", "hex", "sha256-hex", "base64"])
def test_what_the_server_signs_is_verified(server, inbox, mode):
    url, got = inbox
    with server.new_client() as client:
        made = client.webhooks.create(
            display_name="Mine", endpoint_url=url, event_types=["messages"], signature_mode=mode
        ).data
        try:
            assert made.signing_secret is not None
            assert client.webhooks.test(made.id, event_type="messages").data.success is True
            headers, body = got.get(timeout=30)
            told = client.webhooks.unwrap(headers, body, secret=made.signing_secret)
            assert isinstance(told, types.WebhookMessageEvent)
            with pytest.raises(WebhookVerificationError):
                client.webhooks.unwrap(headers, body + b" ", secret=made.signing_secret)
        finally:
            client.webhooks.delete(made.id)


def test_consent_keywords_arrive_as_events_of_contacts(server, inbox):
    url, got = inbox
    phone = server.phone()
    with server.new_client() as client:
        made = client.webhooks.create(display_name="Mine", endpoint_url=url, event_types=["*"]).data
        assert made.signing_secret is not None
        template = {"id": server.template_ids["otp_code"], "parameters": {"code": "1"}}
        client.messages.send(to=[phone.number], template=template, channel="sms")
        phone.wait_for("1")
        phone.reply("STOP")
        seen: dict[str, Any] = {}
        deadline_s = time.monotonic() + 30
        while not {"contact.opt_out", "message.received", "message.delivered"} <= seen.keys():
            headers, body = got.get(timeout=deadline_s - time.monotonic())
            told = client.webhooks.unwrap(headers, body, secret=made.signing_secret)
            seen[told.event] = told
        client.webhooks.delete(made.id)
    asked = seen["contact.opt_out"]
    assert isinstance(asked, types.WebhookContactEvent)
    assert (asked.field, asked.payload.keyword, asked.payload.inbound_number) == ("contact", "STOP", phone.number)
    assert isinstance(asked.payload.received_at, datetime)
    wrote = seen["message.received"]
    assert isinstance(wrote, types.WebhookInboundEvent)
    assert (wrote.payload.text, wrote.payload.from_) == ("STOP", phone.number)
    assert isinstance(seen["message.delivered"], types.WebhookMessageEvent)
