"""Messages a day: counted per organization, and from midnight UTC on the platform's clock."""

import datetime as dt

from harness import samples
from harness.client import Client, Response
from harness.server import OwnServer, Server

DAY_MS = 86_400_000
MINUTE_MS = 60_000


def send(http: Client, count: int, **options: object) -> Response:
    body = {"to": [samples.phone() for _ in range(count)], "template": {"name": "welcome"}, "channel": ["sms"]}
    return http.post("/v3/messages", {**body, **options})


def set_quota(running: Server, customer_id: str, number: int | None) -> None:
    running.ask("accounts set-quota", customer_id=customer_id, name="messages_per_day", number=number)


def go_to_a_minute_before_midnight(http: Client) -> None:
    now = dt.datetime.fromisoformat(http.get("/sim/clock").data["now"])
    since_midnight = now - now.replace(hour=0, minute=0, second=0, microsecond=0)
    left_ms = DAY_MS - int(since_midnight.total_seconds() * 1000)
    advance_ms = left_ms - MINUTE_MS if left_ms > MINUTE_MS else left_ms + DAY_MS - MINUTE_MS
    assert http.post("/sim/clock", {"advance_ms": advance_ms}).status == 200


def test_a_new_day_starts_at_midnight_utc_and_carries_nothing_over(own_server: OwnServer) -> None:
    running = own_server()
    http = running.http
    go_to_a_minute_before_midnight(http)
    set_quota(running, running.customer_id, 4)
    assert send(http, 3).status == 202
    assert send(http, 2).code == "BUSINESS_008"
    assert send(http, 1).status == 202
    refused = send(http, 1)
    assert (refused.status, refused.code) == (422, "BUSINESS_008")
    assert "today" in refused.error["message"]
    http.post("/sim/clock", {"advance_ms": MINUTE_MS})
    assert send(http, 5).code == "BUSINESS_008", "what yesterday left over is gone"
    assert send(http, 4).status == 202
    assert send(http, 1).code == "BUSINESS_008"
    set_quota(running, running.customer_id, 5)
    assert send(http, 1).status == 202, "a raised quota counts what was sent"
    set_quota(running, running.customer_id, 0)
    assert send(http, 1).code == "BUSINESS_008"


def test_profiles_use_up_their_organizations_day(server: Server) -> None:
    organization = server.create_account()
    body = {"name": "P", "billing_model": "organization"}
    profile_id = organization.http.post("/v3/profiles", body).data["id"]
    template = organization.http.post("/v3/templates", samples.template()).data["id"]
    scoped = server.client(organization.api_key, x_profile_id=profile_id)
    own = server.client(server.create_key(organization.customer_id, profile=profile_id))
    set_quota(server, organization.customer_id, 3)
    for http in (scoped, own, organization.http):
        assert send(http, 1, template={"id": template}).status == 202
    for http in (scoped, own, organization.http):
        assert send(http, 1, template={"id": template}).code == "BUSINESS_008"


def test_what_is_refused_or_sandboxed_uses_nothing_up(server: Server) -> None:
    account = server.create_account()
    template = {"id": account.http.post("/v3/templates", samples.template()).data["id"]}
    set_quota(server, account.customer_id, 1)
    assert send(account.http, 1, template=template, sandbox=True).status == 202
    assert send(account.http, 1, template={"id": samples.UNKNOWN_ID}).status == 404
    assert send(account.http, 2, template=template).code == "BUSINESS_008"
    key = samples.key()
    body = {"to": [samples.phone()], "template": template, "channel": ["sms"]}
    answers = [account.http.post("/v3/messages", body, idempotency_key=key) for _ in range(2)]
    assert [answer.status for answer in answers] == [202, 202]
    assert send(account.http, 1, template=template).code == "BUSINESS_008"
