"""The contact routes over HTTP, beyond the rows of the contract table."""

import re

import pytest

from harness import samples
from harness.client import Client
from harness.server import Account, Server

FIELDS = {
    "id", "customer_id", "phone_number", "format_e164", "format_international", "format_national", "format_rfc",
    "country_code",
    "region_code", "available_channels", "default_channel", "opt_out", "is_inherited", "created_at", "updated_at",
}  # fmt: skip


def create(http: Client, number: str | None = None) -> dict[str, object]:
    made = http.post("/v3/contacts", {"phone_number": number or samples.phone()})
    assert made.status == 201, made.body
    data: dict[str, object] = made.data
    return data


def found(http: Client, **query: object) -> list[str]:
    answer = http.get("/v3/contacts", query=query)
    assert answer.status == 200, answer.body
    assert answer.data["pagination"]["total_count"] == len(answer.data["contacts"])
    return [contact["phone_number"] for contact in answer.data["contacts"]]


def test_the_documents_example_number_is_shown_as_in_the_documents(fresh_account: Account) -> None:
    contact = create(fresh_account.http, "+1234567890")
    assert set(contact) == FIELDS
    assert {name: contact[name] for name in FIELDS - {"id", "created_at"}} == {
        "customer_id": fresh_account.customer_id,
        "phone_number": "+1234567890",
        "format_e164": "+1234567890",
        "format_international": "+1 234-567-890",
        "format_national": "(234) 567-890",
        "format_rfc": "tel:+1-234-567-890",
        "country_code": "1",
        "region_code": "US",
        "available_channels": "sms,whatsapp",
        "default_channel": "sms",
        "opt_out": False,
        "is_inherited": False,
        "updated_at": None,
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", str(contact["created_at"]))


def test_one_contact_looks_the_same_wherever_it_is_shown(fresh_account: Account) -> None:
    http = fresh_account.http
    contact = create(http)
    number = contact["phone_number"]
    assert http.get(f"/v3/contacts/{contact['id']}").data == contact
    assert http.get("/v3/contacts").data["contacts"] == [contact]
    assert http.get("/v3/contacts", query={"phone": number}).data["contacts"] == [contact]
    assert http.get(f"/v3/contacts/{str(contact['id']).upper()}").data == contact


def test_a_landline_takes_no_sms_and_prefers_what_it_takes(fresh_account: Account) -> None:
    contact = create(fresh_account.http, samples.magic_phone("12"))
    assert (contact["available_channels"], contact["default_channel"]) == ("whatsapp", "whatsapp")


def test_walking_all_pages_sees_every_contact_once_newest_first(fresh_account: Account) -> None:
    http = fresh_account.http
    numbers = [create(http)["phone_number"] for _ in range(7)]
    seen: list[str] = []
    page, more = 1, True
    while more:
        data = http.get("/v3/contacts", query={"page": page, "page_size": 3}).data
        assert data["pagination"]["total_count"] == 7
        assert data["pagination"]["total_pages"] == 3
        seen += [contact["phone_number"] for contact in data["contacts"]]
        page, more = page + 1, data["pagination"]["has_more"]
    assert seen == numbers[::-1]
    beyond = http.get("/v3/contacts", query={"page": 9, "page_size": 3}).data
    assert (beyond["contacts"], beyond["pagination"]["has_more"]) == ([], False)


def test_a_search_finds_digits_however_they_are_written(fresh_account: Account) -> None:
    http = fresh_account.http
    for number in ("+14155550172", "+447700900123"):
        create(http, number)
    for text in ("415555", "(415) 555-0172", "+1 415", "0172", " 4155550172 ", "+1-415-555-0172"):
        assert found(http, search=text) == ["+14155550172"], text
    for text in ("07700 900123", "+44 7700", "00123", "0123"):
        assert found(http, search=text) == ["+447700900123"], text
    for text in ("99999", "abc", "ada1", "%", "_", "415%0172", "--", "0000000"):
        expected = ["+14155550172"] if text == "4155550172" else []
        assert found(http, search=text) == expected, text
    assert len(found(http, search="")) == 2
    assert len(found(http, search="  ")) == 2


def test_the_channel_filter_counts_what_it_shows(fresh_account: Account) -> None:
    http = fresh_account.http
    landline, rcs, usual = samples.magic_phone("12"), samples.magic_phone("14"), samples.phone()
    for number in (landline, rcs, usual):
        create(http, number)
    assert found(http, channel="sms") == [usual, rcs]
    assert found(http, channel="whatsapp") == [usual, rcs, landline]
    assert found(http, channel="rcs") == [rcs]
    assert found(http, channel="rcs", search=rcs[1:]) == [rcs]
    assert found(http, channel="rcs", search=usual[1:]) == []
    assert len(found(http, channel="")) == 3


@pytest.mark.parametrize("spelling", ["%2B{}", "+{}", "{}", "%20{}"])
def test_the_phone_filter_takes_a_plus_that_was_not_escaped(fresh_account: Account, spelling: str) -> None:
    contact = create(fresh_account.http)
    target = "/v3/contacts?phone=" + spelling.format(str(contact["phone_number"])[1:])
    assert fresh_account.http.get(target).data["contacts"] == [contact]


@pytest.mark.parametrize("phone", ["%2B14155559999", "nonsense", "%2B", "%25"])
def test_a_number_nobody_has_is_said_to_be_unknown(fresh_account: Account, phone: str) -> None:
    answer = fresh_account.http.get(f"/v3/contacts?phone={phone}")
    assert (answer.status, answer.code) == (404, "RESOURCE_001")
    assert answer.error["message"] == "Contact not found with the specified phone number"


def test_sending_to_a_new_number_makes_a_contact(fresh_account: Account) -> None:
    http, number = fresh_account.http, samples.phone()
    template = http.post("/v3/templates", samples.template()).data["id"]
    sent = http.post("/v3/messages", {"to": [number], "template": {"id": template}, "channel": ["sms"]})
    assert sent.status == 202, sent.body
    assert found(http, phone=number) == [number]
    assert http.post("/v3/contacts", {"phone_number": number}).code == "RESOURCE_007"


@pytest.mark.parametrize("short", ["+12", "+40404", "+123456"])
def test_fewer_than_seven_digits_are_no_number(fresh_account: Account, short: str) -> None:
    http = fresh_account.http
    template = http.post("/v3/templates", samples.template()).data["id"]
    contact = create(http, "+1234567890")
    for answer, field in (
        (http.post("/v3/contacts", {"phone_number": short}), "phone_number"),
        (http.patch(f"/v3/contacts/{contact['id']}", {"phone_number": short}), "phone_number"),
        (http.post("/v3/messages", {"to": ["+1234567890", short], "template": {"id": template}}), "to[1]"),
        (http.post("/v3/messages", {"phone_number": short, "template_id": template}), "phone_number"),
    ):
        assert (answer.status, answer.code) == (400, "VALIDATION_002")
        assert list(answer.details) == [field]
    assert found(http) == ["+1234567890"]
    sent = http.post("/v3/messages", {"to": ["+1234567890"], "template": {"id": template}, "channel": ["sms"]})
    assert sent.status == 202


def test_an_opt_out_stops_messages_and_outlives_the_contact(fresh_account: Account) -> None:
    http, contact = fresh_account.http, create(fresh_account.http)
    template = http.post("/v3/templates", samples.template()).data["id"]
    body = {"to": [contact["phone_number"]], "template": {"id": template}, "channel": ["sms"]}
    path = f"/v3/contacts/{contact['id']}"
    assert http.patch(path, {"opt_out": True}).data["opt_out"] is True
    assert http.post("/v3/messages", body).code == "BUSINESS_004"
    assert http.delete(path, {}).status == 204
    assert http.get(path).code == "RESOURCE_001"
    assert http.post("/v3/messages", body).code == "BUSINESS_004"
    back = create(http, str(contact["phone_number"]))
    assert (back["opt_out"], back["id"] != contact["id"]) == (True, True)
    assert http.patch(f"/v3/contacts/{back['id']}", {"opt_out": False}).data["opt_out"] is False
    assert http.post("/v3/messages", body).status == 202


def test_nulls_and_an_empty_body_change_nothing_at_all(fresh_account: Account) -> None:
    http, contact = fresh_account.http, create(fresh_account.http)
    path = f"/v3/contacts/{contact['id']}"
    for body in ({}, {"default_channel": None, "opt_out": None, "phone_number": None}, {"unheard_of": 1}):
        assert http.patch(path, body).data == contact
    assert http.get(path).data == contact


def test_several_changes_at_once_are_made_together_or_not_at_all(fresh_account: Account) -> None:
    http = fresh_account.http
    taken, contact = create(http), create(http)
    path = f"/v3/contacts/{contact['id']}"
    refused = http.patch(path, {"opt_out": True, "phone_number": taken["phone_number"]})
    assert (refused.status, refused.code) == (409, "RESOURCE_007")
    assert http.get(path).data == contact
    changed = http.patch(path, {"opt_out": True, "phone_number": "+447700900456", "default_channel": "whatsapp"}).data
    assert (changed["id"], changed["format_national"], changed["region_code"]) == (contact["id"], "07700 900456", "GB")
    assert (changed["opt_out"], changed["default_channel"]) == (True, "whatsapp")
    assert changed["updated_at"] is not None
    assert create(http, str(contact["phone_number"]))["opt_out"] is False


def test_a_billing_key_reads_and_does_not_write(server: Server, fresh_account: Account) -> None:
    contact = create(fresh_account.http)
    http = server.client(server.create_key(fresh_account.customer_id, role="billing"))
    assert http.get(f"/v3/contacts/{contact['id']}").status == 200
    assert http.delete(f"/v3/contacts/{contact['id']}", {}).code == "AUTH_004"
    assert http.patch(f"/v3/contacts/{contact['id']}", {"opt_out": True}).code == "AUTH_004"
