"""Acting as a profile, by the organization's key and x-profile-id or by a key of its own: one and the same customer."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness import samples
from harness.client import Client
from harness.receiver import Receiver
from harness.server import Account, Server
from harness.waiting import equal_to, wait_for

WABA = {"waba_id": "123", "access_token": "EAAB"}


class Acting:
    """A profile whose organization pays; `scoped` and `own` act as it."""

    def __init__(self, server: Server, organization: Account, **values: Any) -> None:
        made = organization.http.post("/v3/profiles", {"name": "Acting", "billing_model": "organization", **values})
        assert made.status == 201, made.body
        self.id = str(made.data["id"])
        self.scoped = server.client(organization.api_key, x_profile_id=self.id)
        self.own = server.client(server.create_key(organization.customer_id, profile=self.id))


@pytest.fixture
def acting(server: Server, fresh_account: Account) -> Acting:
    return Acting(server, fresh_account)


def send(http: Client, template: str, channel: str = "sms", **options: Any) -> Any:
    body = {"to": [samples.phone()], "template": {"id": template}, "channel": [channel]}
    return http.post("/v3/messages", body, **options)


def template_of(http: Client, *, approved: bool = False) -> str:
    made = http.post("/v3/templates", samples.template(submit_for_review=approved)).data["id"]
    if approved:
        wait_for(
            lambda: http.get(f"/v3/templates/{made}").data["status"],
            20,
            until=equal_to("APPROVED"),
            what="the reviewer",
        )
    return str(made)


def test_what_one_of_its_keys_makes_the_other_sees_and_the_organization_does_not(
    fresh_account: Account, acting: Acting
) -> None:
    for path, body in (("contacts", {"phone_number": samples.phone()}), ("webhooks", samples.webhook())):
        made = acting.scoped.post(f"/v3/{path}", body)
        assert (made.status, made.headers["x-profile-id"]) == (201, acting.id)
        row = f"/v3/{path}/{made.data['id']}"
        seen = acting.own.get(row)
        assert (seen.status, "x-profile-id" in seen.headers) == (200, False)
        assert fresh_account.http.get(row).status == 404
        assert acting.own.delete(row, {}).status == 204
        assert acting.scoped.get(row).status == 404


def test_the_header_takes_an_id_in_any_case_and_answers_in_the_usual_one(
    server: Server, fresh_account: Account, acting: Acting
) -> None:
    answer = server.client(fresh_account.api_key, x_profile_id=acting.id.upper()).get("/v3/me")
    assert (answer.status, answer.data["id"], answer.headers["x-profile-id"]) == (200, acting.id, acting.id)


def test_the_header_is_echoed_on_refusals_too(acting: Acting) -> None:
    for answer in (acting.scoped.post("/v3/contacts", {}), acting.scoped.get(f"/v3/contacts/{samples.UNKNOWN_ID}")):
        assert answer.status in (400, 404)
        assert answer.headers["x-profile-id"] == acting.id


def test_all_that_act_in_an_organization_share_its_window(server: Server) -> None:
    organization = server.create_account(tier="starter")
    acting = Acting(server, organization)
    callers = [organization.http, acting.scoped, acting.own]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda number: send(callers[number % 3], samples.UNKNOWN_ID), range(75)))
    assert sorted(answer.status for answer in answers) == [404] * 60 + [429] * 15
    assert acting.scoped.get("/v3/me").status == 200, "another class has a window of its own"


def test_an_idempotency_key_belongs_to_whom_one_acts_as(fresh_account: Account, acting: Acting) -> None:
    key, body = samples.key(), {"phone_number": samples.phone()}
    made = {name: http.post("/v3/contacts", body, idempotency_key=key) for name, http in (
        ("organization", fresh_account.http), ("scoped", acting.scoped), ("own", acting.own),
    )}  # fmt: skip
    assert [answer.status for answer in made.values()] == [201, 201, 201]
    assert made["organization"].data["id"] != made["scoped"].data["id"]
    assert made["own"].data == made["scoped"].data
    assert made["own"].headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in made["scoped"].headers


def test_a_profiles_webhooks_hear_of_its_messages_and_nobody_elses_do(
    fresh_account: Account, acting: Acting, receiver: Receiver
) -> None:
    template = template_of(fresh_account.http)
    for http, path in ((fresh_account.http, "/organization"), (acting.scoped, "/profile")):
        assert http.post("/v3/webhooks", samples.webhook(receiver.url(path), "message.delivered")).status == 201
    sent = {
        path: send(http, template) for http, path in ((acting.own, "/profile"), (fresh_account.http, "/organization"))
    }
    for path, answer in sent.items():
        (delivery,) = receiver.wait(1, 20, path=path)
        assert delivery.json["payload"]["message_id"] == answer.data["recipients"][0]["message_id"]
    assert receiver.on("/profile")[0].json["payload"]["account_id"] == acting.id
    assert len(receiver.deliveries) == 2


def test_a_profile_writes_from_its_organizations_numbers_except_where_it_has_its_own(
    server: Server, fresh_account: Account
) -> None:
    acting = Acting(server, fresh_account, whatsapp_business_account=WABA)
    channels, theirs = acting.own.get("/v3/me").data["channels"], fresh_account.http.get("/v3/me").data["channels"]
    assert channels["sms"] == theirs["sms"]
    assert channels["whatsapp"]["configured"] is True
    assert channels["whatsapp"]["phone_number"] != theirs["whatsapp"]["phone_number"]
    template = template_of(fresh_account.http, approved=True)
    for channel in ("sms", "whatsapp"):
        phone = samples.phone()
        body = {"to": [phone], "template": {"id": template}, "channel": [channel]}
        assert acting.scoped.post("/v3/messages", body).status == 202
        path = f"/sim/phones/{phone}/messages"
        messages = wait_for(lambda path=path: acting.scoped.get(path).data["messages"], 20, what="the handset")
        assert (messages[0]["sender"], messages[0]["channel"]) == (channels[channel]["phone_number"], channel)


def test_an_answer_to_a_shared_number_is_the_organizations(fresh_account: Account, acting: Acting) -> None:
    phone = samples.phone()
    said = fresh_account.http.post(f"/sim/phones/{phone}/messages", {"channel": "sms", "text": "STOP"})
    assert said.status == 202
    contacts = wait_for(
        lambda: fresh_account.http.get("/v3/contacts", query={"search": phone[1:]}).data["contacts"], 20, what="STOP"
    )
    assert contacts[0]["opt_out"] is True
    refused = acting.own.post("/v3/messages", {
        "to": [phone], "template": {"id": template_of(fresh_account.http)}, "channel": ["sms"],
    })  # fmt: skip
    assert (refused.status, refused.code) == (422, "BUSINESS_004")


def test_a_persons_key_acts_as_a_profile_with_that_persons_role(server: Server, fresh_account: Account) -> None:
    acting = Acting(server, fresh_account)
    customer_id = fresh_account.customer_id
    invited = server.ask("users invite", customer_id=customer_id, **samples.user("billing"))
    token = {"token": invited["link"].rpartition("/")[2]}
    assert server.anonymous().post("/v3/users/invitations/accept", token).status == 200
    key = server.ask("keys create", customer_id=customer_id, user_id=invited["id"])["api_key"]
    scoped = server.client(key, x_profile_id=acting.id)
    assert scoped.get("/v3/me").data["id"] == acting.id
    assert scoped.post("/v3/contacts", {"phone_number": samples.phone()}).code == "AUTH_004"
    server.ask("users suspend", customer_id=customer_id, user_id=invited["id"])
    assert scoped.get("/v3/me").code == "AUTH_002"
