"""Quotas: the settings' and an account's own."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import samples
from harness.server import Account, OwnServer, Server


def test_the_contact_after_the_last_is_refused(own_server: OwnServer) -> None:
    http = own_server(env={"SENT_CONTACT_QUOTA": "4"}).http
    while http.get("/v3/contacts").data["pagination"]["total_count"] < 4:
        assert http.post("/v3/contacts", {"phone_number": samples.phone()}).status == 201
    answer = http.post("/v3/contacts", {"phone_number": samples.phone()})
    assert (answer.status, answer.code) == (422, "BUSINESS_008")
    known = http.get("/v3/contacts").data["contacts"][0]
    assert http.delete(f"/v3/contacts/{known['id']}", {}).status == 204
    assert http.post("/v3/contacts", {"phone_number": samples.phone()}).status == 201


def test_the_template_after_the_last_is_refused(own_server: OwnServer) -> None:
    http = own_server(env={"SENT_TEMPLATE_QUOTA": "10"}).http
    while http.get("/v3/templates").data["pagination"]["total_count"] < 10:
        assert http.post("/v3/templates", samples.template()).status == 201
    answer = http.post("/v3/templates", samples.template())
    assert (answer.status, answer.code) == (422, "BUSINESS_008")


def test_an_account_has_quotas_of_its_own_and_shows_them(server: Server, fresh_account: Account) -> None:
    http, customer_id = fresh_account.http, fresh_account.customer_id
    assert http.get("/v3/me").data["limits"]["quotas"]["contacts"] > 1_000
    for name, number in (("contacts", "1"), ("templates", "0"), ("webhooks", "1"), ("users", "0")):
        server.operate("accounts", "set-quota", customer_id, name, number)
    assert http.get("/v3/me").data["limits"] == {
        "status": "ACTIVE",
        "tier": "unlimited",
        "requests_per_minute": 1_000_000,
        "messages_per_minute": 1_000_000,
        "quotas": {"contacts": 1, "templates": 0, "webhooks": 1, "users": 0, "profiles": 100, "messages_per_day": None},
    }
    assert http.post("/v3/contacts", {"phone_number": samples.phone()}).status == 201
    assert http.post("/v3/contacts", {"phone_number": samples.phone()}).code == "BUSINESS_008"
    assert http.post("/v3/templates", samples.template()).code == "BUSINESS_008"
    assert http.post("/v3/webhooks", samples.webhook()).status == 201
    # The contract has no 422 for these two.
    assert http.post("/v3/webhooks", samples.webhook()).code == "VALIDATION_001"
    assert http.post("/v3/users", samples.user()).code == "VALIDATION_001"
    shown = server.operate("accounts", "set-quota", customer_id, "templates", "default")
    assert shown["quotas"] == {"contacts": 1, "webhooks": 1, "users": 0}
    assert http.post("/v3/templates", samples.template()).status == 201


@pytest.mark.parametrize("what", ["contacts", "templates", "webhooks"])
def test_many_at_the_same_moment_do_not_pass_it(server: Server, fresh_account: Account, what: str) -> None:
    http = fresh_account.http
    server.operate("accounts", "set-quota", fresh_account.customer_id, what, "3")

    def create(_: int) -> int:
        body = {"contacts": {"phone_number": samples.phone()}, "templates": samples.template()}
        return http.post(f"/v3/{what}", body.get(what) or samples.webhook()).status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(create, range(16)))
    assert statuses.count(201) == 3


def test_a_day_has_as_many_messages_as_the_operator_says(server: Server, fresh_account: Account) -> None:
    http = fresh_account.http
    template_id = http.post("/v3/templates", samples.template()).data["id"]
    server.operate("accounts", "set-quota", fresh_account.customer_id, "messages_per_day", "5")

    def send(count: int) -> str | int | None:
        to = [samples.phone() for _ in range(count)]
        answer = http.post("/v3/messages", {"to": to, "template": {"id": template_id}, "channel": ["sms"]})
        return answer.code if answer.status == 422 else answer.status

    before = http.get("/v3/me").data["balance"]
    assert send(6) == "BUSINESS_008"
    assert http.get("/v3/me").data["balance"] == before
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, [2] * 6))
    assert answers.count(202) == 2
    assert send(1) == 202
    assert send(1) == "BUSINESS_008"
    server.operate("accounts", "set-quota", fresh_account.customer_id, "messages_per_day", "default")
    assert send(3) == 202


def test_senseless_quotas_are_refused(server: Server, fresh_account: Account) -> None:
    for arguments in (("pigeons", "1"), ("contacts", "many")):
        with pytest.raises(AssertionError, match="ended with 2"):
            server.operate("accounts", "set-quota", fresh_account.customer_id, *arguments)
