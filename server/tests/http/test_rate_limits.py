"""Sliding-window limits per account, exact. Contract NOTES e and a25."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import samples
from harness.client import Response
from harness.server import Account, Server


def _send(account: Account) -> Response:
    body = {"to": [samples.phone()], "template": {"id": samples.UNKNOWN_ID}}
    return account.http.post("/v3/messages", body)


def test_a_starter_account_sends_60_messages_a_minute_and_not_one_more(server: Server) -> None:
    account = server.create_account(tier="starter")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: _send(account), range(75)))
    assert sorted(answer.status for answer in answers) == [404] * 60 + [429] * 15
    remaining = sorted(int(answer.headers["x-ratelimit-remaining"]) for answer in answers if answer.status == 404)
    assert remaining == list(range(60))
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"60"}
    for refused in (answer for answer in answers if answer.status == 429):
        assert refused.code == "BUSINESS_002"
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.headers["x-ratelimit-remaining"] == "0"
        assert 0 < int(refused.headers["x-ratelimit-reset"]) - time.time() < 62


def test_other_classes_and_other_accounts_have_windows_of_their_own(server: Server) -> None:
    account, other = server.create_account(tier="starter"), server.create_account(tier="starter")
    for _ in range(60):
        assert _send(account).status == 404
    assert _send(account).status == 429
    assert account.http.get("/v3/me").status == 200
    assert _send(other).status == 404


def test_all_keys_of_an_account_share_its_window(server: Server) -> None:
    account = server.create_account(tier="starter")
    second = server.account(account.customer_id, server.create_key(account.customer_id, role="developer"))
    for _ in range(30):
        assert _send(account).status == 404
        assert _send(second).status == 404
    assert (_send(account).status, _send(second).status) == (429, 429)


def test_a_burst_is_limited_to_50_in_a_second(server: Server) -> None:
    account = server.create_account(tier="growth")
    with ThreadPoolExecutor(8) as pool:
        started = time.monotonic()
        answers = list(pool.map(lambda _: account.http.get("/v3/webhooks/event-types"), range(70)))
        took_s = time.monotonic() - started
    allowed = [answer for answer in answers if answer.status == 200]
    refused = [answer for answer in answers if answer.status == 429]
    assert len(allowed) >= 50
    if took_s < 1:
        assert len(allowed) == 50
    assert {answer.headers["retry-after"] for answer in refused} <= {"1"}
    assert {answer.headers["x-ratelimit-limit"] for answer in allowed} == {"200"}
    # Clients pace themselves by the headers, so a refusal has those of the window that refused.
    for answer in refused:
        assert answer.headers["x-ratelimit-limit"] == "50"
        assert answer.headers["x-ratelimit-remaining"] == "0"
        assert int(answer.headers["x-ratelimit-reset"]) - time.time() < 2


def test_refused_keys_and_roles_do_not_count_but_bad_requests_do(server: Server) -> None:
    account = server.create_account(tier="growth")
    billing = server.account(account.customer_id, server.create_key(account.customer_id, role="billing"))
    before = int(account.http.get("/v3/me").headers["x-ratelimit-remaining"])
    for _ in range(5):
        assert billing.http.post("/v3/contacts", {"phone_number": samples.phone()}).status == 403
        assert server.client("no-such-key").get("/v3/me").status == 401
    after = int(account.http.get("/v3/me").headers["x-ratelimit-remaining"])
    assert after == before - 1
    assert account.http.post("/v3/contacts", {}).status == 400
    assert int(account.http.get("/v3/me").headers["x-ratelimit-remaining"]) == after - 2


def test_sensitive_routes_take_ten_a_minute_and_five_at_once(server: Server) -> None:
    account = server.create_account(tier="growth")
    webhook = account.http.post("/v3/webhooks", samples.webhook()).data["id"]
    statuses: list[int] = []
    started = time.monotonic()
    for _ in range(8):
        answer = account.http.post(f"/v3/webhooks/{webhook}/rotate-secret", {})
        assert answer.headers["x-ratelimit-limit"] == ("10" if answer.status == 200 else "5")
        statuses.append(answer.status)
    if time.monotonic() - started < 1:
        assert statuses == [200] * 5 + [429] * 3
    assert statuses[:5] == [200] * 5


def test_a_refused_request_does_not_burn_its_idempotency_key(server: Server) -> None:
    for _ in range(10):  # on a busy machine six requests may take longer than the window
        account = server.create_account(tier="growth")
        webhook = account.http.post("/v3/webhooks", samples.webhook()).data["id"]
        path, key = f"/v3/webhooks/{webhook}/rotate-secret", samples.key()
        for _ in range(5):
            account.http.post(path, {})
        if account.http.post(path, {}, idempotency_key=key).status == 429:
            break
    else:
        pytest.fail("nothing was refused")
    time.sleep(1.1)
    answer = account.http.post(path, {}, idempotency_key=key)
    assert answer.status == 200
    assert "idempotent-replayed" not in answer.headers


def test_tier_unlimited_runs_the_limiter_with_a_limit_nobody_meets(server: Server) -> None:
    answer = server.http.get("/v3/me")
    assert answer.headers["x-ratelimit-limit"] == "1000000"
    assert int(answer.headers["x-ratelimit-remaining"]) > 900_000


def test_a_new_tier_counts_at_once(server: Server) -> None:
    account = server.create_account(tier="starter")
    assert _send(account).headers["x-ratelimit-limit"] == "60"
    server.operate("accounts", "set-tier", account.customer_id, "growth")
    assert _send(account).headers["x-ratelimit-limit"] == "300"
    server.operate("accounts", "set-tier", account.customer_id, "unlimited")
    assert _send(account).headers["x-ratelimit-limit"] == "1000000"
