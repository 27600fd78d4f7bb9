"""Every field that takes a URL obeys one rule, and no user or password is shown."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from harness import samples
from harness.client import Client, Response
from harness.receiver import Receiver
from harness.rows import OWN_COMPLIANCE
from harness.server import Account, OwnServer, Server
from harness.waiting import equal_to, wait_for
from sent_server.db import open_database

WEBHOOKS = "/v3/webhooks"
_names = itertools.count(1)


def _new_webhook(http: Client, url: str) -> Response:
    return http.post(WEBHOOKS, samples.webhook(url))


def _changed_webhook(http: Client, url: str) -> Response:
    made = http.post(WEBHOOKS, samples.webhook()).data
    return http.put(f"{WEBHOOKS}/{made['id']}", {"endpoint_url": url})


def _older_spelling(http: Client, url: str) -> Response:
    body = samples.webhook()
    del body["endpoint_url"]
    return http.post(WEBHOOKS, {**body, "url": url})


def _message(field: str) -> Callable[[Client, str], Response]:
    def send(http: Client, url: str) -> Response:
        template_id = http.post("/v3/templates", samples.template()).data["id"]
        body = {"to": [samples.phone()], "template": {"id": template_id}, "channel": ["sms"], field: url}
        return http.post("/v3/messages", body)

    return send


def _profile(http: Client, **fields: Any) -> Response:
    return http.post("/v3/profiles", {"name": f"Profile {next(_names)}", **OWN_COMPLIANCE, **fields})


def _new_profile(http: Client, url: str) -> Response:
    return _profile(http, settings={"webhook_url": url})


def _changed_profile(http: Client, url: str) -> Response:
    made = _profile(http).data
    return http.patch(f"/v3/profiles/{made['id']}", {"settings": {"webhook_url": url}})


def _completion(http: Client, url: str) -> Response:
    made = _profile(http, brand=samples.nested_brand(isTcrApplication=False))
    return http.post(f"/v3/profiles/{made.data['id']}/complete", {"webHookUrl": url})


PLACES: dict[str, Callable[[Client, str], Response]] = {
    "webhook": _new_webhook,
    "webhook, older spelling": _older_spelling,
    "webhook, changed": _changed_webhook,
    "callback_url": _message("callback_url"),
    "webhook_url": _message("webhook_url"),
    "settings of a profile": _new_profile,
    "settings of a profile, changed": _changed_profile,
    "completion of a profile": _completion,
}
NO_URLS = [
    "http://a b/", "http://x:99999/", "http://x:0/", "http://example.com\n.127.0.0.1/", "http://h\\@example.com/",
    "\thttp://example.com/", "http://%31%32%37.0.0.1/", "http://127.1/", "http://0x7f.1/", "http://2130706433/",
    "http://127.0.0.1./", "ftp://example.com/", "example.com", "http://", "http://exa mple.test/cb",
]  # fmt: skip
NEVER_CALLED = ["http://10.0.0.1/", "http://169.254.169.254/latest", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/"]


@pytest.mark.parametrize("place", PLACES)
def test_one_rule_for_every_field(server: Server, fresh_account: Account, place: str) -> None:
    http, put = fresh_account.http, PLACES[place]
    for url in ["http://1.2.3.4.5/", "http://x:99999/"] if "profile" in place else NO_URLS:
        answer = put(http, url)
        assert (answer.status, answer.code) == (400, "VALIDATION_001"), url
        assert list(answer.details.values()) == [["Endpoint URL must be a valid HTTP or HTTPS URL"]]
    for url in [*NEVER_CALLED[:: 3 if "profile" in place else 1], server.base_url]:
        answer = put(http, url)
        assert (answer.status, answer.code) == (400, "VALIDATION_001"), url
        assert "never calls" in answer.error["message"]
        assert list(answer.details.values()) == [[answer.error["message"]]]
    assert put(http, "https://example.com/hook?x=%2F").status in (200, 201, 202)


def test_https_is_required_and_loopback_closed_in_every_field(own_server: OwnServer) -> None:
    server = own_server(env={"SENT_EGRESS_ALLOW_LOOPBACK": "false", "SENT_WEBHOOK_REQUIRE_HTTPS": "true"})
    http = server.create_account().http
    for place, put in PLACES.items():
        answer = put(http, "http://example.com/")
        assert (answer.status, answer.error["message"]) == (400, "Endpoint URL must be a valid HTTPS URL"), place
        for host in ("localhost", "127.0.0.1", "[::1]", "localhost.", "a.localhost"):
            answer = put(http, f"https://{host}:9000/")
            assert (answer.status, answer.code) == (400, "VALIDATION_001"), place
            assert "SENT_EGRESS_ALLOW_LOOPBACK" in answer.error["message"]
        assert put(http, "https://example.com/").status in (200, 201, 202), place


def test_callbacks_and_webhooks_ask_for_the_bytes_that_were_given(fresh_account: Account, receiver: Receiver) -> None:
    path = "/hook?sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=a%2Bb%2fc%3D"
    assert _new_webhook(fresh_account.http, receiver.url(path)).data["endpoint_url"] == receiver.url(path)
    assert _message("callback_url")(fresh_account.http, receiver.url(f"{path}&cb=%2F1")).status == 202
    receiver.wait(path=path)
    receiver.wait(path=f"{path}&cb=%2F1")


class TestUserAndPassword:
    def test_they_are_used_and_shown_nowhere(self, fresh_account: Account, receiver: Receiver) -> None:
        http = fresh_account.http
        made = _new_webhook(http, f"http://jane:hunter2@127.0.0.1:{receiver.port}/hook")
        path = f"{WEBHOOKS}/{made.data['id']}"
        assert made.data["endpoint_url"] == f"http://***@127.0.0.1:{receiver.port}/hook"
        assert http.post(f"{path}/test", {"event_type": "messages"}).data["success"]
        _message("callback_url")(http, receiver.url("/unused"))
        receiver.wait(2, path="/hook")
        wait_for(lambda: http.get(f"{path}/events").data["events"][0]["delivery_status"], until=equal_to("delivered"))
        answers = [made, http.get(path), http.get(WEBHOOKS), http.get(f"{path}/events")]
        answers += [http.put(path, {"display_name": "New"}), http.patch(f"{path}/toggle-status", {"is_active": True})]
        assert all(b"hunter2" not in answer.body and b"jane" not in answer.body for answer in answers)
        assert {got.headers["authorization"] for got in receiver.on("/hook")} == {"Basic amFuZTpodW50ZXIy"}

    def test_a_search_does_not_find_them(self, fresh_account: Account) -> None:
        http = fresh_account.http
        _new_webhook(http, "https://jane:hunter2@example.com/hook")
        assert http.get(f"{WEBHOOKS}?search=hunter").data["webhooks"] == []
        assert len(http.get(f"{WEBHOOKS}?search=example.com").data["webhooks"]) == 1

    def test_the_masked_form_keeps_them(self, fresh_account: Account, receiver: Receiver) -> None:
        http = fresh_account.http
        made = _new_webhook(http, f"http://jane:hunter2@127.0.0.1:{receiver.port}/hook").data
        path = f"{WEBHOOKS}/{made['id']}"
        assert http.put(path, {**made, "display_name": "Renamed"}).data["endpoint_url"] == made["endpoint_url"]
        moved = made["endpoint_url"].replace("/hook", "/moved")
        assert http.put(path, {"endpoint_url": moved}).data["endpoint_url"] == moved
        assert http.post(f"{path}/test", {"event_type": "messages"}).data["success"]
        assert receiver.on("/moved")[0].headers["authorization"] == "Basic amFuZTpodW50ZXIy"

    def test_new_ones_replace_them_and_none_removes_them(self, fresh_account: Account, receiver: Receiver) -> None:
        http = fresh_account.http
        made = _new_webhook(http, f"http://jane:hunter2@127.0.0.1:{receiver.port}/hook").data
        path = f"{WEBHOOKS}/{made['id']}"
        for url, sent in ((f"http://a:b@127.0.0.1:{receiver.port}/hook", "Basic YTpi"), (receiver.url("/hook"), None)):
            http.put(path, {"endpoint_url": url})
            assert http.post(f"{path}/test", {"event_type": "messages"}).data["success"]
            assert receiver.on("/hook")[-1].headers.get("authorization") == sent

    @pytest.mark.parametrize("elsewhere", ["http://***@127.0.0.1:9/hook", "https://***@example.com/"])
    def test_the_masked_form_takes_them_nowhere_else(
        self, fresh_account: Account, receiver: Receiver, elsewhere: str
    ) -> None:
        http = fresh_account.http
        made = _new_webhook(http, f"http://jane:hunter2@127.0.0.1:{receiver.port}/hook").data
        answer = http.put(f"{WEBHOOKS}/{made['id']}", {"endpoint_url": elsewhere})
        assert (answer.status, answer.code) == (400, "VALIDATION_001")
        assert "endpoint_url" in answer.details

    @pytest.mark.parametrize("place", PLACES)
    def test_a_mask_without_anything_behind_it_is_refused(self, fresh_account: Account, place: str) -> None:
        answer = PLACES[place](fresh_account.http, "https://***@example.com/")
        assert (answer.status, answer.code) == (400, "VALIDATION_001")

    def test_those_of_a_profile_are_masked_and_kept(self, fresh_account: Account) -> None:
        http = fresh_account.http
        made = _new_profile(http, "https://jane:hunter2@example.com/a").data
        path = f"/v3/profiles/{made['id']}"
        assert made["settings"]["webhook_url"] == "https://***@example.com/a"
        changed = http.patch(path, {"settings": {"webhook_url": "https://***@example.com/b"}})
        assert changed.data["settings"]["webhook_url"] == "https://***@example.com/b"
        assert http.patch(path, {"settings": {"webhook_url": "https://***@example.org/b"}}).status == 400

    def test_they_are_sealed_at_rest(self, own_server: OwnServer) -> None:
        server = own_server()
        _new_webhook(server.http, "https://jane:hunter2@example.com/hook")
        rows = _rows(server, "SELECT endpoint_url, search_text, userinfo_sealed FROM webhooks")
        assert all("hunter2" not in str(value) for row in rows for value in row)
        assert rows[0][2]


def _rows(server: Server, sql: str) -> list[tuple[Any, ...]]:
    import asyncio

    async def read() -> list[tuple[Any, ...]]:
        url = server.database_url or f"sqlite:///{server.home / 'sent.db'}"
        database = await open_database(url)
        try:
            return [tuple(row) for row in await database.read(lambda tx: tx.fetch(sql))]
        finally:
            await database.close()

    server.stop()
    return asyncio.run(read())
