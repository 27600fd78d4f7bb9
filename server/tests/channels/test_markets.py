"""Markets over HTTP: what may be ordered, how it becomes a sender, and who sees it."""

from typing import Any

import pytest

from harness import samples
from harness.client import Client
from harness.receiver import Receiver
from harness.server import Account, Server
from harness.waiting import equal_to, wait_for

SMS = "/v3/channels/sms"
INHERITS = {"brand": {"inherit": True}, "campaign": {"inherit": True}}
OWN = {"brand": {"legal_name": "Acme Inc"}, "campaign": {"messageFlow": "Form on the site"}}
GB: dict[str, Any] = samples.market()
NUMBERS = {"country": "US", "number_type": "TOLL_FREE", "numbers": [{"phone_number": "+18885550123"}]}
AGENT = samples.rcs_agent()


def bare(server: Server, name: str = "Bare") -> Account:
    """An organization without channels."""
    made = server.ask("accounts create", name=name, channels=False)
    customer_id = made["customer_id"]
    server.ask("accounts top-up", customer_id=customer_id, amount="10")
    return server.account(customer_id, server.create_key(customer_id))


def becomes(http: Client, path: str, state: str = "ACTIVE") -> Any:
    wait_for(lambda: http.get(path).data["status"], 20, until=equal_to(state), what=f"{path} to be {state}")
    return http.get(path).data


def test_the_number_so_far_is_a_market(fresh_account: Account) -> None:
    http = fresh_account.http
    number = http.get("/v3/me").data["channels"]["sms"]["phone_number"]
    market = {
        "country": "US", "number_type": "TEN_DLC", "sender_value": number, "status": "ACTIVE", "compliance": None,
    }  # fmt: skip
    assert http.get(SMS).data == [market]
    assert http.get(f"{SMS}/us/10dlc").data == market
    shown = http.get("/v3/channels").data
    assert shown["customer_id"] == fresh_account.customer_id
    assert (shown["sms"], shown["mms"]) == ([market], [{k: v for k, v in market.items() if k != "compliance"}])
    assert shown["whatsapp"]["status"] == shown["rcs"]["status"] == "ACTIVE"
    assert shown["rcs"]["phone_number"] == number
    assert http.post(SMS, {"country": "US", "number_type": "TEN_DLC", "compliance": INHERITS}).code == "RESOURCE_007"


def test_a_new_market_becomes_a_sender_that_recipients_of_its_country_see(
    fresh_account: Account, receiver: Receiver
) -> None:
    http = fresh_account.http
    http.post("/v3/webhooks", samples.webhook(receiver.url(), "channel"))
    made = http.post(SMS, GB)
    assert made.status == 201
    assert made.data == {**GB, "status": "PENDING_REVIEW", "compliance": None}
    assert http.post(SMS, GB).code == "RESOURCE_007"
    becomes(http, f"{SMS}/GB/ALPHANUMERIC")
    submitted, activated = (
        one.json for one in sorted(receiver.wait(2), key=lambda one: one.json["event"] != "channel.submitted")
    )
    for body, event, state in (
        (submitted, "channel.submitted", "PENDING_REVIEW"),
        (activated, "channel.activated", "ACTIVE"),
    ):
        assert (body["field"], body["event"], body["sub_type"]) == ("channel", event, event)
        payload = dict(body["payload"])
        assert payload.pop("updated_at").endswith("Z")
        assert payload == {
            "account_id": fresh_account.customer_id, "channel": "sms", "country": "GB", "number_type": "ALPHANUMERIC",
            "sender_value": "ACME", "status": state, "compliance": None,
        }  # fmt: skip
    default = http.get("/v3/me").data["channels"]["sms"]["phone_number"]
    template = http.post("/v3/templates", samples.template()).data["id"]
    for number, sender in (("+447400123456", "ACME"), (samples.phone(), default)):
        sent = http.post("/v3/messages", {"to": [number], "template": {"id": template}, "channel": ["sms"]})
        assert sent.status == 202
        inbox = wait_for(lambda n=number: http.get(f"/sim/phones/{n}/messages").data["messages"], 20)
        assert [one["sender"] for one in inbox] == [sender]


def test_a_number_of_a_market_receives_messages(server: Server) -> None:
    http = bare(server).http
    assert http.get(SMS).data == []
    assert http.get("/v3/channels").data["whatsapp"] is None
    made = http.post(SMS, {"country": "us", "number_type": "10DLC", "compliance": OWN, "area_codes": ["415"]})
    assert made.data["compliance"] == {
        "brand": {"inherit": False, "legalName": "Acme Inc"},
        "campaign": {"inherit": False, "messageFlow": "Form on the site"},
        "documents": [],
    }
    number = becomes(http, f"{SMS}/US/TEN_DLC")["sender_value"]
    assert number.startswith("+1415555")
    assert http.get("/v3/me").data["channels"]["sms"] == {"configured": True, "phone_number": number}
    handset = samples.phone()
    assert http.post(f"/sim/phones/{handset}/messages", {"channel": "sms", "text": "Hi", "to": number}).status < 300
    wait_for(lambda: http.get("/v3/contacts", query={"phone": handset}).status, 20, until=equal_to(200))


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "VALIDATION_004", "country"),
        ({"country": "GB"}, "VALIDATION_004", "number_type"),
        ({**GB, "sender_value": ""}, "VALIDATION_004", "sender_value"),
        ({**GB, "country": "XX"}, "VALIDATION_001", "country"),
        ({**GB, "country": "ＵＳ"}, "VALIDATION_001", "country"),
        ({**GB, "country": 7}, "VALIDATION_001", "country"),
        ({**GB, "number_type": "PIGEON"}, "VALIDATION_006", "number_type"),
        ({**GB, "number_type": None}, "VALIDATION_004", "number_type"),
        ({**GB, "country": "US"}, "VALIDATION_001", "number_type"),
        ({**GB, "number_type": "TEN_DLC"}, "VALIDATION_001", "number_type"),
        ({**GB, "sender_value": "12345"}, "VALIDATION_001", "sender_value"),
        ({**GB, "sender_value": "Ä" * 5}, "VALIDATION_001", "sender_value"),
        ({**GB, "sender_value": "ACME" * 3}, "VALIDATION_001", "sender_value"),
        ({"country": "GB", "number_type": "MOBILE", "sender_value": "07400"}, "VALIDATION_001", "sender_value"),
        ({"country": "GB", "number_type": "MOBILE", "sender_value": "+14155550100"}, "VALIDATION_001", "sender_value"),
        ({"country": "GB", "number_type": "SHORT_CODE", "sender_value": "12"}, "VALIDATION_001", "sender_value"),
        ({"country": "US", "number_type": "TOLL_FREE", "area_codes": ["x"]}, "VALIDATION_001", "area_codes[0]"),
        ({**NUMBERS, "area_codes": ["415"]}, "VALIDATION_001", "area_codes"),
        (NUMBERS, "VALIDATION_001", "numbers"),
        ({**GB, "compliance": {"documents": [{"key": "a"}]}}, "VALIDATION_001", "compliance.documents"),
        ({**GB, "compliance": {"brand": {"inherit": "yes"}}}, "VALIDATION_001", "compliance.brand"),
        ({**GB, "compliance": {"brand": {"a": [[[[[["deep"]]]]]]}}}, "VALIDATION_001", "compliance.brand"),
        ({**GB, "compliance": {"brand": {"a": "x" * 20_000}}}, "VALIDATION_001", "compliance.brand"),
        ({**GB, "compliance": {"brand": []}}, None, ""),
        ({**GB, "compliance": [], "area_codes": [], "numbers": []}, None, ""),
    ],
)  # fmt: skip
def test_what_cannot_be_ordered_is_refused_by_name(
    http: Client, body: dict[str, Any], code: str | None, field: str
) -> None:
    answer = http.post(SMS, {**body, "sandbox": True})
    assert answer.code == code, answer.body
    if code:
        assert field in answer.details
        assert answer.status == 400


def test_ten_dlc_asks_for_brand_and_campaign(server: Server) -> None:
    http = bare(server).http
    market = {"country": "US", "number_type": "TEN_DLC"}
    answer = http.post(SMS, market)
    assert (answer.code, set(answer.details)) == ("VALIDATION_004", {"compliance.brand", "compliance.campaign"})
    answer = http.post(SMS, {**market, "compliance": {"brand": {"website": "x"}, "campaign": {"inherit": True}}})
    assert set(answer.details) == {"compliance.brand.legal_name"}
    assert http.post(SMS, {**market, "compliance": INHERITS, "sandbox": True}).status == 201
    assert http.get(SMS).data == []  # a sandbox request orders nothing
    assert http.post(SMS, {**market, "compliance": INHERITS}).status == 201
    asked = http.get("/v3/compliance/requirements?country=us&type=10dlc").data
    assert asked["required"] is True
    assert {one["key"] for one in asked["requirements"] if one["required"]} >= {
        "compliance.brand", "compliance.campaign",
    }  # fmt: skip
    (setup,) = asked["setup"]
    assert (setup["method"], setup["path"]) == ("POST", SMS)
    assert set(setup["body"]["compliance"]) == {"brand", "campaign"}


def test_a_market_that_was_refused_is_submitted_again_when_it_changes(server: Server) -> None:
    http = bare(server).http
    given = {"brand": {"legalName": "REJECT_ME"}, "campaign": {"inherit": True}}
    http.post(SMS, {"country": "US", "number_type": "TEN_DLC", "compliance": given})
    path = f"{SMS}/US/TEN_DLC"
    refused = becomes(http, path, "ACTION_NEEDED")
    assert (refused["reason_code"], refused["sender_value"]) == ("BUSINESS_029", None)
    assert "REJECT_ME" in refused["reason"]
    wrong = http.patch(path, {"compliance": {"campaign": {"inherit": False}}})
    assert (wrong.code, set(wrong.details)) == ("VALIDATION_001", {"compliance.campaign.message_flow"})
    changed = http.patch(path, {"compliance": {"brand": {"legal_name": "Acme Inc"}}}).data
    assert (changed["status"], changed["compliance"]["brand"]) == (
        "PENDING_REVIEW", {"inherit": False, "legalName": "Acme Inc"},
    )  # fmt: skip
    assert "reason" not in changed
    becomes(http, path)


def test_only_compliance_can_change(fresh_account: Account) -> None:
    http, path = fresh_account.http, f"{SMS}/US/TEN_DLC"
    for name, value in (("sender_value", "+14155550123"), ("status", "ACTIVE"), ("country", "GB"), ("x", 1)):
        answer = http.patch(path, {name: value, "compliance": OWN})
        assert (answer.code, set(answer.details)) == ("VALIDATION_001", {name})
    before = http.get(path).data
    for body in ({}, {"compliance": {}}, {"compliance": []}, {"sender_value": "", "compliance": None}, {"_": True}):
        assert http.patch(path, body).data == before
    assert http.patch(path, {"compliance": OWN, "sandbox": True}).data["compliance"]["brand"]["legalName"] == "Acme Inc"
    assert http.get(path).data == before
    changed = http.patch(path, {"compliance": OWN}).data
    assert (changed["status"], changed["sender_value"]) == ("ACTIVE", before["sender_value"])
    assert http.get(path).data == changed
    assert len(http.get(SMS).data) == 1


@pytest.mark.parametrize("path", ["XX/TEN_DLC", "US/PIGEON", "U/TEN_DLC", "USA/TEN_DLC", "%00%00/TEN_DLC", "US/%FF"])
def test_a_bad_market_is_400_and_an_unknown_one_404(http: Client, path: str) -> None:
    assert http.get(f"{SMS}/{path}").code == "VALIDATION_001"
    assert http.patch(f"{SMS}/{path}", {}).code == "VALIDATION_001"
    assert http.get(f"{SMS}/FR/MOBILE").code == http.patch(f"{SMS}/fr/mobile", {}).code == "RESOURCE_011"


def test_another_organization_does_not_get_a_number_in_use(server: Server, fresh_account: Account) -> None:
    taken = fresh_account.http.get("/v3/me").data["channels"]["sms"]["phone_number"]
    other = bare(server).http
    order = {"country": "US", "number_type": "TEN_DLC", "sender_value": taken, "compliance": INHERITS}
    assert other.post(SMS, order).status == 201
    refused = becomes(other, f"{SMS}/US/TEN_DLC", "ACTION_NEEDED")
    assert refused["reason_code"] == "BUSINESS_029"
    assert other.get("/v3/me").data["channels"]["sms"]["configured"] is False


def test_a_profile_sees_the_active_markets_of_its_organization_and_changes_only_its_own(server: Server) -> None:
    organization = server.create_account("With markets")
    http = organization.http
    assert http.post(SMS, GB).status == 201
    profile = server.create_profile(organization.customer_id).http
    assert [one["country"] for one in profile.get(SMS).data] == ["US"]  # the other one is not active yet
    becomes(http, f"{SMS}/GB/ALPHANUMERIC")
    assert [one["country"] for one in profile.get(SMS).data] == ["US", "GB"]
    assert profile.get("/v3/channels").data["whatsapp"]["status"] == "ACTIVE"
    assert profile.patch(f"{SMS}/GB/ALPHANUMERIC", {"compliance": OWN}).code == "RESOURCE_011"
    assert profile.post(SMS, {**GB, "sender_value": "SALES"}).status == 201
    assert becomes(profile, f"{SMS}/GB/ALPHANUMERIC")["sender_value"] == "SALES"
    assert http.get(f"{SMS}/GB/ALPHANUMERIC").data["sender_value"] == "ACME"
    scoped = http.acting_as(organization.api_key, x_profile_id=profile.get("/v3/me").data["id"])
    assert scoped.get(f"{SMS}/GB/ALPHANUMERIC").data["sender_value"] == "SALES"


def test_whatsapp_is_connected_once(server: Server) -> None:
    http = bare(server).http
    assert http.post("/v3/channels/whatsapp", {}).code == "VALIDATION_004"
    assert http.post("/v3/channels/whatsapp", {"waba_id": " "}).code == "VALIDATION_001"
    made = http.post("/v3/channels/whatsapp", {"waba_id": "102290129340398", "phone_number_id": ""})
    assert (made.status, made.data["waba_id"], made.data["phone_number_id"]) == (201, "102290129340398", None)
    assert http.post("/v3/channels/whatsapp", {"waba_id": "1"}).code == "RESOURCE_007"
    shown = wait_for(lambda: http.get("/v3/channels").data["whatsapp"], 20, until=lambda one: one["status"] == "ACTIVE")
    assert shown["phone_number_id"]
    assert http.get("/v3/me").data["channels"]["whatsapp"]["configured"] is True


def test_an_rcs_agent_needs_everything(server: Server) -> None:
    http = bare(server).http
    missing = http.post("/v3/channels/rcs", {})
    assert (missing.code, set(missing.details)) == ("VALIDATION_004", set(AGENT))
    wrong = http.post("/v3/channels/rcs", {**AGENT, "agent_use_case": "SPAM"})
    assert (wrong.code, set(wrong.details)) == ("VALIDATION_006", {"agent_use_case"})
    made = http.post("/v3/channels/rcs", AGENT)
    assert (made.status, made.data["status"], made.data["display_name"]) == (201, "PENDING_REVIEW", "Acme")
    assert made.data["official_address"]["city"] == "Reno"
    assert http.post("/v3/channels/rcs", AGENT).code == "RESOURCE_007"
    shown = wait_for(lambda: http.get("/v3/channels").data["rcs"], 20, until=lambda one: one["status"] == "ACTIVE")
    assert shown["id"] == made.data["id"]
    assert shown["phone_number"] == http.get("/v3/me").data["channels"]["rcs"]["phone_number"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("country=GB&type=ALPHANUMERIC", 200, None),
        ("channel=SMS&country=gb&type=toll_free", 200, None),
        ("", 400, "VALIDATION_004"),
        ("country=GB", 400, "VALIDATION_004"),
        ("country=&type=LOCAL", 400, "VALIDATION_004"),
        ("country=XX&type=LOCAL", 400, "VALIDATION_001"),
        ("country=GB&type=PIGEON", 400, "VALIDATION_001"),
        ("country=US&type=ALPHANUMERIC", 400, "VALIDATION_001"),
        ("channel=fax&country=GB&type=LOCAL", 400, "VALIDATION_001"),
        ("channel=whatsapp", 501, "CHANNEL_003"),
        ("channel=rcs&country=GB", 501, "CHANNEL_003"),
    ],
)
def test_requirements(http: Client, query: str, status: int, code: str | None) -> None:
    answer = http.get(f"/v3/compliance/requirements?{query}")
    assert (answer.status, answer.code) == (status, code)
    if code is None:
        assert answer.data["required"] is False
        assert answer.data["requirements"] == []
