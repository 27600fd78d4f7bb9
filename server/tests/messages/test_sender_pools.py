"""Sender pools: which number a message leaves from, and pools that cannot be used."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import database, samples
from harness.client import Client, Response
from harness.messages import wait_for_status
from harness.server import Account, Server
from sent_server.messages import pools

Json = dict[str, Any]
NUMBERS = st.from_regex(r"\+1[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True)
FOREIGN = st.from_regex(r"\+(44|49|33)[1-9][0-9]{8,9}", fullmatch=True)
SENDER_IDS = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,10}", fullmatch=True)
SENDERS = st.one_of(NUMBERS, FOREIGN, SENDER_IDS)
UNKNOWN = "+14155550142"


@given(st.lists(SENDERS, min_size=1, max_size=6), st.one_of(NUMBERS, FOREIGN))
def test_the_first_sender_with_the_area_code_of_the_recipient_or_else_the_first(listed: list[str], phone: str) -> None:
    chosen = pools.choose(listed, phone)
    near = [one for one in listed if phone.startswith("+1") and len(phone) == len(one) == 12 and one[:5] == phone[:5]]
    assert chosen == (near or listed)[0]
    active = {"sms": dict.fromkeys(listed, "simulator")}
    assert pools.choices({"sms": listed}, active, phone) == (("sms", ("simulator", chosen)),)
    # One that is not active blocks the pool, wherever it stands.
    del active["sms"][listed[-1]]
    assert pools.choices({"sms": listed}, active, phone) == (("sms", None),)


@given(SENDERS)
def test_numbers_and_sender_ids_are_senders(sender: str) -> None:
    assert pools.is_sender(sender)


@pytest.mark.parametrize("sender", ["", "12345", "4155550100", "+0155", "a b", "twelve12345x", "ünïcode", "+1 415 555"])
def test_nothing_else_is_a_sender(sender: str) -> None:
    assert not pools.is_sender(sender)


class Company:
    """An organization with three SMS numbers: its default, one in San Francisco and one in New York."""

    def __init__(self, server: Server) -> None:
        self.account: Account = server.create_account()
        self.http = self.account.http
        shown = server.ask("accounts show", customer_id=self.account.customer_id)
        self.default: str = shown["sender_numbers"]["sms"]
        self.west, self.east = (f"+1{area}{samples.phone()[5:]}" for area in ("415", "212"))
        for number in (self.west, self.east):
            database.change(
                server.database_url,
                "INSERT INTO senders (customer_id, channel, connection_id, value, kind, state, is_default, "
                f"created_at_ms) VALUES ('{self.account.customer_id}', 'sms', 'simulator', '{number}', 'number', "
                "'active', 0, 1)",
            )

    def send(self, phone: str, channels: Any, **fields: Any) -> Response:
        return self.http.post("/v3/messages", {"to": [phone], "text": "Hello", "channels": channels, **fields})

    def ended(self, phone: str, channels: Any, **fields: Any) -> tuple[Json, str | None]:
        """The message, and the number that its activities show."""
        answer = self.send(phone, channels, **fields)
        assert answer.status == 202, answer.body
        found = wait_for_status(self.http, answer.data["recipients"][0]["message_id"])
        activities = self.http.get(f"/v3/messages/{found['id']}/activities").data["activities"]
        return found, next((one["from"] for one in activities if one["status"] == "SENT"), None)


@pytest.fixture
def company(server: Server) -> Company:
    return Company(server)


def pool(*senders: str) -> Json:
    return {"sms": [{"from": list(senders), "country": "US", "strategy": "sticky"}]}


def phone_in(area: str) -> str:
    return f"+1{area}{samples.phone()[5:]}"


def test_a_message_leaves_from_the_number_with_the_area_code_of_the_recipient(company: Company) -> None:
    listed = pool(company.default, company.east, company.west)
    for area, sender in (("212", company.east), ("415", company.west), ("305", company.default)):
        phone = phone_in(area)
        found, shown = company.ended(phone, listed, channel=["sms"])
        assert (found["status"], shown) == ("DELIVERED", sender)
        (seen,) = company.http.get(f"/sim/phones/{phone}/messages").data["messages"]
        assert seen["sender"] == sender


def test_recipients_of_one_request_each_get_their_sender(company: Company) -> None:
    phones = [phone_in("212"), phone_in("415"), phone_in("212")]
    body = {"to": phones, "text": "Hello", "channel": ["sms"], "channels": pool(company.west, company.east)}
    answer = company.http.post("/v3/messages", body)
    for recipient, sender in zip(answer.data["recipients"], (company.east, company.west, company.east), strict=True):
        wait_for_status(company.http, recipient["message_id"])
        (seen,) = company.http.get(f"/sim/phones/{recipient['to']}/messages").data["messages"]
        assert seen["sender"] == sender


def test_entries_add_up_and_those_without_senders_do_not_restrict(company: Company) -> None:
    entries = [{"country": "US"}, {"from": []}, {"from": [company.west]}, {"from": [company.west, company.east]}]
    assert company.ended(phone_in("212"), {"sms": entries})[1] == company.east
    for channels in ({"sms": [{"country": "US"}]}, {"sms": [{"from": []}]}, {"sms": []}):
        assert company.ended(phone_in("212"), channels, channel=["sms"])[1] == company.default


def test_a_sender_that_is_not_ours_blocks_each_message_of_the_channel(company: Company) -> None:
    found, _ = company.ended(samples.phone(), pool(company.default, UNKNOWN), channel=["sms"])
    assert (found["status"], found["reason_code"], found["price"]) == ("BLOCKED", "BUSINESS_029", None)
    assert "not an active sender" in found["reason"]
    template = {"name": "blocked_pool", "definition": samples.definition("Hello")}
    company.http.post("/v3/templates", template)
    body = {"to": [samples.phone()], "template": {"name": "blocked_pool"}, "channel": ["sms"]}
    answer = company.http.post("/v3/messages", {**body, "channels": pool(UNKNOWN)})
    assert wait_for_status(company.http, answer.data["recipients"][0]["message_id"])["status"] == "BLOCKED"


def test_with_automatic_choice_only_that_channel_drops_out(company: Company) -> None:
    found, _ = company.ended(samples.magic_phone("14"), pool(UNKNOWN))
    assert (found["status"] in ("DELIVERED", "READ"), found["channel"]) == (True, "rcs")
    alone, _ = company.ended(samples.phone(), pool(UNKNOWN))  # WhatsApp is closed, and there is no RCS
    assert (alone["status"], alone["reason_code"]) == ("BLOCKED", "BUSINESS_029")


def test_a_pool_for_sms_does_not_bind_mms(server: Server, company: Company) -> None:
    server.ask("accounts set-feature", customer_id=company.account.customer_id, feature="mms", enabled=True)
    media: Json = {"media_urls": ["https://cdn.example.com/a.jpg"], "channel": ["mms"]}
    found, shown = company.ended(samples.phone(), pool(UNKNOWN), **media)
    assert (found["status"], shown) == ("DELIVERED", company.default)
    bound = {"mms": [{"from": [company.east]}]}
    assert company.ended(samples.phone(), bound, **media)[1] == company.east


@pytest.mark.parametrize(
    ("channels", "code", "place"),
    [
        ({"sent": [{"from": ["+14155550100"]}]}, "VALIDATION_006", "channels.sent"),
        ({"fax": [{"from": ["+14155550100"]}]}, "VALIDATION_006", "channels.fax"),
        ({"sms": "+14155550100"}, "VALIDATION_001", "channels.sms"),
        ({"sms": ["+14155550100"]}, "VALIDATION_001", "channels.sms[0]"),
        ({"sms": [{"from": "+14155550100"}]}, "VALIDATION_001", "channels.sms[0].from"),
        ({"sms": [{"from": ["+14155550100", "415 555"]}]}, "VALIDATION_002", "channels.sms[0].from[1]"),
        ({"rcs": [{}, {"from": ["123"]}]}, "VALIDATION_002", "channels.rcs[1].from[0]"),
        ({"sms": [{"from": ["ACME"] * 101}]}, "VALIDATION_005", "channels.sms[0].from"),
    ],
    ids=str,
)
def test_a_pool_that_is_none_is_refused_at_its_place(http: Client, channels: Json, code: str, place: str) -> None:
    answer = http.post("/v3/messages", {"to": [samples.phone()], "text": "x", "channels": channels})
    assert (answer.status, answer.code, list(answer.details)) == (400, code, [place])


def test_a_list_is_the_older_name_of_channel(http: Client) -> None:
    answer = http.post("/v3/messages", {"to": [samples.phone()], "text": "x", "channels": ["sms"], "sandbox": True})
    assert [one["channel"] for one in answer.data["recipients"]] == ["sms"]
    for channels in ([], {}, None, {"sms": [{"from": [], "country": "", "strategy": ""}]}):
        body = {"to": [samples.phone()], "text": "x", "channels": channels, "sandbox": True}
        assert http.post("/v3/messages", body).status == 202
