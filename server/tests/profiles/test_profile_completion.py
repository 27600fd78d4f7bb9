"""Completing a profile: what it needs, what it leads to, and that the address of the request hears of it once."""

import itertools
from typing import Any

import pytest

from harness import database, samples
from harness.client import Client
from harness.receiver import Behaviour, Receiver
from harness.rows import OWN_COMPLIANCE
from harness.server import Account, OwnServer, Server
from harness.waiting import equal_to, wait_for
from sent_server.kernel import ids
from sent_server.webhooks import signing
from sent_server.webhooks.signing import SignatureMode

NO_TCR = samples.nested_brand(isTcrApplication=False)
MAIN_COUNTRY = [{"id": "DE", "isMain": True}]
OTHER_COUNTRY = [{"id": "DE", "isMain": False}]
_paths = itertools.count(1)


class Completion:
    """One profile and an address of its own."""

    def __init__(self, http: Client, receiver: Receiver, **profile: Any) -> None:
        made = http.post("/v3/profiles", {"name": "Completing", **OWN_COMPLIANCE, **profile})
        assert made.status == 201, made.body
        self.http, self.receiver = http, receiver
        self.id, self.path, self.address = made.data["id"], f"/v3/profiles/{made.data['id']}", f"/done/{next(_paths)}"

    def start(self, **options: Any) -> Any:
        return self.http.post(f"{self.path}/complete", {"webHookUrl": self.receiver.url(self.address)}, **options)

    def told(self) -> dict[str, Any]:
        (delivery,) = self.receiver.wait(1, 20, path=self.address)
        body: dict[str, Any] = delivery.json
        return body

    def status(self) -> str:
        return str(self.http.get(self.path).data["status"])

    def add_campaign(self, **values: Any) -> str:
        made = self.http.post(f"{self.path}/campaigns", samples.campaign(**values))
        assert made.status == 201, made.body
        return str(made.data["id"])


OUTCOMES = [
    ("TCR of its own", {"brand": samples.nested_brand()}, True, "SUBMITTED", "pending_review"),
    ("no TCR", {"brand": NO_TCR}, False, "COMPLETED", "approved"),
    (
        "no TCR but a main country",
        {"brand": samples.nested_brand(isTcrApplication=False, destinationCountries=MAIN_COUNTRY)},
        False,
        "SUBMITTED",
        "pending_review",
    ),
    (
        "no TCR and no main country",
        {"brand": samples.nested_brand(isTcrApplication=False, destinationCountries=OTHER_COUNTRY)},
        False,
        "COMPLETED",
        "approved",
    ),
]


@pytest.mark.parametrize(
    ("profile", "campaign", "result", "status"), [row[1:] for row in OUTCOMES], ids=[row[0] for row in OUTCOMES]
)
def test_the_outcome_is_told_and_the_status_follows(
    fresh_account: Account, receiver: Receiver, profile: dict[str, Any], campaign: bool, result: str, status: str
) -> None:
    completion = Completion(fresh_account.http, receiver, **profile)
    if campaign:
        completion.add_campaign(name="NEVER_REVIEW")
    assert completion.status() == "incomplete"
    started = completion.start()
    assert (started.status, started.data) == (202, {"message": "Profile completion in progress"})
    told = completion.told()
    assert (told["status"], told["success"]) == (result, True)
    assert completion.status() == status


def test_an_heir_of_brand_and_campaigns_is_completed(fresh_account: Account, receiver: Receiver) -> None:
    http = fresh_account.http
    heir = Completion(http, receiver, inherit_tcr_brand=True, inherit_tcr_campaign=True)
    lacking = heir.start()
    assert (lacking.status, lacking.code, set(lacking.details)) == (400, "VALIDATION_001", {"brand"})
    brand = http.post("/v3/brands", samples.brand()).data
    assert set(heir.start().details) == {"campaigns"}
    http.post(f"/v3/brands/{brand['id']}/campaigns", samples.campaign())
    assert heir.start().status == 202
    assert heir.told()["status"] == "COMPLETED"
    assert heir.status() == "approved"


def test_half_an_heir_is_submitted_with_what_is_its_own(fresh_account: Account, receiver: Receiver) -> None:
    http = fresh_account.http
    http.post("/v3/brands", samples.brand())
    half = Completion(http, receiver, inherit_tcr_brand=True)
    assert set(half.start().details) == {"campaigns"}
    half.add_campaign(name="NEVER_REVIEW")
    assert half.start().status == 202
    assert half.told()["status"] == "SUBMITTED"


def test_what_is_lacking_is_told_at_once_and_nobody_else_hears_of_it(
    fresh_account: Account, receiver: Receiver
) -> None:
    bare = Completion(fresh_account.http, receiver, billing_model="profile", billing_contact=_CONTACT)
    assert set(bare.start().details) == {"brand"}
    named = fresh_account.http.post("/v3/profiles", {**OWN_COMPLIANCE, "name": "P", "billing_model": None}).data
    answer = fresh_account.http.post(f"/v3/profiles/{named['id']}/complete", {"webHookUrl": receiver.url("/never")})
    assert (answer.status, answer.code) == (400, "VALIDATION_001")
    assert set(answer.details) == {"brand", "billing_contact"}
    assert receiver.deliveries == []


_CONTACT = {"name": "Acme", "email": "billing@acme.example"}


def test_a_complete_profile_is_left_alone(fresh_account: Account, receiver: Receiver) -> None:
    completion = Completion(fresh_account.http, receiver, brand=NO_TCR)
    completion.start()
    completion.told()
    before = fresh_account.http.get(completion.path).data
    again = completion.start()
    assert (again.status, again.data) == (200, {"message": "Profile is already completed", "status": "completed"})
    assert fresh_account.http.get(completion.path).data == before
    other = Completion(fresh_account.http, receiver, brand=NO_TCR)  # whoever is told after it proves that it was not
    other.start()
    other.told()
    assert len(receiver.on(completion.address)) == 1


def test_the_registrys_verdict_ends_the_review(fresh_account: Account, receiver: Receiver) -> None:
    good, bad = (Completion(fresh_account.http, receiver, brand=samples.nested_brand()) for _ in range(2))
    good.add_campaign()
    bad.add_campaign(description="Please REJECT_CONTENT")
    for completion in (good, bad):
        completion.start()
    for completion in (good, bad):
        assert completion.told()["status"] == "SUBMITTED"
    wait_for(
        lambda: [good.status(), bad.status()],
        30,
        until=equal_to(["approved", "rejected"]),
        what="the simulated registry",
    )


def test_the_address_hears_of_it_with_a_signature_of_the_profile(
    server: Server, fresh_account: Account, receiver: Receiver
) -> None:
    completion = Completion(fresh_account.http, receiver, brand=NO_TCR)
    completion.start()
    body = completion.told()
    result = {"profile_id": completion.id, "status": "COMPLETED", "success": True, "message": body["message"]}
    named = {"field": "profiles", "event": "profile.completed", "sub_type": "profile.completed"}
    assert {**named, **result}.items() <= body.items()
    assert result.items() <= body["payload"].items()
    (delivery,) = receiver.on(completion.address)
    secret = server.ask("accounts show", customer_id=completion.id)["callback_secret"]
    signed = signing.sign(
        SignatureMode.V1,
        secret=secret,
        webhook_id=delivery.headers["x-webhook-id"],
        timestamp_s=int(delivery.headers["x-webhook-timestamp"]),
        body=delivery.body,
    )
    assert delivery.headers["x-webhook-signature"] == signed
    assert secret != server.ask("accounts show", customer_id=fresh_account.customer_id)["callback_secret"]
    assert (delivery.method, delivery.headers["x-webhook-event"]) == ("POST", "profile.completed")


def test_an_impatient_caller_starts_one_completion(server: Server, fresh_account: Account, receiver: Receiver) -> None:
    completion = Completion(fresh_account.http, receiver, brand=samples.nested_brand())
    completion.add_campaign(name="NEVER_REVIEW")
    key = samples.key()
    answers = [completion.start(idempotency_key=key) for _ in range(2)]
    assert [answer.status for answer in answers] == [202, 202]
    assert answers[1].headers["idempotent-replayed"] == "true"
    completion.told()
    sql = f"SELECT COUNT(*) FROM profile_completions WHERE customer_id = '{completion.id}'"
    assert database.rows(server.database_url, sql) == [(1,)]


def test_a_sandboxed_completion_is_checked_and_changes_nothing(
    server: Server, fresh_account: Account, receiver: Receiver
) -> None:
    http = fresh_account.http
    ready, lacking = Completion(http, receiver, brand=NO_TCR), Completion(http, receiver)
    for completion, status in ((ready, 202), (lacking, 400)):
        body = {"webHookUrl": receiver.url("/sandboxed"), "sandbox": True}
        answer = http.post(f"{completion.path}/complete", body)
        assert answer.status == status
        assert completion.status() == "incomplete"
        sql = f"SELECT COUNT(*) FROM profile_completions WHERE customer_id = '{completion.id}'"
        assert database.rows(server.database_url, sql) == [(0,)]


def test_a_deaf_address_delays_nobody_and_is_tried_again(fresh_account: Account, receiver: Receiver) -> None:
    receiver.plan.append(Behaviour(status=500))
    deaf = Completion(fresh_account.http, receiver, brand=NO_TCR)
    deaf.start()
    receiver.wait(1, 20, path=deaf.address)
    assert deaf.status() == "approved"
    other = Completion(fresh_account.http, receiver, brand=NO_TCR)
    other.start()
    assert other.told()["status"] == "COMPLETED"


def test_only_whoever_may_change_campaigns_completes(
    server: Server, fresh_account: Account, receiver: Receiver
) -> None:
    """It files them for good."""
    completion = Completion(fresh_account.http, receiver, brand=NO_TCR)
    body = {"webHookUrl": receiver.url(completion.address)}
    for role in ("developer", "billing"):
        http = server.client(server.create_key(fresh_account.customer_id, role=role))
        answer = http.post(f"{completion.path}/complete", body)
        assert (answer.status, answer.code) == (403, "AUTH_004")
    own = server.client(server.create_key(fresh_account.customer_id, profile=completion.id))
    assert own.post(f"{completion.path}/complete", body).status == 202
    assert completion.told()["profile_id"] == completion.id


def test_without_any_channel_it_is_submitted_whatever_the_rest_says(own_server: OwnServer, receiver: Receiver) -> None:
    running = own_server(env={"SENT_PROFILE_REQUIRES_WHATSAPP": "false"})
    made = running.ask("accounts create", name="Unconnected", tier="unlimited", channels=False)
    http = running.client(running.create_key(made["customer_id"]))
    bare = Completion(http, receiver, brand=NO_TCR)
    assert http.get(bare.path).data["waba_id"] is None
    bare.start()
    assert bare.told()["status"] == "SUBMITTED"
    assert bare.status() == "pending_review"
    account = {"waba_id": "123", "access_token": "EAAB"}
    connected = Completion(http, receiver, brand=NO_TCR, whatsapp_business_account=account)
    connected.start()
    assert connected.told()["status"] == "COMPLETED"


def test_a_crash_after_the_request_still_completes_and_tells_once(own_server: OwnServer, receiver: Receiver) -> None:
    first = own_server()
    completion = Completion(first.http, receiver, brand=NO_TCR)
    assert completion.start().status == 202
    first.kill()
    second = own_server(home=first.home, database_url=first.database_url)
    wait_for(
        lambda: second.http.get(completion.path).data["status"], 60, until=equal_to("approved"), what="the completion"
    )
    bodies = receiver.wait(1, 60, path=completion.address)
    assert {body.headers["x-webhook-event-id"] for body in bodies} == {bodies[0].headers["x-webhook-event-id"]}
    assert ids.parse_uuid(completion.id) == completion.id
