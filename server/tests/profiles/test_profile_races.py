"""The same profile at the same moment: no change is lost, and what happens once happens once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from harness import database, samples
from harness.client import Client
from harness.receiver import Receiver
from harness.rows import OWN_COMPLIANCE
from harness.server import Account, Server
from harness.waiting import equal_to, nothing, wait_for

CONTACT = {"name": "Acme", "email": "billing@acme.example", "phone": None, "address": None}


def make(http: Client, **values: object) -> str:
    made = http.post("/v3/profiles", {"name": "Raced", **OWN_COMPLIANCE, **values})
    assert made.status == 201, made.body
    return f"/v3/profiles/{made.data['id']}"


def test_changes_of_different_fields_at_the_same_moment_are_all_kept(fresh_account: Account) -> None:
    http = fresh_account.http
    changes = [
        {"name": "Renamed"},
        {"description": "described"},
        {"short_name": "RACED"},
        {"allow_contact_sharing": True},
        {"inherit_contacts": False},
        {"inherit_templates": False},
        {"sending_phone_number": "+14155550100"},
        {"whatsapp_phone_number": "+14155550101"},
        {"settings": {"timezone": "UTC"}},
        {"settings": {"language": "de"}},
    ]
    for _ in range(3):
        path = make(http)
        with ThreadPoolExecutor(10) as pool:
            assert {answer.status for answer in pool.map(lambda body: http.patch(path, body), changes)} == {200}  # noqa: B023
        shown = http.get(path).data
        settings = {"default_channel": None, "webhook_url": None, "timezone": "UTC", "language": "de"}
        expected = {**{name: value for change in changes for name, value in change.items()}, "settings": settings}
        assert {name: shown[name] for name in expected} == expected


def test_a_switch_of_the_bill_and_a_contact_at_the_same_moment_end_in_a_state_that_is_allowed(
    fresh_account: Account,
) -> None:
    http = fresh_account.http
    for _ in range(4):
        path = make(http, billing_model="profile", billing_contact=CONTACT)
        bodies = [{"billing_model": "organization"}, {"billing_contact": {**CONTACT, "name": "Other"}}]
        with ThreadPoolExecutor(2) as pool:
            assert {answer.status for answer in pool.map(lambda body: http.patch(path, body), bodies)} == {200}  # noqa: B023
        shown = http.get(path).data
        assert (shown["billing_model"], shown["billing_contact"]) == ("organization", None)


def test_it_is_deleted_once(fresh_account: Account) -> None:
    http = fresh_account.http
    path = make(http)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: http.delete(path, {}), range(6)))
    assert sorted(answer.status for answer in answers) == [204] + [404] * 5
    assert {answer.code for answer in answers if answer.status == 404} == {"RESOURCE_014"}


def test_a_change_and_a_deletion_leave_it_deleted(fresh_account: Account) -> None:
    http = fresh_account.http
    for _ in range(4):
        path = make(http)
        with ThreadPoolExecutor(2) as pool:
            changed = pool.submit(http.patch, path, {"allow_contact_sharing": True})
            assert http.delete(path, {}).status == 204
        assert changed.result().status in (200, 404)
        assert http.get(path).status == 404
    assert http.get("/v3/profiles").data["profiles"] == []


def test_it_is_completed_once_and_told_once(server: Server, fresh_account: Account, receiver: Receiver) -> None:
    http = fresh_account.http
    path = make(http, brand=samples.nested_brand(isTcrApplication=False))
    body = {"webHookUrl": receiver.url("/once")}
    with ThreadPoolExecutor(5) as pool:  # a burst of the sensitive class
        answers = list(pool.map(lambda _: http.post(f"{path}/complete", body), range(5)))
    assert {answer.status for answer in answers} <= {200, 202}
    assert 202 in {answer.status for answer in answers}
    receiver.wait(1, 20, path="/once")
    finished = f"SELECT COUNT(*) FROM profile_completions WHERE customer_id = '{path.rpartition('/')[2]}'"
    (started,) = database.rows(server.database_url, finished)[0]
    assert http.get(path).data["status"] == "approved"
    assert len(receiver.on("/once")) <= started == 1


def test_what_was_under_way_when_it_was_deleted_comes_to_its_end(
    server: Server, fresh_account: Account, receiver: Receiver
) -> None:
    """Its message is delivered and charged to it, its review is given up, and nobody is told."""
    http = fresh_account.http
    path = make(http, billing_model="profile", billing_contact=CONTACT, brand=samples.nested_brand())
    profile_id = path.rpartition("/")[2]
    server.ask("accounts top-up", customer_id=profile_id, amount="5")
    assert http.post(f"{path}/campaigns", samples.campaign(name="NEVER_REVIEW")).status == 201
    assert http.post(f"{path}/complete", {"webHookUrl": receiver.url("/submitted")}).status == 202
    receiver.wait(1, 20, path="/submitted")
    template = http.post("/v3/templates", samples.template()).data["id"]
    body = {"to": [samples.phone()], "template": {"id": template}, "channel": ["sms"]}
    assert server.client(fresh_account.api_key, x_profile_id=profile_id).post("/v3/messages", body).status == 202
    assert http.delete(path, {}).status == 204

    def found(sql: str) -> list[tuple[Any, ...]]:
        return database.rows(server.database_url, sql.format(id=profile_id))

    delivered = [("DELIVERED",)]
    statuses = lambda: found("SELECT status FROM messages WHERE customer_id = '{id}'")  # noqa: E731
    wait_for(statuses, 30, until=equal_to(delivered), what="the handset")
    jobs = lambda: found("SELECT * FROM jobs WHERE customer_id = '{id}'")  # noqa: E731
    wait_for(jobs, 30, until=nothing, what="an end of its jobs")
    books: dict[str, int] = dict(
        found("SELECT account, balance_micros FROM ledger_balances WHERE customer_id = '{id}'")
    )
    assert books["held"] == 0
    assert books["available"] + books["revenue"] == 5_000_000
    assert books["revenue"] > 0
    assert len(receiver.deliveries) == 1
