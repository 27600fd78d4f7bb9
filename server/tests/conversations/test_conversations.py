"""Conversations: the messages of one contact in both directions, and all of them."""

from typing import Any

import pytest

from harness import samples
from harness.client import Client
from harness.messages import wait_for_end
from harness.server import Account, Server
from messages.listing import receive, send, template_of

EVERY = "/v3/conversations"


def shown(http: Client, path: str = EVERY, **query: Any) -> list[str]:
    answer = http.get(path, query={"page_size": 100, **query})
    assert answer.status == 200, answer.body
    return [row["id"] for row in answer.data["messages"]]


def contact_of(http: Client, phone: str) -> str:
    return str(http.get("/v3/contacts", query={"phone": phone}).data["contacts"][0]["id"])


@pytest.mark.parametrize("path", [EVERY, f"{EVERY}/{samples.UNKNOWN_ID}"])
def test_without_a_key_nothing_is_shown(server: Server, path: str) -> None:
    answer = server.anonymous().get(path)
    assert (answer.status, answer.code) == (401, "AUTH_001")


def test_another_account_does_not_see_a_conversation(server: Server, fresh_account: Account) -> None:
    http, phone = fresh_account.http, samples.phone()
    send(http, template_of(http), phone)
    path = f"{EVERY}/{contact_of(http, phone)}"
    stranger = server.create_account().http
    body = {"name": "Apart", "billing_model": "organization", "inherit_contacts": False}
    profile_id = str(http.post("/v3/profiles", body).data["id"])
    for other in (stranger, server.client(fresh_account.api_key, x_profile_id=profile_id)):
        answer = other.get(path)
        assert (answer.status, answer.code) == (404, "RESOURCE_001")
        assert shown(other) == []


def test_a_conversation_has_both_directions_newest_first(fresh_account: Account) -> None:
    http, anna, ben = fresh_account.http, samples.phone(), samples.phone()
    template_id = template_of(http)
    first = send(http, template_id, anna)
    of_ben = send(http, template_id, ben)
    written = receive(http, anna)
    second = send(http, template_id, anna)
    with_anna = [*second, written["id"], *first]
    assert shown(http, f"{EVERY}/{written['conversation_id']}") == with_anna
    assert shown(http) == [*second, written["id"], *of_ben, *first]
    assert shown(http, f"{EVERY}/{contact_of(http, ben).upper()}") == of_ben
    rows = http.get(f"{EVERY}/{written['conversation_id']}").data["messages"]
    assert [row["direction"] for row in rows] == ["outbound", "inbound", "outbound"]
    assert all(row["events"] is None for row in rows)
    assert rows[1] == written


def test_a_keyword_and_our_reply_to_it_belong_to_the_conversation(fresh_account: Account) -> None:
    http, phone = fresh_account.http, samples.phone()
    receive(http, phone, "HELP")
    rows = http.get(f"{EVERY}/{contact_of(http, phone)}").data["messages"]
    assert [row["direction"] for row in rows] == ["outbound", "inbound"]
    assert rows[0]["template_id"] is None
    assert rows[0]["message_body"]["content"]


def test_a_contact_without_messages_has_an_empty_conversation(http: Client) -> None:
    contact_id = http.post("/v3/contacts", {"phone_number": samples.phone()}).data["id"]
    data = http.get(f"{EVERY}/{contact_id}").data
    assert (data["messages"], data["pagination"]["total_count"], data["pagination"]["has_more"]) == ([], 0, False)


def test_a_conversation_outlives_its_contact(fresh_account: Account) -> None:
    http, phone = fresh_account.http, samples.phone()
    sent = send(http, template_of(http), phone)
    contact_id = contact_of(http, phone)
    assert http.delete(f"/v3/contacts/{contact_id}", {}).status == 204
    assert shown(http, f"{EVERY}/{contact_id}") == sent
    assert shown(http, f"{EVERY}/{contact_id}", page=2) == []


def test_a_malformed_id_is_refused_in_the_documented_words(http: Client) -> None:
    answer = http.get(f"{EVERY}/+14155551234")
    assert (answer.status, answer.code) == (400, "VALIDATION_001")
    assert answer.error["message"] == "Invalid conversation ID format."


def test_a_profile_has_its_own_conversation_with_an_inherited_contact(server: Server, fresh_account: Account) -> None:
    http, phone = fresh_account.http, samples.phone()
    ours = send(http, template_of(http), phone)
    body = {"name": "Heir", "billing_model": "organization", "inherit_contacts": True}
    profile_id = str(http.post("/v3/profiles", body).data["id"])
    heir = server.client(fresh_account.api_key, x_profile_id=profile_id)
    path = f"{EVERY}/{contact_of(http, phone)}"
    assert shown(heir, path) == []
    theirs = send(heir, template_of(heir), phone)
    assert (shown(heir, path), shown(http, path)) == (theirs, ours)


class TestSummary:
    def summary(self, http: Client, contact_id: str) -> dict[str, Any]:
        answer = http.get(f"/v3/contacts/{contact_id}/message-summary")
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.data
        return found

    def test_without_a_key_nothing_is_shown(self, server: Server) -> None:
        answer = server.anonymous().get(f"/v3/contacts/{samples.UNKNOWN_ID}/message-summary")
        assert (answer.status, answer.code) == (401, "AUTH_001")

    def test_another_accounts_contact_is_unknown(self, tenant: Account, http: Client) -> None:
        contact_id = http.post("/v3/contacts", {"phone_number": samples.phone()}).data["id"]
        answer = tenant.http.get(f"/v3/contacts/{contact_id}/message-summary")
        assert (answer.status, answer.code) == (404, "RESOURCE_001")

    def test_a_malformed_id_is_refused_in_the_documented_words(self, http: Client) -> None:
        answer = http.get("/v3/contacts/anna/message-summary")
        assert (answer.status, answer.code) == (400, "VALIDATION_001")
        assert answer.error["message"] == "Invalid contact ID format."

    def test_a_contact_without_messages_has_nothing_to_sum_up(self, http: Client) -> None:
        contact_id = http.post("/v3/contacts", {"phone_number": samples.phone()}).data["id"]
        assert self.summary(http, contact_id) == {
            "contact_id": contact_id,
            "message_count": 0,
            "first_message_at": None,
            "last_message_at": None,
            "channels_used": [],
            "channel_scores": [],
        }

    def test_it_counts_both_directions_by_channel_in_the_order_of_first_use(self, fresh_account: Account) -> None:
        http = fresh_account.http
        phone = samples.phone()
        template_id = template_of(http)
        written = receive(http, phone, channel="whatsapp")
        sent = [message_id for _ in range(2) for message_id in send(http, template_id, phone)]
        wait_for_end(http, sent)
        rows = http.get(f"{EVERY}/{written['contact_id']}").data["messages"]
        assert self.summary(http, written["contact_id"]) == {
            "contact_id": written["contact_id"],
            "message_count": 3,
            "first_message_at": rows[-1]["created_at"],
            "last_message_at": rows[0]["created_at"],
            "channels_used": ["whatsapp", "sms"],
            "channel_scores": [
                {"channel": "whatsapp", "success_score": 100, "fail_score": 0},
                {"channel": "sms", "success_score": 100, "fail_score": 0},
            ],
        }

    def test_failures_count_against_a_channel(self, fresh_account: Account) -> None:
        http, phone = fresh_account.http, samples.magic_phone("03")
        wait_for_end(http, send(http, template_of(http), phone))
        [score] = self.summary(http, contact_of(http, phone))["channel_scores"]
        assert score == {"channel": "sms", "success_score": 0, "fail_score": 100}
