"""GET /v3/messages: the rows, the filters, and what is refused."""

import pytest

from harness import samples
from harness.client import Client
from harness.messages import wait_for_end
from harness.server import Account, Server
from messages.listing import PATH, ids_of, listed, receive, send, template_of


def test_without_a_key_nothing_is_listed(server: Server) -> None:
    answer = server.anonymous().get(PATH)
    assert (answer.status, answer.code) == (401, "AUTH_001")


def test_an_account_lists_its_own_messages_and_nobody_elses(server: Server, fresh_account: Account) -> None:
    http = fresh_account.http
    profile = server.create_profile(fresh_account.customer_id)
    mine = send(http, template_of(http))
    of_profile = send(profile.http, template_of(profile.http))
    assert (ids_of(http), ids_of(profile.http)) == (mine, of_profile)
    acting = server.client(fresh_account.api_key, x_profile_id=profile.customer_id)
    assert ids_of(acting) == of_profile
    assert ids_of(server.create_account().http) == []


def test_a_row_is_the_message_without_its_events(fresh_account: Account) -> None:
    http = fresh_account.http
    sent = send(http, template_of(http), samples.phone(), samples.magic_phone("03"))
    wait_for_end(http, sent)
    rows = listed(http)
    assert [row["id"] for row in rows] == sent[::-1]
    for row in rows:
        assert row == {**http.get(f"{PATH}/{row['id']}").data, "events": None}
    assert {row["status"] for row in rows} == {"DELIVERED", "FAILED"}


def test_what_people_write_is_listed_between_our_messages(fresh_account: Account) -> None:
    http, phone = fresh_account.http, samples.phone()
    first = send(http, template_of(http), phone)
    written = receive(http, phone, "Where is it?\n\U0001f4e6")
    assert ids_of(http) == [written["id"], *first]
    shown = http.get(f"{PATH}/{written['id']}").data
    assert written == {**shown, "events": None}
    assert (shown["direction"], shown["status"], shown["phone"]) == ("inbound", "RECEIVED", phone)
    assert shown["message_body"]["content"] == "Where is it?\n\U0001f4e6"
    for name in ("template_id", "template_name", "template_category", "price", "active_contact_price"):
        assert shown[name] is None
    ours = listed(http)[1]
    assert (ours["direction"], ours["conversation_id"]) == ("outbound", ours["contact_id"])
    assert written["conversation_id"] == ours["conversation_id"]
    activities = http.get(f"{PATH}/{written['id']}/activities").data
    assert [activity["status"] for activity in activities["activities"]] == ["RECEIVED"]
    assert (activities["pagination"]["total_count"], activities["pagination"]["has_more"]) == (1, False)


def test_each_filter_alone_and_several_together(fresh_account: Account) -> None:
    http = fresh_account.http
    hello, bye = template_of(http, "Hello."), template_of(http, "Bye.")
    anna, ben, nobody = samples.phone(), samples.phone(), samples.magic_phone("03")
    first, failed = send(http, hello, anna), send(http, hello, nobody)
    second = send(http, bye, anna, ben)
    wait_for_end(http, [*first, *failed, *second])
    written = [receive(http, ben)["id"]]
    everything = ids_of(http)
    contact_id = listed(http, phone=anna)[0]["contact_id"]
    assert ids_of(http, status="FAILED") == failed
    assert ids_of(http, status="failed, Received") == [*written, *failed]
    assert ids_of(http, status="delivered,,read") == [*second[::-1], *first]
    assert ids_of(http, status="pending") == []
    assert ids_of(http, channel="sms") == everything
    assert ids_of(http, channel="WhatsApp") == []
    assert ids_of(http, direction="inbound") == written
    assert ids_of(http, direction="outbound") == [*second[::-1], *failed, *first]
    assert ids_of(http, contact_id=contact_id) == [second[0], *first]
    assert ids_of(http, contact_id=samples.UNKNOWN_ID) == []
    assert ids_of(http, template_id=hello) == [*failed, *first]
    assert ids_of(http, template_id=samples.UNKNOWN_ID) == []
    assert ids_of(http, template_id=bye, phone=ben, direction="outbound", status="delivered") == [second[1]]
    assert ids_of(http, phone=ben, contact_id=contact_id) == []
    answer = http.get(PATH, query={"status": "delivered", "page_size": 2}).data["pagination"]
    assert (answer["total_count"], answer["total_pages"], answer["has_more"]) == (3, 2, True)
    assert ids_of(http, colour="blue", search="Hello", sort="asc") == everything


def test_times_bound_the_list(fresh_account: Account) -> None:
    http = fresh_account.http
    template_id = template_of(http)
    rows = [http.get(f"{PATH}/{send(http, template_id)[0]}").data for _ in range(3)]
    middle = rows[1]["created_at"]
    expected = [row["id"] for row in reversed(rows)]
    assert ids_of(http, created_after=middle) == expected[: ids_of(http).index(rows[1]["id"]) + 1]
    assert set(ids_of(http, created_before=middle)) == {row["id"] for row in rows if row["created_at"] < middle}
    assert ids_of(http, created_after="2020-01-01T00:00:00Z", created_before="2020-01-02T00:00:00+05:30") == []
    # A plus that was not escaped arrives as a blank.
    unescaped = http.get(f"{PATH}?created_after={middle}").data["messages"]
    assert [row["id"] for row in unescaped] == ids_of(http, created_after=middle)


@pytest.mark.parametrize(
    "spelling",
    ["+525587654321", "525587654321", " 525587654321", "+52 1 55 8765 4321", "+52 (55) 8765-4321", "00525587654321"],
)
def test_a_number_is_found_in_any_spelling(fresh_account: Account, spelling: str) -> None:
    http = fresh_account.http
    template_id = template_of(http)
    sent = send(http, template_id, "+5215587654321")
    send(http, template_id)
    assert ids_of(http, phone=spelling) == sent


def test_a_number_of_no_contact_any_more_is_searched_in_the_messages(fresh_account: Account) -> None:
    http, phone = fresh_account.http, samples.phone()
    template_id = template_of(http)
    sent = send(http, template_id, phone)
    send(http, template_id)
    contact_id = listed(http, phone=phone)[0]["contact_id"]
    assert http.delete(f"/v3/contacts/{contact_id}", {}).status == 204
    assert ids_of(http, phone=phone) == ids_of(http, contact_id=contact_id) == sent
    assert ids_of(http, phone=samples.phone()) == []


def test_an_inherited_contact_is_found_by_its_number(server: Server, fresh_account: Account) -> None:
    phone = samples.phone()
    contact = fresh_account.http.post("/v3/contacts", {"phone_number": phone}).data
    body = {"name": "Heir", "billing_model": "organization", "inherit_contacts": True}
    profile_id = str(fresh_account.http.post("/v3/profiles", body).data["id"])
    heir = server.client(fresh_account.api_key, x_profile_id=profile_id)
    sent = send(heir, template_of(heir), phone)
    [row] = listed(heir, phone=phone)
    assert ([row["id"]], row["contact_id"]) == (sent, contact["id"])
    assert ids_of(fresh_account.http, phone=phone) == []


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("status", "SOON", "VALIDATION_006"),
        ("status", "delivered,soon", "VALIDATION_006"),
        ("channel", "email", "VALIDATION_006"),
        ("channel", "sent", "VALIDATION_006"),
        ("direction", "both", "VALIDATION_006"),
        ("contact_id", "42", "VALIDATION_001"),
        ("template_id", "welcome", "VALIDATION_001"),
        ("phone", "four", "VALIDATION_001"),
        ("phone", "123", "VALIDATION_001"),
        ("phone", "+1 415 555 0100 ext. 7", "VALIDATION_001"),
        ("created_after", "2026-01-01", "VALIDATION_001"),
        ("created_after", "2026-01-01T00:00:00", "VALIDATION_001"),
        ("created_before", "1767225600", "VALIDATION_001"),
        ("created_before", "yesterday", "VALIDATION_001"),
        ("page", "0", "VALIDATION_005"),
        ("page_size", "101", "VALIDATION_001"),
        ("after", "WzIsICIwMTk5Il0", "VALIDATION_001"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_by_name(http: Client, name: str, value: str, code: str) -> None:
    answer = http.get(PATH, query={name: value})
    assert (answer.status, answer.code, list(answer.details)) == (400, code, [name])


def test_an_empty_filter_is_absent(fresh_account: Account) -> None:
    http = fresh_account.http
    sent = send(http, template_of(http))
    names = ("status", "channel", "direction", "contact_id", "phone", "template_id", "created_after", "created_before")
    assert ids_of(http, **dict.fromkeys(names, ""), page="", after="", before="", limit="") == sent
    assert ids_of(http, status=" , ") == sent
