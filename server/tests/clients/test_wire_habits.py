"""The published clients' habits on the wire, replayed byte for byte where bytes matter. Source: contract/CLIENTS.md."""

import gzip
import json
import re
import zlib
from typing import Any

import pytest

from harness import samples
from harness.client import Client, Response
from harness.messages import wait_for_end
from harness.receiver import Receiver
from harness.server import Account, Server

PYTHON = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "Content-Type": "application/json",
    "User-Agent": "Sent/Python 0.18.3",
    "X-Stainless-Lang": "python",
    "X-Stainless-Package-Version": "0.18.3",
    "X-Stainless-OS": "Linux",
    "X-Stainless-Arch": "x64",
    "X-Stainless-Runtime": "CPython",
    "X-Stainless-Runtime-Version": "3.12.1",
    "X-Stainless-Async": "false",
    "x-stainless-retry-count": "0",
    "x-stainless-read-timeout": "60",
}
NODE = {
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "accept-language": "*",
    "content-type": "application/json",
    "sec-fetch-mode": "cors",
    "user-agent": "Sent/JS 0.32.0",
    "x-stainless-lang": "js",
    "x-stainless-package-version": "0.32.0",
    "x-stainless-os": "Linux",
    "x-stainless-arch": "x64",
    "x-stainless-runtime": "node",
    "x-stainless-runtime-version": "v20.11.0",
    "x-stainless-retry-count": "0",
    "x-stainless-timeout": "60",
}
AGENTS = ["SentDm/JS 0.18.1", "Konfig/1.0.0/python", "Sent/Python 0.46.0"]
CLIENTS = pytest.mark.parametrize("habits", [PYTHON, NODE], ids=["python", "node"])


def _body(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _read(answer: Response) -> Any:
    encoding = answer.headers.get("content-encoding", "identity")
    content = {"identity": lambda b: b, "gzip": gzip.decompress, "deflate": zlib.decompress}[encoding](answer.body)
    return json.loads(content)


def _contact(http: Client) -> str:
    return str(http.post("/v3/contacts", {"phone_number": samples.phone()}).data["id"])


def _webhook(http: Client, url: str = "https://example.com/hook") -> str:
    return str(http.post("/v3/webhooks", samples.webhook(url)).data["id"])


# --- headers ---------------------------------------------------------------------------------------------------------


@CLIENTS
def test_the_headers_of_both_clients_pass(http: Client, habits: dict[str, str]) -> None:
    body = _body({"phone_number": samples.phone()})
    answer = http.request("POST", "/v3/contacts", body=body, headers=habits, checked=False)
    assert answer.status == 201
    assert _read(answer)["success"] is True
    assert _read(http.request("GET", "/v3/me", headers=habits, checked=False))["success"] is True


@pytest.mark.parametrize("agent", AGENTS)
def test_other_user_agents_pass(http: Client, agent: str) -> None:
    assert http.get("/v3/me", headers={"User-Agent": agent}).status == 200


def test_a_key_in_capitals_of_the_header_name_is_the_same_key(http: Client) -> None:
    answer = http.acting_as(None).get("/v3/me", headers={"X-API-Key": str(http.api_key)})
    assert answer.status == 200


# --- deleting --------------------------------------------------------------------------------------------------------

DELETE_BODIES = [b"{}", b'{"sandbox":false}', b'{"body":{}}', b'{"delete_from_meta":true}', b"", None]


@pytest.mark.parametrize("body", DELETE_BODIES, ids=repr)
@pytest.mark.parametrize("kind", ["contacts", "templates", "webhooks"])
def test_delete_takes_every_body_that_clients_send(http: Client, kind: str, body: bytes | None) -> None:
    made = {
        "contacts": lambda: _contact(http),
        "templates": lambda: http.post("/v3/templates", samples.template()).data["id"],
        "webhooks": lambda: _webhook(http),
    }[kind]()
    path = f"/v3/{kind}/{made}"
    answer = http.request("DELETE", path, body=body, headers={**PYTHON, "Accept": "*/*"})
    assert (answer.status, answer.body) == (204, b"")
    assert http.get(path).status == 404


def test_delete_with_a_content_type_and_neither_body_nor_length(http: Client) -> None:
    """The Python client's `webhooks.delete`; the bytes are what its HTTP library writes."""
    path = f"/v3/webhooks/{_webhook(http)}"
    head = (
        f"DELETE {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nUser-Agent: Sent/Python 0.18.3\r\nx-api-key: {http.api_key}\r\n\r\n"
    )
    answer = http.raw(head.encode())
    assert answer.startswith(b"HTTP/1.1 204 ")
    assert answer.endswith(b"\r\n\r\n"), "an empty answer has no body"
    assert http.get(path).status == 404


def test_a_204_leaves_the_connection_usable(http: Client) -> None:
    """A body or a wrong length after 204 would be read as the start of the next answer."""
    for _ in range(3):
        assert http.delete(f"/v3/contacts/{_contact(http)}", {}).status == 204
        assert http.get("/v3/me").status == 200


# --- bodies ----------------------------------------------------------------------------------------------------------


def test_empty_objects_where_everything_is_optional(http: Client, receiver: Receiver) -> None:
    webhook = f"/v3/webhooks/{_webhook(http, receiver.url())}"
    assert http.post(f"{webhook}/rotate-secret", {}).status == 200
    assert http.patch(f"/v3/contacts/{_contact(http)}", {}).status == 200
    template = http.post("/v3/templates", samples.template()).data["id"]
    assert http.put(f"/v3/templates/{template}", {}).status == 200
    assert http.put(webhook, {}).status in (200, 400)
    assert http.post(f"{webhook}/test", {}).code == "VALIDATION_001"
    assert http.patch(f"{webhook}/toggle-status", {}).status == 400


def test_a_template_as_the_clients_send_it(http: Client) -> None:
    """No name; the placeholder is an index and the literal word `variable`; unused parts are null."""
    blank = {"regex": None, "url": None, "shortUrl": None, "alt": None, "mediaType": None}
    variable = {"id": 0, "name": "name", "type": "variable", "props": {"variableType": "text", "sample": "Jo", **blank}}
    body = {"type": None, "template": "Hello {{0:variable}}, good to see you!", "variables": [variable]}
    made = http.post(
        "/v3/templates",
        {
            "category": "MARKETING",
            "language": "en_US",
            "definition": {
                "header": None,
                "body": {"multiChannel": body, "sms": None, "whatsapp": None},
                "footer": None,
                "buttons": None,
                "definitionVersion": "1.0",
                "authenticationConfig": None,
            },
            "creation_source": None,
            "submit_for_review": False,
            "sandbox": False,
        },
    )
    assert made.status == 201
    assert made.data["variables"] == ["name"]
    assert made.data["channels"] == ["sms", "whatsapp", "rcs", "mms"]
    assert made.data["name"]


SENDS: dict[str, dict[str, Any]] = {
    "canonical": {"to": ["PHONE"], "template": {"name": "welcome"}, "channel": ["sms"]},
    "channels": {"to": ["PHONE"], "template": {"name": "welcome"}, "channels": ["sms"]},
    "a channel as text": {"to": ["PHONE"], "template": {"name": "welcome"}, "channel": "sms"},
    "automatic": {"to": ["PHONE"], "template": {"name": "welcome"}, "channel": ["sent"]},
    "channel empty, as Flask": {"to": ["PHONE"], "template": {"name": "welcome"}, "channel": []},
    "channel null": {"to": ["PHONE"], "template": {"name": "welcome"}, "channel": None},
    "channels of a newer client": {"to": ["PHONE"], "template": {"name": "welcome"}, "channels": {}},
    "no channel": {"to": ["PHONE"], "template": {"name": "welcome", "parameters": {}}},
    "parameters null": {"to": ["PHONE"], "template": {"name": "welcome", "parameters": None}},
    "unknown parameters": {"to": ["PHONE"], "template": {"name": "welcome", "parameters": {"nobody": "asked"}}},
    "id and name": {"to": ["PHONE"], "template": {"id": "TEMPLATE", "name": "something else"}},
    "legacy": {"phone_number": "PHONE", "template_id": "TEMPLATE", "variables": {"customer_name": "John"}},
    "legacy with an address": {
        "phone_number": "PHONE",
        "template_id": "TEMPLATE",
        "webhook_url": "https://example.com/",
    },
    "legacy with a callback": {
        "phone_number": "PHONE",
        "template_id": "TEMPLATE",
        "callback_url": "https://example.com/",
    },
    "not a test": {"to": ["PHONE"], "template": {"name": "welcome"}, "test_mode": False},
}


@pytest.mark.parametrize("form", SENDS)
def test_every_documented_form_of_a_send_is_accepted(server: Server, http: Client, form: str) -> None:
    text = json.dumps(SENDS[form]).replace("PHONE", samples.phone())
    text = text.replace("TEMPLATE", server.template_ids["welcome"])
    answer = http.request("POST", "/v3/messages", body=text.encode(), headers=PYTHON)
    assert answer.status == 202
    data = answer.data
    assert data["status"] == "QUEUED"
    assert data["template_name"] == "welcome"
    assert data["recipients"][0]["message_id"] == data["messages"][0]["id"]
    assert data["messages"][0]["status"]


def test_the_documents_own_number_works_everywhere(http: Client) -> None:
    number = "+1234567890"
    for known in http.get(f"/v3/contacts?search={number[1:]}").data["contacts"]:
        if known["phone_number"] == number:
            http.delete(f"/v3/contacts/{known['id']}", {})
    made = http.post("/v3/contacts", {"phone_number": number, "sandbox": False})
    assert made.status == 201
    assert made.data["format_international"] == "+1 234-567-890"
    assert made.data["format_national"] == "(234) 567-890"
    assert made.data["format_rfc"] == "tel:+1-234-567-890"
    assert (made.data["country_code"], made.data["region_code"]) == ("1", "US")
    assert http.get("/v3/contacts?phone=%2B1234567890").data["contacts"][0]["id"] == made.data["id"]
    assert http.get("/v3/contacts?phone=1234567890").status in (200, 404)
    sent = http.post("/v3/messages", {"to": [number], "template": {"name": "welcome"}})
    assert sent.status == 202


# --- lists -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crowd(server: Server) -> Account:
    """An account with 45 contacts: two full pages of 20 and a rest."""
    account = server.create_account("Forty-five")
    for _ in range(45):
        assert account.http.post("/v3/contacts", {"phone_number": samples.phone()}).status == 201
    return account


def _walk(http: Client, first: str, following: str) -> list[str]:
    """As the clients do: the first call as given, then page=2, 3, ... until has_more is false."""
    seen: list[str] = []
    page = 1
    while page < 50:
        data = http.get(first if page == 1 else following.format(page=page)).data
        seen += [item["id"] for item in data["contacts"]]
        if not data["pagination"]["has_more"]:
            return seen
        page += 1
    raise AssertionError("has_more never became false")


WALKS = {
    "0.46, no parameters at first": ("/v3/contacts", "/v3/contacts?page={page}"),
    "0.18, both always": ("/v3/contacts?page=1&page_size=20", "/v3/contacts?page={page}&page_size=20"),
    "pages of 15, which divide 45": ("/v3/contacts?page_size=15", "/v3/contacts?page={page}&page_size=15"),
    "pages of 7": ("/v3/contacts?page_size=7", "/v3/contacts?page={page}&page_size=7"),
    "one by one": ("/v3/contacts?pageSize=1", "/v3/contacts?page={page}&pageSize=1"),
    "limit": ("/v3/contacts?limit=44", "/v3/contacts?page={page}&limit=44"),
    "all at once": ("/v3/contacts?limit=100", "/v3/contacts?page={page}&limit=100"),
    "filtered": ("/v3/contacts?channel=sms", "/v3/contacts?channel=sms&page={page}"),
    "searched": ("/v3/contacts?search=1415", "/v3/contacts?search=1415&page={page}"),
}


@pytest.mark.parametrize("walk", [w for w in WALKS if w != "one by one"])
def test_walking_pages_until_has_more_is_false_meets_every_row_once(crowd: Account, walk: str) -> None:
    seen = _walk(crowd.http, *WALKS[walk])
    assert len(seen) == len(set(seen)) == 45


def test_the_page_object_adds_up(crowd: Account) -> None:
    for size in (1, 7, 15, 44, 45, 46, 100):
        told = crowd.http.get(f"/v3/contacts?limit={size}").data["pagination"]
        assert (told["page"], told["page_size"], told["total_count"]) == (1, size, 45)
        assert told["total_pages"] == -(-45 // size)
        assert told["has_more"] is (size < 45)
        last = crowd.http.get(f"/v3/contacts?limit={size}&page={told['total_pages']}").data
        assert last["pagination"]["has_more"] is False
        assert len(last["contacts"]) == (45 % size or size)


def test_list_with_no_query_and_with_limit_100(http: Client) -> None:
    """The Python page calls `list()` and `list(limit=100)`."""
    for path, name in (("contacts", "contacts"), ("templates", "templates"), ("webhooks", "webhooks")):
        assert isinstance(http.get(f"/v3/{path}").data[name], list)
        assert http.get(f"/v3/{path}?limit=100").data["pagination"]["page_size"] == 100


def test_booleans_and_empty_values_in_queries(http: Client) -> None:
    for query in ("is_active=true", "is_active=false", "is_active=", "search=", "page=&page_size="):
        assert http.get(f"/v3/webhooks?{query}").status == 200, query
    assert http.get("/v3/templates?is_welcome_playground=true").status == 200
    assert http.get("/v3/templates?status=approved&category=MARKETING").status == 200


def test_a_plus_encoded_in_the_query_finds_the_number(http: Client) -> None:
    phone = samples.phone()
    made = http.post("/v3/contacts", {"phone_number": phone}).data["id"]
    assert http.get(f"/v3/contacts?phone=%2B{phone[1:]}").data["contacts"][0]["id"] == made


def test_a_raw_plus_in_a_path_is_not_a_space(http: Client) -> None:
    """Number lookup is called with a raw plus; until it is served, the answer must at least be a clean one."""
    raw = http.get("/v3/numbers/lookup/+12025550123")
    encoded = http.get("/v3/numbers/lookup/%2B12025550123")
    assert raw.status == encoded.status
    assert raw.status in (200, 404)


# --- retries ---------------------------------------------------------------------------------------------------------


def test_a_retry_repeats_the_body_and_is_another_request_without_a_key(http: Client) -> None:
    """RESOURCE_007 costs an automatic client three requests; each gets the same answer."""
    body = _body({"phone_number": samples.phone()})
    assert http.request("POST", "/v3/contacts", body=body, headers=PYTHON).status == 201
    for count in ("0", "1", "2"):
        answer = http.request("POST", "/v3/contacts", body=body, headers={**PYTHON, "x-stainless-retry-count": count})
        assert (answer.status, answer.code) == (409, "RESOURCE_007")


def test_a_retry_with_a_key_never_doubles(http: Client) -> None:
    body = _body({"to": [samples.phone()], "template": {"name": "welcome"}})
    key = samples.key()
    answers = [
        http.request(
            "POST",
            "/v3/messages",
            body=body,
            headers={**PYTHON, "Idempotency-Key": key, "x-stainless-retry-count": str(count)},
        )
        for count in range(3)
    ]
    assert [answer.status for answer in answers] == [202, 202, 202]
    assert len({answer.body for answer in answers}) == 1


def test_a_refused_limit_asks_for_a_wait_that_clients_obey(server: Server) -> None:
    account = server.create_account(tier="starter")
    body = {"to": [samples.phone()], "template": {"id": samples.UNKNOWN_ID}}
    answers = [account.http.post("/v3/messages", body) for _ in range(61)]
    assert answers[-1].status == 429
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert answers[-1].headers.get("x-should-retry", "true") == "true"


# --- types on the wire -----------------------------------------------------------------------------------------------


def test_prices_are_numbers_in_messages_and_strings_in_activities(http: Client) -> None:
    sent = http.post("/v3/messages", {"to": [samples.phone()], "template": {"name": "welcome"}, "channel": ["sms"]})
    (message,) = wait_for_end(http, sent)
    assert isinstance(message["price"], int | float)
    assert not isinstance(message["price"], bool)
    activities = http.get(f"/v3/messages/{message['id']}/activities").data["activities"]
    prices = [item["price"] for item in activities if item["price"] is not None]
    assert prices
    assert all(re.fullmatch(r"\d+\.\d{4}", price) for price in prices)
    assert activities[-1]["status"] == "QUEUED"
    assert activities[-1]["price"] is None
    assert message["events"][0]["status"] == "QUEUED"
    times = [item["timestamp"] for item in activities]
    assert times == sorted(times, reverse=True)


def test_a_webhook_secret_is_whsec_and_real_base64(http: Client) -> None:
    made = http.post("/v3/webhooks", samples.webhook()).data
    rotated = http.post(f"/v3/webhooks/{made['id']}/rotate-secret", {}).data
    for secret in (made["signing_secret"], rotated["signing_secret"]):
        assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    assert made["signing_secret"] != rotated["signing_secret"]
    assert http.get(f"/v3/webhooks/{made['id']}").data["signing_secret"] is None


def test_a_gzip_accepting_client_can_read_every_answer(http: Client) -> None:
    answer = http.request("GET", "/v3/templates?limit=100", headers={"accept-encoding": "gzip"}, checked=False)
    assert _read(answer)["success"] is True
