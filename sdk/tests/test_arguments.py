"""What cannot be is said before anything is sent, by an error that names the argument."""

import re
import uuid

import pytest

import sent_dm
from peer import Peer, answer
from sent_dm import AsyncSentDm, SentDm

TO = ["+14155551234"]
WELCOME = {"name": "welcome"}


@pytest.mark.parametrize(
    ("ask", "error", "told"),
    [
        (lambda c: c.messages.send(to="+14155551234", template=WELCOME), TypeError, "`to` must be a list, not str"),
        (lambda c: c.messages.send(to=None, template=WELCOME), TypeError, "`to` must be a list, not None"),
        (lambda c: c.messages.send(to=[4155551234], template=WELCOME), TypeError, "`to[0]` must be a string, not int"),
        (lambda c: c.messages.send(to=TO, template="welcome"), TypeError, "`template` must be a dict, not str"),
        (lambda c: c.messages.send(to=TO, template={}), TypeError, "Missing `template."),
        (lambda c: c.messages.send(to=TO, template={"id": 7}), TypeError, "`template.id` must be a string, not int"),
        (
            lambda c: c.messages.send(to=TO, template={**WELCOME, "parameters": ["Ann"]}),
            TypeError,
            "`template.parameters` must be a dict of strings, not list",
        ),
        (
            lambda c: c.messages.send(to=TO, template={**WELCOME, "parameters": {"name": {}}}),
            TypeError,
            "`template.parameters['name']` must be a string, not dict",
        ),
        (lambda c: c.messages.send(to=TO, template=WELCOME, channel=[1]), TypeError, "`channel[0]` must be a string"),
        (
            lambda c: c.messages.send(to=TO, template=WELCOME, sandbox="yes"),
            TypeError,
            "`sandbox` must be True or False",
        ),
        (lambda c: c.messages.send(template=WELCOME), TypeError, "to"),
        (lambda c: c.messages.send(to=TO), TypeError, "Missing `template` or `text`"),
        (lambda c: c.messages.send(to=TO, text=5), TypeError, "`text` must be a string, not int"),
        (lambda c: c.messages.send(to=TO, text="Hi", media_urls="u"), TypeError, "`media_urls` must be a list"),
        (lambda c: c.messages.send(to=TO, text="Hi", scheduled_at=60), TypeError, "`scheduled_at` must be a string"),
        (
            lambda c: c.messages.send(to=TO, text="Hi", channels={"sms": [{"from": "x"}]}),
            TypeError,
            "`channels['sms'][0].from` must be a list, not str",
        ),
        (lambda c: c.messages.send(to=TO, text="Hi", channels=5), TypeError, "`channels` must be a dict, not int"),
        (lambda c: c.channels.sms.retrieve("US", ""), ValueError, "`type` must not be empty"),
        (lambda c: c.messages.send(to=TO, template=WELCOME, chanel="sms"), TypeError, "Unexpected argument `chanel`"),
        (lambda c: c.contacts.create(), TypeError, "phone_number"),
        (lambda c: c.contacts.create(phone_number=5), TypeError, "`phone_number` must be a string, not int"),
        (lambda c: c.contacts.get(None), TypeError, "`id` must be a string, not NoneType"),
        (lambda c: c.contacts.get(""), ValueError, "`id` must not be empty"),
        (lambda c: c.contacts.get(".."), ValueError, "`id` must not be '..'"),
        (lambda c: c.contacts.get("\ud800"), ValueError, "`id` has half a surrogate pair"),
        (lambda c: c.contacts.list(page="2"), TypeError, "`page` must be a whole number, not str"),
        (lambda c: c.contacts.list(page=True), TypeError, "`page` must be a whole number, not bool"),
        (lambda c: c.contacts.update("x", opt_out="no"), TypeError, "`opt_out` must be True or False, not str"),
        (lambda c: c.me.retrieve(timeout="5"), TypeError, "`timeout` must be seconds or an httpx.Timeout, not str"),
        (lambda c: c.me.retrieve(timeout=0), ValueError, "`timeout` must be more than 0 seconds"),
        (lambda c: c.me.retrieve(timeout=float("nan")), ValueError, "`timeout` must be more than 0 seconds"),
        (lambda c: c.me.retrieve(max_retries=1.5), TypeError, "`max_retries` must be a whole number, not float"),
        (lambda c: c.me.retrieve(max_retries=-1), ValueError, "`max_retries` must not be negative"),
        (lambda c: c.me.retrieve(extra_headers=["a"]), TypeError, "`extra_headers` must be a dict with string keys"),
        (
            lambda c: c.me.retrieve(extra_headers={"X": "a\r\nb"}),
            ValueError,
            "`extra_headers['X']` may contain printable",
        ),
        (lambda c: c.me.retrieve(extra_headers={"X": 5}), TypeError, "`extra_headers['X']` must be a string, not int"),
        (lambda c: c.me.retrieve(extra_query={"a": {}}), TypeError, "`a` must be a string, a number or a boolean"),
        (lambda c: c.me.retrieve(x_profile_id=7), TypeError, "`x_profile_id` must be a string, not int"),
        (lambda c: c.contacts.delete("x", idempotency_key="a b"), ValueError, "`idempotency_key` must be 1 to 255"),
        (lambda c: c.contacts.delete("x", idempotency_key=""), ValueError, "`idempotency_key` must be 1 to 255"),
        (lambda c: c.contacts.delete("x", idempotency_key=5), TypeError, "`idempotency_key` must be a string, not int"),
        (lambda c: c.post("/v3/x", body={"a": object()}), TypeError, "JSON serializable"),
        (lambda c: c.post("/v3/x", body={"a": float("nan")}), ValueError, "JSON compliant"),
        (lambda c: c.post("/v3/x", body="text"), TypeError, "`body` must be a dict with string keys"),
        (lambda c: c.get("v3/x"), ValueError, "`path` must start with one slash"),
        (lambda c: c.get("//evil.example/v3/x"), ValueError, "`path` must start with one slash"),
        (lambda c: c.get("https://evil.example/v3/x"), ValueError, "`path` must start with one slash"),
        (lambda c: c.get("/v3/x\r\nX-Api-Key: y"), ValueError, "`path` must start with one slash"),
        (lambda c: c.get(5), TypeError, "`path` must be a string, not int"),
        (lambda c: c.request("BREW", "/v3/x"), ValueError, "`method` must be one of"),
    ],
)
def test_before_anything_is_sent(make_caller, ask, error, told):
    with Peer(answer()) as peer:
        call = make_caller(base_url=peer.base_url)
        with pytest.raises(error, match=re.escape(told)) as wrong:
            call(ask)
        assert "+1415" not in str(wrong.value)  # a message may be logged, and a phone number must not be
        assert peer.seen == []


@pytest.mark.parametrize("kind", [SentDm, AsyncSentDm])
@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"api_key": ""}, ValueError, "`api_key` must not be empty"),
        ({"api_key": 5}, TypeError, "`api_key` must be a string, not int"),
        ({"api_key": "clé"}, ValueError, "`api_key` may contain printable ASCII"),
        ({"base_url": "api.sent.dm"}, ValueError, "`base_url` must look like https://host"),
        ({"base_url": "ftp://api.sent.dm"}, ValueError, "`base_url` must look like https://host"),
        ({"base_url": "https://me:pw@api.sent.dm"}, ValueError, "`base_url` must have no user, query or fragment"),
        ({"base_url": "https://[::1"}, ValueError, "`base_url`"),
        ({"base_url": 5}, TypeError, "`base_url` must be a string, not int"),
        ({"timeout": "60"}, TypeError, "`timeout` must be seconds"),
        ({"timeout": True}, TypeError, "`timeout` must be seconds"),
        ({"max_retries": None}, TypeError, "`max_retries` must be a whole number, not NoneType; 0 turns retries off"),
        ({"default_headers": {"X": "é"}}, ValueError, "`default_headers['X']` may contain printable ASCII"),
        ({"default_query": "a=1"}, TypeError, "`default_query` must be a dict with string keys"),
        ({"http_client": object()}, TypeError, "`http_client` must be an httpx."),
        ({"apikey": "x"}, TypeError, "apikey"),
    ],
)
def test_what_a_client_cannot_be_made_of(kind, options, error, told):
    with pytest.raises(error, match=re.escape(told)):
        kind(**{"api_key": "key", **options})


def test_no_key_names_the_variable(monkeypatch):
    for name in ("SENT_DM_API_KEY", "SENT_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(sent_dm.SentDmError, match="pass `api_key`, or set SENT_DM_API_KEY"):
        SentDm()


def test_what_is_taken_though_it_is_no_string(make_caller):
    """Ids as uuid.UUID, tuples for lists, numbers to fill a template with."""
    some = uuid.UUID("7ba7b820-9dad-11d1-80b4-00c04fd430c8")
    with Peer(answer()) as peer:
        call = make_caller(base_url=peer.base_url)
        call(lambda c: c.contacts.with_raw_response.get(some))
        template = {"id": some, "parameters": {"count": 3, "yes": True}}
        call(lambda c: c.messages.with_raw_response.send(to=("+14155551234",), template=template))
        assert peer.seen[0].path == f"/v3/contacts/{some}"
        assert peer.seen[1].body == (
            b'{"to":["+14155551234"],"template":{"id":"%s","parameters":{"count":"3","yes":"true"}}}'
            % str(some).encode()
        )
