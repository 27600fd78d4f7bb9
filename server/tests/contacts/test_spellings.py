"""One person whose number networks spell in several ways: one contact, and one consent."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import samples
from harness.client import Client, Response
from harness.server import Account, Server
from harness.waiting import wait_for

_tail = itertools.count(10)
WABA = {"waba_id": "1", "access_token": "t"}


def pair(kind: str) -> tuple[str, str]:
    number = next(_tail)
    match kind:
        case "Mexico":
            return f"+52558765{number:04}", f"+521558765{number:04}"
        case "Argentina":
            return f"+5491123{number:06}", f"+541123{number:06}"
        case "Brazil":
            return f"+55119876{number:05}", f"+5511876{number:05}"
        case _:
            return f"+441632{number:06}", f"+4401632{number:06}"


def numbers_of(http: Client) -> list[str]:
    return [contact["phone_number"] for contact in http.get("/v3/contacts").data["contacts"]]


def template_of(http: Client) -> str:
    made: str = http.post("/v3/templates", samples.template()).data["id"]
    return made


def send(http: Client, template: str, *to: str) -> Response:
    return http.post("/v3/messages", {"to": list(to), "template": {"id": template}, "channel": ["sms"]})


def write(http: Client, phone: str, text: str) -> None:
    assert http.post(f"/sim/phones/{phone}/messages", {"channel": "sms", "text": text}).status == 202


def is_opted_out(http: Client, phone: str) -> bool:
    found = http.get("/v3/contacts", query={"phone": phone})
    return found.status == 200 and found.data["contacts"][0]["opt_out"]


@pytest.fixture(params=["Mexico", "Argentina", "Brazil", "trunk zero"])
def spelt(request: pytest.FixtureRequest) -> tuple[str, str]:
    return pair(request.param)


@pytest.mark.parametrize("first", [0, 1])
def test_stop_in_one_spelling_holds_for_the_other_and_outlives_the_contact(
    fresh_account: Account, spelt: tuple[str, str], first: int
) -> None:
    http = fresh_account.http
    known, other = spelt[first], spelt[1 - first]
    template = template_of(http)
    assert send(http, template, known).status == 202
    contact = http.get("/v3/contacts", query={"phone": known}).data["contacts"][0]
    write(http, other, "STOP")
    wait_for(lambda: is_opted_out(http, known), 20, what="the opt-out")
    assert numbers_of(http) == [known]
    assert http.get(f"/v3/contacts/{contact['id']}").data["opt_out"] is True
    assert http.get("/v3/contacts").data["contacts"][0]["opt_out"] is True
    for number in spelt:
        assert send(http, template, number).code == "BUSINESS_004"
    assert http.delete(f"/v3/contacts/{contact['id']}", {}).status == 204
    for number in spelt:
        assert send(http, template, number).code == "BUSINESS_004"
    back = http.post("/v3/contacts", {"phone_number": known}).data
    assert back["opt_out"] is True
    write(http, known, "START")
    wait_for(lambda: not is_opted_out(http, other), 20, what="the opt-in")
    for number in spelt:
        assert send(http, template, number).status == 202
    assert numbers_of(http) == [known]


def test_a_send_to_the_other_spelling_reaches_the_known_contact_as_it_was_asked(
    fresh_account: Account, spelt: tuple[str, str]
) -> None:
    http, (known, other) = fresh_account.http, spelt
    contact = http.post("/v3/contacts", {"phone_number": known}).data
    assert http.get("/v3/contacts", query={"phone": other}).data["contacts"] == [contact]
    sent = send(http, template_of(http), other).data["recipients"]
    assert [one["to"] for one in sent] == [other]
    message = http.get(f"/v3/messages/{sent[0]['message_id']}").data
    assert (message["contact_id"], message["phone"]) == (contact["id"], other)
    wait_for(lambda: http.get(f"/sim/phones/{other}/messages").data["messages"], 20, what="the message")
    assert numbers_of(http) == [known]


def test_two_spellings_in_one_request_are_one_recipient(fresh_account: Account, spelt: tuple[str, str]) -> None:
    http = fresh_account.http
    sent = send(http, template_of(http), spelt[1], spelt[0], spelt[1])
    assert [one["to"] for one in sent.data["recipients"]] == [spelt[1]]
    assert numbers_of(http) == [spelt[1]]


def test_a_contact_cannot_be_made_or_renumbered_into_another_spelling_of_one(
    fresh_account: Account, spelt: tuple[str, str]
) -> None:
    http, (known, other) = fresh_account.http, spelt
    contact = http.post("/v3/contacts", {"phone_number": known}).data
    third = http.post("/v3/contacts", {"phone_number": samples.phone()}).data
    for refused in (
        http.post("/v3/contacts", {"phone_number": other}),
        http.post("/v3/contacts", {"phone_number": other, "sandbox": True}),
        http.patch(f"/v3/contacts/{third['id']}", {"phone_number": other}),
    ):
        assert (refused.status, refused.code) == (409, "RESOURCE_007")
        assert known in refused.error["message"]
        assert contact["id"] in refused.details["phone_number"][0]
    plain = http.post("/v3/contacts", {"phone_number": known})
    assert (plain.code, plain.error["details"]) == ("RESOURCE_007", None)
    # Its own other spelling is no one else's.
    assert http.patch(f"/v3/contacts/{contact['id']}", {"phone_number": other}).data["phone_number"] == other
    assert sorted(numbers_of(http)) == sorted([other, third["phone_number"]])


def test_an_opt_out_by_the_api_holds_for_the_other_spelling_and_is_lifted_for_both(
    fresh_account: Account, spelt: tuple[str, str]
) -> None:
    http, (known, other) = fresh_account.http, spelt
    template = template_of(http)
    contact = http.post("/v3/contacts", {"phone_number": known}).data
    path = f"/v3/contacts/{contact['id']}"
    assert http.patch(path, {"opt_out": True}).data["opt_out"] is True
    assert send(http, template, other).code == "BUSINESS_004"
    # The spelling changes, the person does not.
    assert http.patch(path, {"phone_number": other}).data["opt_out"] is True
    assert http.patch(path, {"opt_out": False}).data["opt_out"] is False
    for number in spelt:
        assert send(http, template, number).status == 202


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("+390612345678", "+39612345678"),
        ("+551132345678", "+5511932345678"),
        ("+22507123456", "+2250707123456"),
        ("+24101234567", "+2411234567"),
    ],
)
def test_what_only_looks_like_a_respelling_stays_two_people(fresh_account: Account, one: str, another: str) -> None:
    http = fresh_account.http
    assert http.post("/v3/contacts", {"phone_number": one}).status == 201
    assert http.post("/v3/contacts", {"phone_number": another}).status == 201
    write(http, one, "STOP")
    wait_for(lambda: is_opted_out(http, one), 20, what="the opt-out")
    assert send(http, template_of(http), another).status == 202


def test_another_tenants_contact_and_consent_do_not_matter(
    fresh_account: Account, tenant: Account, spelt: tuple[str, str]
) -> None:
    known, other = spelt
    write(tenant.http, known, "STOP")
    wait_for(lambda: is_opted_out(tenant.http, known), 20, what="their opt-out")
    http = fresh_account.http
    made = http.post("/v3/contacts", {"phone_number": other})
    assert (made.status, made.data["opt_out"]) == (201, False)
    assert send(http, template_of(http), other).status == 202
    assert numbers_of(http) == [other]


def test_a_profile_has_its_organizations_contacts_and_opt_outs_in_any_spelling(
    server: Server, fresh_account: Account, spelt: tuple[str, str]
) -> None:
    http, (known, other) = fresh_account.http, spelt
    body = {"name": "Heir", "billing_model": "organization", "whatsapp_business_account": WABA}
    heir = http.post("/v3/profiles", body).data["id"]
    scoped = server.client(fresh_account.api_key, x_profile_id=heir)
    contact = http.post("/v3/contacts", {"phone_number": known}).data
    found = scoped.get("/v3/contacts", query={"phone": other}).data["contacts"][0]
    assert (found["id"], found["is_inherited"], found["opt_out"]) == (contact["id"], True, False)
    template = template_of(scoped)
    sent = send(scoped, template, other).data["recipients"][0]
    assert scoped.get(f"/v3/messages/{sent['message_id']}").data["contact_id"] == contact["id"]
    write(http, known, "STOP")
    wait_for(lambda: is_opted_out(scoped, other), 20, what="the opt-out")
    assert send(scoped, template, other).code == "BUSINESS_004"
    assert scoped.get(f"/v3/contacts/{contact['id']}").data["opt_out"] is True


def test_sends_to_both_spellings_at_once_make_one_contact(fresh_account: Account) -> None:
    http = fresh_account.http
    template = template_of(http)
    pairs = [pair(kind) for kind in ("Mexico", "Argentina", "Brazil", "trunk zero") * 3]
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda number: send(http, template, number).status, itertools.chain(*pairs)))
    assert set(statuses) == {202}
    found = set(numbers_of(http))
    assert len(found) == len(pairs)
    assert all(len(found & set(both)) == 1 for both in pairs)
    assert http.get("/v3/contacts").data["pagination"]["total_count"] == len(pairs)
