"""Everything that is documented of the Python client, used as it is documented, against a real server.

The first calls of each area are in test_calls.py; this is the rest: every name, spelling and option.
"""

import asyncio
import copy
import inspect
import pickle
import uuid
from datetime import datetime
from unittest.mock import AsyncMock, Mock, patch

import httpx
import pytest

import sent_dm
from peer import Peer, answer
from sent_dm import AsyncSentDm, BadRequestError, DefaultAioHttpClient, DefaultHttpxClient, SentDm

# Resource -> what can be called of it. Of several names on a line, all are the same call.
METHODS = {
    "messages": ["send", "list", "retrieve_status retrieve get", "retrieve_activities list_activities"],
    "contacts": ["create", "list", "retrieve get", "update", "delete", "retrieve_message_summary message_summary"],
    "conversations": ["list", "list_messages retrieve"],
    "templates": ["create", "list", "retrieve get", "update", "delete"],
    "webhooks": [
        "create", "list", "retrieve get", "update", "delete", "list_event_types", "list_events",
        "rotate_secret", "test", "toggle_status",
    ],
    "users": ["invite", "list", "retrieve get", "update_role", "remove"],
    "numbers": ["lookup"],
    "me": ["retrieve"],
    "profiles": ["create", "list", "retrieve get", "update", "delete", "complete"],
    "profiles.campaigns": ["create", "list", "update", "delete"],
}  # fmt: skip
CALLS = [(path, names) for path, methods in METHODS.items() for names in methods]


def reached(client, path):
    for name in path.split("."):
        client = getattr(client, name)
    return client


@pytest.mark.parametrize("kind", [SentDm, AsyncSentDm])
@pytest.mark.parametrize(("path", "names"), CALLS, ids=lambda value: value.replace(" ", ","))
def test_every_method_in_every_mode(kind, path, names):
    client = kind("key")
    plain = reached(client, path)
    modes = [
        plain.with_raw_response, plain.with_streaming_response, reached(client.with_raw_response, path),
        reached(client.with_streaming_response, path),
    ]  # fmt: skip
    first, *others = names.split()
    for name in (first, *others):
        assert callable(getattr(plain, name))
        assert inspect.signature(getattr(plain, name)) == inspect.signature(getattr(plain, first))
        assert all(callable(getattr(mode, name)) for mode in modes)


def test_class_names():
    assert (sent_dm.Sent, sent_dm.AsyncSent) == (sent_dm.SentDm, sent_dm.AsyncSentDm)
    assert (sent_dm.Client, sent_dm.AsyncClient) == (sent_dm.SentDm, sent_dm.AsyncSentDm)
    assert all(hasattr(sent_dm, name) for name in sent_dm.__all__)
    assert sent_dm.SentError is sent_dm.SentDmError


ERRORS = {
    400: "BadRequestError", 401: "AuthenticationError", 403: "PermissionDeniedError", 404: "NotFoundError",
    409: "ConflictError", 422: "UnprocessableEntityError", 429: "RateLimitError", 500: "InternalServerError",
    503: "InternalServerError",
}  # fmt: skip


@pytest.mark.parametrize(("status", "name"), ERRORS.items())
def test_error_classes(make_caller, status, name):
    kind = getattr(sent_dm, name)
    assert getattr(sent_dm.exceptions, name) is kind
    assert issubclass(kind, sent_dm.APIStatusError)
    assert issubclass(sent_dm.APIStatusError, sent_dm.APIError)
    with Peer(answer(status)) as peer:
        call = make_caller(base_url=peer.base_url, max_retries=0)
        with pytest.raises(sent_dm.APIStatusError) as caught:
            call(lambda c: c.me.retrieve())
    error = caught.value
    assert (type(error), error.name) == (kind, name)
    assert (error.status_code, error.status, error.response.status_code) == (status, status, status)
    assert (error.message, error.code) == ("Something went wrong", "INTERNAL_001")
    assert (error.request_id, error.headers["x-request-id"]) == ("req_peer", "req_peer")
    assert isinstance(error.body, dict)
    assert error.body["error"]["code"] == "INTERNAL_001"
    # As samples look for it in the text.
    assert str(status) in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.status_code, again.request_id) == (kind, str(error), status, "req_peer")


def test_errors_that_tests_make_by_themselves():
    """The pages on testing build them by hand, in these forms."""
    made = sent_dm.APIError(status=400, name="BadRequestError", message="Invalid phone number", headers={})
    assert (made.status, made.name, made.message) == (400, "BadRequestError", "Invalid phone number")
    assert "plain" in str(sent_dm.exceptions.APIError("plain"))
    mocked = BadRequestError(message="Template not found", response=Mock(status_code=400))
    assert mocked.status_code == 400
    assert "Template not found" in str(mocked)
    assert sent_dm.RateLimitError("Slow down").status_code == 429
    assert str(sent_dm.APIConnectionError()) == "Connection error."
    assert isinstance(sent_dm.APITimeoutError(), sent_dm.APIConnectionError)


def test_connection_errors_have_their_cause(make_caller):
    call = make_caller(base_url="http://127.0.0.1:9", max_retries=0)
    with pytest.raises(sent_dm.APIConnectionError) as caught:
        call(lambda c: c.me.retrieve())
    assert caught.value.__cause__ is not None


def test_one_send_in_every_spelling(call, server):
    template = {"id": server.template_ids["welcome"], "name": "welcome", "parameters": {"name": "Ann"}}
    to = [server.phone().number]
    for more in ({"channel": ["whatsapp", "sms"]}, {"channels": ["sms"]}, {"channel": "sms"}, {"channel": None}, {}):
        sent = call(lambda c, more=more: c.messages.send(to=to, template=template, **more))
        first = sent.data.messages[0]
        assert (sent.success, sent.error, first.id) == (True, None, sent.data.recipients[0].message_id)
        assert sent.data.id == sent.id == first.id
        assert first.status == sent.data.status
        assert first.to == to[0]
        assert first.channel in ("sms", "whatsapp", "rcs", None)
    for name in ("retrieve_status", "retrieve", "get"):
        assert call(lambda c, name=name: getattr(c.messages, name)(sent.id)).data.id == sent.id
    told = call(lambda c: c.messages.retrieve_activities(sent.id))
    assert {one.message_id for one in [told.data]} == {sent.id}
    assert told.data.activities[0].status
    assert len(told) == len(list(told)) == len(told.data.activities)


def test_a_template_that_there_is_not(call):
    """The testing page expects this class for an id that is no id."""
    with pytest.raises(BadRequestError):
        call(lambda c: c.messages.send(to=["+14155550123"], template={"id": "non-existent-template", "name": "no"}))


def test_templates(call, server):
    page = call(lambda c: c.templates.list())
    assert {(one.name, one.id) for one in page.data} >= set(server.template_ids.items())
    assert all(one.status for one in page.data)
    one = call(lambda c: c.templates.get(server.template_ids["welcome"]))
    assert (one.data.name, one.data.status) == ("welcome", "APPROVED")
    assert isinstance(one.data.created_at, datetime)


def test_contacts(call, server):
    made = call(lambda c: c.contacts.create(phone_number=server.phone().number))
    for contact in call(lambda c: c.contacts.list(limit=100)).data:
        assert contact.phone_number.startswith("+")
        assert contact.available_channels is not None
    other = server.phone().number
    assert call(lambda c: c.contacts.update(made.data.id, phone_number=other)).data.phone_number == other
    assert call(lambda c: c.contacts.get(made.data.id)).data.phone_number == other
    call(lambda c: c.contacts.delete(made.data.id))


def test_webhooks(call):
    made = call(
        lambda c: c.webhooks.create(
            display_name="Mine", endpoint_url="http://127.0.0.1:9/x", event_types=["messages"], retry_count=2
        )
    ).data
    assert made.signing_secret.startswith("whsec_")
    assert made.id in [one.id for one in call.items(lambda c: c.webhooks.list())]
    assert call(lambda c: c.webhooks.get(made.id)).data.signing_secret is None
    assert call(lambda c: c.webhooks.update(made.id, display_name="Ours")).data.display_name == "Ours"
    assert call(lambda c: c.webhooks.toggle_status(made.id, is_active=False)).data.is_active is False
    assert call(lambda c: c.webhooks.rotate_secret(made.id)).data.signing_secret != made.signing_secret
    assert call(lambda c: c.webhooks.test(made.id, event_type="messages")).data.success is False
    assert call.items(lambda c: c.webhooks.list_events(made.id)) is not None
    assert "messages" in [one.name for one in call(lambda c: c.webhooks.list_event_types())]
    assert call(lambda c: c.webhooks.delete(made.id)) is None


def test_the_rest(call, server):
    assert call(lambda c: c.me.retrieve()).data.id == server.customer_id
    found = call(lambda c: c.numbers.lookup("+14155550123")).data
    assert found.is_valid in (True, False)
    mail = f"{uuid.uuid4().hex}@example.com"
    invited = call(lambda c: c.users.invite(email=mail, name="Ann", role="developer")).data
    assert invited.id in [one.id for one in call(lambda c: c.users.list())]
    assert call(lambda c: c.users.update_role(invited.id, role="admin")).data.role == "admin"
    call(lambda c: c.users.remove(invited.id))
    assert call(lambda c: c.profiles.list()).data is not None


def test_pages(call, server):
    for _ in range(3):
        call(lambda c: c.contacts.create(phone_number=server.phone().number))
    page = call(lambda c: c.contacts.list(page_size=2))
    assert (page.data.pagination.page, page.has_next_page()) == (1, True)
    second = call.wait(page.get_next_page)
    assert second.data.pagination.page == 2
    assert not {one.id for one in page.items} & {one.id for one in second.items}
    assert call(lambda c: c.contacts.list(page=2, page_size=2)).data.contacts[0].id == second.data.contacts[0].id
    last = call(lambda c: c.contacts.list(page_size=100, page=1_000))
    assert (last.items, last.has_next_page()) == ([], False)
    with pytest.raises(RuntimeError, match="no next page"):
        call.wait(last.get_next_page)


def test_answers_as_values(call, server):
    told = call(lambda c: c.templates.get(server.template_ids["welcome"]))
    data = told.data
    assert data["name"] == data.get("name") == data.to_dict()["name"] == "welcome"
    assert isinstance(data.to_dict(mode="python")["created_at"], datetime)
    assert data.model_dump_json() == data.to_json(indent=None)
    assert "name='welcome'" in repr(data)
    for twin in (copy.copy(data), copy.deepcopy(data), pickle.loads(pickle.dumps(data))):
        assert twin == data
    with pytest.raises(AttributeError, match="cannot be changed"):
        data.name = "x"
    with pytest.raises(AttributeError, match="no field 'nam'"):
        _ = data.nam


def test_options_reach_the_wire(make_caller):
    with Peer(answer(201)) as peer:
        call = make_caller(base_url=peer.base_url, default_headers={"X-App": "shop"}, default_query={"v": 1})
        call(
            lambda c: c.contacts.with_raw_response.create(
                phone_number="+14155550123", extra_headers={"X-More": "1", "X-App": None}, extra_query={"q": "a b"},
                extra_body={"note": "n"}, x_profile_id="p1", idempotency_key="k1",
            )
        )  # fmt: skip
        call(lambda c: c.with_options(default_headers={"X-Two": "2"}).me.retrieve())
        call(lambda c: c.with_options(set_default_headers={}, set_default_query={}, api_key="other").me.retrieve())
        first, second, third = peer.seen
        assert first.path == "/v3/contacts?v=1&q=a%20b"
        assert first.body == b'{"phone_number":"+14155550123","note":"n"}'
        wanted = {"x-more": "1", "x-profile-id": "p1", "idempotency-key": "k1", "x-api-key": "a-key"}
        assert wanted.items() <= first.headers.items()
        assert "x-app" not in first.headers
        assert (second.headers["x-app"], second.headers["x-two"], second.path) == ("shop", "2", "/v3/me?v=1")
        assert (third.headers["x-api-key"], third.path) == ("other", "/v3/me")
        assert "x-app" not in third.headers


def test_what_is_undocumented(call):
    assert call(lambda c: c.get("/v3/contacts", params={"page_size": 1}))["success"] is True
    older = call(
        lambda c: c.get("/v3/me", options={"headers": {"X-More": "1"}, "max_retries": 0}, cast_to=httpx.Response)
    )
    assert older.request.headers["x-more"] == "1"
    made = call(lambda c: c.contacts.with_raw_response.list(extra_query={"page_size": 1}))
    assert len(made.body.data) <= 1
    assert made.body.data.to_dict()["pagination"]["page_size"] == 1


def test_an_http_client_of_ones_own(server):
    asked: list[str] = []
    hooks = {"request": [lambda request: asked.append(request.url.path)]}
    for own in (httpx.Client(event_hooks=hooks, headers={"X-Own": "1"}), DefaultHttpxClient(event_hooks=hooks)):
        with SentDm(server.api_key, base_url=server.base_url, http_client=own) as client:
            client.me.retrieve()
        assert own.is_closed
    assert asked == ["/v3/me"] * 2


def test_a_transport_of_ones_own():
    def said(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"success": True, "data": {"id": "c", "name": request.headers["x-api-key"]}})

    with SentDm("key", http_client=httpx.Client(transport=httpx.MockTransport(said))) as client:
        assert client.me.retrieve().data.name == "key"


def test_async_clients_as_documented(server):
    async def run() -> None:
        for own in (None, DefaultAioHttpClient(), httpx.AsyncClient()):
            async with AsyncSentDm(api_key=server.api_key, base_url=server.base_url, http_client=own) as client:
                assert (await client.me.retrieve()).data.name == "Demo"
                async with client.templates.with_streaming_response.list() as response:
                    assert response.headers.get("x-request-id")
                    assert b"".join([chunk async for chunk in response.iter_bytes()]).startswith(b'{"success":true')
                names = [one.name async for one in client.templates.list()]
                assert set(names) >= server.template_ids.keys()
            assert client.is_closed()
        # As a lifespan does it.
        client = AsyncSentDm(api_key=server.api_key, base_url=server.base_url)
        await client.__aenter__()
        await client.__aexit__(None, None, None)

    asyncio.run(run())


def test_mocks_as_the_testing_pages_make_them(monkeypatch):
    client = SentDm("key")
    with patch("sent_dm.SentDm.messages.send") as send:
        send.return_value = Mock(data=Mock(messages=[Mock(id="msg_123", status="pending", price=0.0125)]))
        assert client.messages.send(to=["+1234567890"], template={"id": "x"}).data.messages[0].id == "msg_123"
    with patch("sent_dm.AsyncSentDm.messages.send", new_callable=AsyncMock) as send:
        send.side_effect = sent_dm.APIError(status=400, name="BadRequestError", message="Invalid", headers={})
        with pytest.raises(sent_dm.APIError, match="Invalid"):
            asyncio.run(AsyncSentDm("key").messages.send(to=["+1234567890"], template={"id": "x"}))
    with patch("sent_dm.AsyncSentDm.webhooks.verify_signature") as verify:
        verify.return_value = True
        assert AsyncSentDm("key").webhooks.verify_signature(payload="", signature="x", secret="y") is True
    monkeypatch.setattr("sent_dm.SentDm", lambda *a, **k: "mine")
    assert sent_dm.SentDm("key") == "mine"
    made = sent_dm.types.MessageSendResponse({"success": True}, data={"recipients": [{"message_id": "m1", "to": "+1"}]})
    assert made.data.messages[0].id == made.data.recipients[0].message_id == "m1"
