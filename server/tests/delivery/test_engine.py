"""What becomes of messages: fallback, money, consent, refusals. Over HTTP, with the simulated network as the world."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from delivery import invariants
from harness import samples
from harness.client import Client
from harness.messages import wait_for_end
from harness.server import Account, Server
from harness.waiting import equal_to, wait_for

ENDED = ("DELIVERED", "READ", "FAILED")
SMS_MICROS, WHATSAPP_UTILITY_MICROS = 8_300, 4_000


def new_template(http: Client, text: str = "Hello from the engine.", *names: str, approved: bool = True) -> str:
    made = http.post("/v3/templates", samples.template(text, *names, submit_for_review=approved))
    template_id = made.data["id"]
    if approved:
        wait_for(lambda: http.get(f"/v3/templates/{template_id}").data["status"], 10, until=equal_to("APPROVED"))
    return template_id


def send(http: Client, template_id: str, phones: list[str], **more: Any) -> list[str]:
    parameters = more.pop("parameters", {})
    body = {"to": phones, "template": {"id": template_id, "parameters": parameters}, **more}
    answer = http.post("/v3/messages", body)
    assert answer.status == 202, answer.body
    return [recipient["message_id"] for recipient in answer.data["recipients"]]


def ended(http: Client, message_id: str, timeout_s: float = 20) -> dict[str, Any]:
    return wait_for_end(http, [message_id], timeout_s=timeout_s)[0]


def history_of(http: Client, message_id: str) -> list[tuple[str, str]]:
    return [(e["status"], e["description"]) for e in http.get(f"/v3/messages/{message_id}").data["events"]]


def balance(http: Client) -> tuple[float, float]:
    shown = http.get("/v3/me").data["balance"]
    return shown["available"], shown["held"]


def spent(http: Client, before: tuple[float, float]) -> int:
    """Micros between then and now, once nothing is held any more."""
    wait_for(lambda: balance(http)[1], 10, until=equal_to(0), what="all holds to be settled")
    return round((before[0] - balance(http)[0]) * 1_000_000)


def dial(http: Client, channel: str, kind: str) -> None:
    """From now on every submit on this channel goes wrong in this way."""
    fault = {"channel": channel, "kind": kind, "probability": 1, "error_code": "30007"}
    assert http.put("/sim/faults", {"faults": [fault]}).status == 200


def test_automatic_choice_takes_whatsapp_and_charges_its_price_once(fresh_account: Account) -> None:
    http = fresh_account.http
    template_id, before = new_template(http), balance(http)
    message = ended(http, send(http, template_id, [samples.phone()])[0])
    assert (message["channel"], message["price"]) == ("whatsapp", 0.004)
    assert spent(http, before) == WHATSAPP_UTILITY_MICROS


def test_the_dearest_leg_is_held_until_the_message_is_sent(fresh_account: Account) -> None:
    http = fresh_account.http
    template_id = new_template(http)
    dial(http, "whatsapp", "later")
    before = balance(http)
    send(http, template_id, [samples.phone()])
    assert balance(http)[1] == pytest.approx(SMS_MICROS / 1_000_000)
    assert balance(http)[0] == pytest.approx(before[0] - SMS_MICROS / 1_000_000)


def test_a_rejected_channel_falls_back_and_only_the_used_one_is_charged(fresh_account: Account) -> None:
    http = fresh_account.http
    template_id = new_template(http)
    dial(http, "whatsapp", "rejected")
    before = balance(http)
    message = ended(http, send(http, template_id, [samples.phone()])[0])
    assert (message["status"], message["channel"], message["price"]) == ("DELIVERED", "sms", 0.0083)
    assert spent(http, before) == SMS_MICROS


def test_silence_falls_back_and_the_leg_that_arrived_is_charged(fresh_account: Account) -> None:
    http = fresh_account.http
    template_id, before = new_template(http), balance(http)
    message_id = send(http, template_id, ["+12125550102"])[0]
    message = ended(http, message_id, 40)
    assert (message["status"], message["channel"], message["price"]) == ("DELIVERED", "sms", 0.0083)
    assert [status for status, _ in history_of(http, message_id)] == [
        "QUEUED", "PROCESSED", "ROUTED", "SENT", "ROUTED", "SENT", "DELIVERED",
    ]  # fmt: skip
    assert spent(http, before) == SMS_MICROS


def test_a_message_that_no_carrier_takes_fails_and_costs_nothing(fresh_account: Account) -> None:
    http = fresh_account.http
    template_id, before = new_template(http), balance(http)
    message_id = send(http, template_id, ["+12125550104"])[0]
    assert ended(http, message_id)["status"] == "FAILED"
    assert spent(http, before) == 0


def test_a_lost_answer_is_asked_for_again_and_sent_once(fresh_account: Account) -> None:
    http = fresh_account.http
    template_id, phone = new_template(http), "+12125550110"
    message_id = send(http, template_id, [phone], channel=["sms"])[0]
    assert ended(http, message_id)["status"] == "DELIVERED"
    received = http.get(f"/sim/phones/{phone}/messages").data["messages"]
    assert [message["message_id"] for message in received] == [message_id]


def test_a_broadcast_makes_a_message_per_recipient_and_channel(fresh_account: Account) -> None:
    http = fresh_account.http
    phones = [samples.phone(), samples.phone()]
    template_id = new_template(http)
    answer = http.post(
        "/v3/messages", {"to": [*phones, phones[0]], "template": {"id": template_id}, "channel": ["sms", "whatsapp"]}
    )
    pairs = [(recipient["to"], recipient["channel"]) for recipient in answer.data["recipients"]]
    assert pairs == [(phone, channel) for phone in phones for channel in ("sms", "whatsapp")]
    assert all(recipient["body"] == "Hello from the engine." for recipient in answer.data["recipients"])
    assert all(message["price"] for message in answer.data["messages"])


def test_sms_is_charged_by_the_segment(fresh_account: Account) -> None:
    http = fresh_account.http
    template_id, before = new_template(http, "Ж" * 71, approved=False), balance(http)
    ended(http, send(http, template_id, [samples.phone()], channel=["sms"])[0])
    assert spent(http, before) == 2 * SMS_MICROS


def test_parameters_fill_the_text_and_missing_ones_fail_only_the_message(fresh_account: Account) -> None:
    http = fresh_account.http
    template_id, before = new_template(http, "Hi {{0:variable}}!", "name"), balance(http)
    good, bad = (
        send(http, template_id, [samples.phone()], channel=["sms"], parameters=given)[0]
        for given in ({"name": "Ada", "unknown": "x"}, {})
    )
    assert ended(http, good)["message_body"]["content"] == "Hi Ada!"
    assert ended(http, bad)["status"] == "FAILED"
    assert history_of(http, bad)[-1][1].startswith("ERR_TEMPLATE_PARAMS_INVALID: 'name' is missing")
    assert spent(http, before) == SMS_MICROS


def test_one_opted_out_recipient_fails_alone_and_all_of_them_refuse_the_request(fresh_account: Account) -> None:
    http = fresh_account.http
    template_id, silent, willing = new_template(http), samples.phone(), samples.phone()
    contact = http.post("/v3/contacts", {"phone_number": silent}).data
    http.patch(f"/v3/contacts/{contact['id']}", {"opt_out": True})
    before = balance(http)
    blocked, fine = send(http, template_id, [silent, willing])
    assert ended(http, blocked)["status"] == "FAILED"
    assert history_of(http, blocked)[-1][1].startswith("ERR_CONSENT_BLOCKED")
    assert ended(http, fine)["status"] in ("DELIVERED", "READ")
    refused = http.post("/v3/messages", {"to": [silent], "template": {"id": template_id}})
    assert (refused.status, refused.code) == (422, "BUSINESS_004")
    assert spent(http, before) == WHATSAPP_UTILITY_MICROS
    assert http.get(f"/sim/phones/{silent}/messages").data["messages"] == []


def test_consent_is_looked_at_again_when_a_delayed_message_goes_out(fresh_account: Account) -> None:
    http = fresh_account.http
    template_id, phone = new_template(http), samples.phone()
    dial(http, "sms", "later")
    message_id = send(http, template_id, [phone], channel=["sms"])[0]
    contact = http.get("/v3/contacts", query={"phone": phone}).data["contacts"][0]
    http.patch(f"/v3/contacts/{contact['id']}", {"opt_out": True})
    assert http.put("/sim/faults", {"faults": []}).status == 200
    assert ended(http, message_id)["status"] == "FAILED"
    assert history_of(http, message_id)[-1][1].startswith("ERR_CONSENT_BLOCKED")


def test_a_message_that_was_put_off_is_the_same_attempt_to_a_carrier_that_takes_keys(
    server: Server, fresh_account: Account
) -> None:
    http = fresh_account.http
    message_id = send(http, new_template(http), ["+12125550111"], channel=["sms"])[0]
    assert ended(http, message_id)["status"] == "DELIVERED"
    attempts = invariants.rows_of(server.database_url)(
        f"SELECT attempt, state FROM attempts WHERE message_id = '{message_id}'"
    )
    assert [tuple(row) for row in attempts] == [(1, "DELIVERED")]


def test_a_message_that_is_put_off_again_and_again_goes_by_the_next_channel(fresh_account: Account) -> None:
    http = fresh_account.http
    template_id = new_template(http)
    dial(http, "whatsapp", "later")
    message_id = send(http, template_id, [samples.phone()])[0]
    message = ended(http, message_id, 30)
    assert (message["status"], message["channel"]) == ("DELIVERED", "sms")


def test_a_stop_is_confirmed_once_and_survives_deleting_the_contact(fresh_account: Account) -> None:
    http = fresh_account.http
    template_id, phone = new_template(http), samples.phone()
    ended(http, send(http, template_id, [phone], channel=["sms"])[0])
    http.post(f"/sim/phones/{phone}/messages", {"channel": "sms", "text": " stop "})
    first = lambda: http.get("/v3/contacts", query={"phone": phone}).data["contacts"][0]  # noqa: E731
    wait_for(lambda: first()["opt_out"], 5)
    http.delete(f"/v3/contacts/{first()['id']}", {})
    assert http.post("/v3/contacts", {"phone_number": phone}).data["opt_out"] is True
    refused = http.post("/v3/messages", {"to": [phone], "template": {"id": template_id}})
    assert refused.code == "BUSINESS_004"
    for text in ("STOP", "START"):
        http.post(f"/sim/phones/{phone}/messages", {"channel": "sms", "text": text})
    wait_for(lambda: not first()["opt_out"], 5)
    texts = lambda: [m["text"] for m in http.get(f"/sim/phones/{phone}/messages").data["messages"]]  # noqa: E731
    wait_for(texts, 5, until=lambda shown: sum("subscribed again" in text for text in shown) == 1)
    assert sum("You are unsubscribed" in text for text in texts()) == 1


def test_too_little_balance_refuses_the_whole_request_and_takes_nothing(server: Any) -> None:
    http = server.create_account("Poor", balance="0.0100").http
    template_id = new_template(http)
    phones = [samples.phone(), samples.phone()]
    refused = http.post("/v3/messages", {"to": phones, "template": {"id": template_id}})
    assert (refused.status, refused.code) == (402, "BUSINESS_003")
    assert balance(http) == (0.01, 0)
    assert http.get("/v3/contacts").data["contacts"] == []
    assert ended(http, send(http, template_id, phones[:1])[0])["status"] in ("DELIVERED", "READ")


def test_sends_at_the_same_time_never_spend_more_than_there_is(server: Any) -> None:
    http = server.create_account("Nearly poor", balance="0.0400").http
    template_id = new_template(http, approved=False)
    body = {"template": {"id": template_id}, "channel": ["sms"]}
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: http.post("/v3/messages", {**body, "to": [samples.phone()]}), range(32)))
    codes = [answer.code if answer.status == 402 else answer.status for answer in answers]
    assert sorted(codes, key=str) == [202] * 4 + ["BUSINESS_003"] * 28
    for answer in answers:
        if answer.status == 202:
            assert ended(http, answer.data["recipients"][0]["message_id"])["status"] == "DELIVERED"
    assert balance(http) == (0.0068, 0)


@pytest.mark.parametrize(
    ("channel", "approved", "code"), [("whatsapp", False, "BUSINESS_005"), ("rcs", True, "BUSINESS_007")]
)
def test_a_channel_that_can_go_for_nobody_refuses_the_request(
    fresh_account: Account, channel: str, approved: bool, code: str
) -> None:
    http = fresh_account.http
    template_id = new_template(http, approved=approved)
    refused = http.post(
        "/v3/messages", {"to": [samples.phone()], "template": {"id": template_id}, "channel": [channel]}
    )
    assert (refused.status, refused.code) == (422, code)


def test_a_callback_address_is_told_of_its_own_message(fresh_account: Account, receiver: Any) -> None:
    http = fresh_account.http
    message_id = send(http, new_template(http), [samples.phone()], callback_url=receiver.url("/callback"))[0]
    ended(http, message_id)
    told = lambda: {d.json["payload"]["message_status"] for d in receiver.on("/callback")}  # noqa: E731
    wait_for(told, 10, until=lambda statuses: statuses >= {"QUEUED", "ROUTED", "SENT", "DELIVERED"})
    assert {delivery.json["payload"]["message_id"] for delivery in receiver.on("/callback")} == {message_id}
