"""One effect per Idempotency-Key, whatever happens around it. Contract NOTES e, invariant I7."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import database, samples
from harness.client import Client, Response
from harness.server import Account, OwnServer, Server

CONTACTS = "/v3/contacts"
DAY_MS = 86_400_000


def _is_replay(answer: Response, of: Response) -> bool:
    assert answer.status == of.status
    assert answer.body == of.body
    assert answer.headers["x-original-request-id"] == of.headers["x-request-id"]
    assert answer.headers["x-request-id"] != of.headers["x-request-id"]
    return answer.headers["idempotent-replayed"] == "true"


def test_a_repeat_gets_the_first_answer_and_says_so(http: Client) -> None:
    body, key = {"phone_number": samples.phone()}, samples.key()
    first = http.post(CONTACTS, body, idempotency_key=key)
    assert first.status == 201
    assert "idempotent-replayed" not in first.headers
    assert _is_replay(http.post(CONTACTS, body, idempotency_key=key), first)


def test_another_payload_under_the_same_key_replays_too(http: Client) -> None:
    key = samples.key()
    first = http.post(CONTACTS, {"phone_number": samples.phone()}, idempotency_key=key)
    assert _is_replay(http.post(CONTACTS, {"phone_number": samples.phone()}, idempotency_key=key), first)


def test_a_message_is_accepted_once(server: Server) -> None:
    body = {"to": [samples.phone()], "template": {"name": "welcome"}, "channel": ["sms"]}
    key = samples.key()
    first = server.http.post("/v3/messages", body, idempotency_key=key)
    assert first.status == 202
    assert _is_replay(server.http.post("/v3/messages", body, idempotency_key=key), first)
    sent = database.rows(server.database_url, f"SELECT COUNT(*) FROM messages WHERE phone = '{body['to'][0]}'")  # type: ignore[index]
    assert sent == [(1,)]


def test_a_deletion_replays_its_empty_answer(http: Client) -> None:
    made = http.post(CONTACTS, {"phone_number": samples.phone()}).data
    key = samples.key()
    first = http.delete(f"{CONTACTS}/{made['id']}", {}, idempotency_key=key)
    assert first.status == 204
    assert _is_replay(http.delete(f"{CONTACTS}/{made['id']}", {}, idempotency_key=key), first)


def test_a_stored_secret_replays_unchanged_and_does_not_stand_in_clear(server: Server) -> None:
    key = samples.key()
    first = server.http.post("/v3/webhooks", samples.webhook(), idempotency_key=key)
    secret = first.data["signing_secret"]
    assert secret.startswith("whsec_")
    assert _is_replay(server.http.post("/v3/webhooks", samples.webhook(), idempotency_key=key), first)
    for name in database.names(server.database_url):
        assert secret not in repr(database.rows(server.database_url, f"SELECT * FROM {name}")), name


@pytest.mark.parametrize("key", ["", " ", "a b", "a.b", "é", "a\tb", "x" * 256, "a/b", "a,b"])
def test_a_key_of_another_form_is_refused(http: Client, key: str) -> None:
    answer = http.post(CONTACTS, {"phone_number": samples.phone()}, headers=[("Idempotency-Key", key)])
    assert (answer.status, answer.code) == (400, "VALIDATION_007")


def test_a_key_of_255_characters_is_fine(http: Client) -> None:
    key = samples.key().ljust(255, "-")
    assert http.post(CONTACTS, {"phone_number": samples.phone()}, idempotency_key=key).status == 201


def test_a_key_on_a_read_is_ignored(http: Client) -> None:
    for key in (samples.key(), "not a key!"):
        for _ in range(2):
            answer = http.get("/v3/me", idempotency_key=key)
            assert answer.status == 200
            assert "idempotent-replayed" not in answer.headers


def test_refusals_of_the_use_case_are_stored(http: Client) -> None:
    key = samples.key()
    unknown = f"{CONTACTS}/{samples.UNKNOWN_ID}"
    first = http.patch(unknown, {"opt_out": True}, idempotency_key=key)
    assert first.status == 404
    assert _is_replay(http.patch(unknown, {"opt_out": True}, idempotency_key=key), first)


def test_a_stored_refusal_outlives_its_reason(http: Client) -> None:
    phone, key = samples.phone(), samples.key()
    made = http.post(CONTACTS, {"phone_number": phone}).data
    refused = http.post(CONTACTS, {"phone_number": phone}, idempotency_key=key)
    assert (refused.status, refused.code) == (409, "RESOURCE_007")
    http.delete(f"{CONTACTS}/{made['id']}", {})
    assert _is_replay(http.post(CONTACTS, {"phone_number": phone}, idempotency_key=key), refused)


def test_a_message_to_an_unknown_template_is_stored_as_refused(http: Client) -> None:
    body = {"to": [samples.phone()], "template": {"id": samples.UNKNOWN_ID}}
    key = samples.key()
    first = http.post("/v3/messages", body, idempotency_key=key)
    assert (first.status, first.code) == (404, "RESOURCE_002")
    assert _is_replay(http.post("/v3/messages", body, idempotency_key=key), first)


def test_a_malformed_request_leaves_its_key_free(http: Client) -> None:
    key = samples.key()
    assert http.post(CONTACTS, {"phone_number": "nonsense"}, idempotency_key=key).status == 400
    assert http.acting_as("no-such-key").post(CONTACTS, {}, idempotency_key=key).status == 401
    answer = http.post(CONTACTS, {"phone_number": samples.phone()}, idempotency_key=key)
    assert answer.status == 201
    assert "idempotent-replayed" not in answer.headers


def test_sandbox_and_live_do_not_share_keys(http: Client) -> None:
    phone, key = samples.phone(), samples.key()
    rehearsal = http.post(CONTACTS, {"phone_number": phone, "sandbox": True}, idempotency_key=key)
    assert (rehearsal.status, rehearsal.headers["x-sandbox"]) == (201, "true")
    real = http.post(CONTACTS, {"phone_number": phone}, idempotency_key=key)
    assert real.status == 201
    assert "idempotent-replayed" not in real.headers
    assert "x-sandbox" not in real.headers
    again = http.post(CONTACTS, {"phone_number": phone, "sandbox": True}, idempotency_key=key)
    assert _is_replay(again, rehearsal)
    assert again.headers["x-sandbox"] == "true"


def test_two_tenants_may_choose_the_same_key(http: Client, tenant: Account) -> None:
    key = samples.key()
    ours = http.post(CONTACTS, {"phone_number": samples.phone()}, idempotency_key=key)
    theirs = tenant.http.post(CONTACTS, {"phone_number": samples.phone()}, idempotency_key=key)
    assert (ours.status, theirs.status) == (201, 201)
    assert "idempotent-replayed" not in theirs.headers


def test_the_same_key_at_the_same_time_has_one_effect(server: Server) -> None:
    phone, key = samples.phone(), samples.key()
    body = {"to": [phone], "template": {"name": "welcome"}, "channel": ["sms"]}

    def send(_: int) -> Response:
        return server.http.post("/v3/messages", body, idempotency_key=key)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(48)))
    assert {answer.status for answer in answers} <= {202, 409}
    assert {answer.code for answer in answers if answer.status == 409} <= {"CONFLICT_001"}
    accepted = {answer.data["recipients"][0]["message_id"] for answer in answers if answer.status == 202}
    assert len(accepted) == 1
    assert database.rows(server.database_url, f"SELECT COUNT(*) FROM messages WHERE phone = '{phone}'") == [(1,)]
    holds = f"SELECT COUNT(*) FROM ledger_entries WHERE kind = 'hold' AND ref = '{accepted.pop()}'"
    assert database.rows(server.database_url, holds)[0][0] <= 1


def test_a_retry_right_after_an_answer_never_meets_its_own_request(http: Client) -> None:
    for _ in range(40):
        body, key = {"phone_number": samples.phone()}, samples.key()
        first = http.post(CONTACTS, body, idempotency_key=key)
        assert _is_replay(http.post(CONTACTS, body, idempotency_key=key), first)


def test_a_crash_before_the_answer_leaves_one_effect(own_server: OwnServer) -> None:
    """The process dies after the commit and before the answer; the client asks again."""
    crashing = own_server(env={"SENT_FAILPOINT": "after_commit_before_reply:4"})
    phone, key = samples.phone(), samples.key()
    body = {"phone_number": phone}
    died = 0
    for _ in range(8):
        try:
            crashing.http.post(CONTACTS, {"phone_number": samples.phone()}, idempotency_key=samples.key())
        except OSError:
            died += 1
            break
    assert died == 1
    again = own_server(home=crashing.home, database_url=crashing.database_url)
    first = again.http.post(CONTACTS, body, idempotency_key=key)
    assert _is_replay(again.http.post(CONTACTS, body, idempotency_key=key), first)


def test_a_key_is_kept_for_24_hours_and_then_free_again(own_server: OwnServer) -> None:
    http = own_server().http
    key, phone = samples.key(), samples.phone()
    first = http.post(CONTACTS, {"phone_number": phone}, idempotency_key=key)
    http.post("/sim/clock", {"advance_ms": DAY_MS - 60_000})
    assert _is_replay(http.post(CONTACTS, {"phone_number": phone}, idempotency_key=key), first)
    http.post("/sim/clock", {"advance_ms": 60_000})
    again = http.post(CONTACTS, {"phone_number": phone}, idempotency_key=key)
    assert (again.status, again.code) == (409, "RESOURCE_007")
    assert "idempotent-replayed" not in again.headers
    assert _is_replay(http.post(CONTACTS, {"phone_number": phone}, idempotency_key=key), again)


def test_a_replay_does_not_prolong_a_key(own_server: OwnServer) -> None:
    http = own_server().http
    body = {"to": [samples.phone()], "template": {"name": "welcome"}, "channel": ["sms"]}
    key = samples.key()
    first = http.post("/v3/messages", body, idempotency_key=key)
    for _ in range(2):
        http.post("/sim/clock", {"advance_ms": DAY_MS // 2 - 30_000})
        assert _is_replay(http.post("/v3/messages", body, idempotency_key=key), first)
    http.post("/sim/clock", {"advance_ms": 60_000})
    second = http.post("/v3/messages", body, idempotency_key=key)
    assert second.status == 202
    assert second.data["recipients"][0]["message_id"] != first.data["recipients"][0]["message_id"]


def _is_refused_for_good(answer: Response) -> bool:
    assert (answer.status, answer.code) == (409, "CONFLICT_001"), answer.body
    assert "idempotent-replayed" not in answer.headers
    assert "x-original-request-id" not in answer.headers
    return answer.headers["x-should-retry"] == "false"


def test_a_key_belongs_to_one_operation(server: Server) -> None:
    http, key = server.http, samples.key()
    hook = http.post("/v3/webhooks", samples.webhook(), idempotency_key=key)
    contact = http.post(CONTACTS, {"phone_number": samples.phone()}).data["id"]
    for answer in (
        http.post(CONTACTS, {"phone_number": samples.phone()}, idempotency_key=key),
        http.put(f"/v3/webhooks/{hook.data['id']}", samples.webhook(), idempotency_key=key),
        http.delete(f"{CONTACTS}/{contact}", {}, idempotency_key=key),
        http.post("/v3/messages", _message(), idempotency_key=key),
    ):
        assert _is_refused_for_good(answer)
        assert hook.data["signing_secret"].encode() not in answer.body
    assert http.get(f"{CONTACTS}/{contact}").status == 200
    assert _is_replay(http.post("/v3/webhooks", samples.webhook(), idempotency_key=key), hook)


def test_a_key_of_a_message_is_not_one_of_a_contact(http: Client) -> None:
    key = samples.key()
    first = http.post("/v3/messages", _message(), idempotency_key=key)
    assert first.status == 202
    assert _is_refused_for_good(http.post(CONTACTS, {"phone_number": samples.phone()}, idempotency_key=key))
    assert _is_replay(http.post("/v3/messages", _message(), idempotency_key=key), first)


def test_another_row_is_another_operation_however_its_id_is_spelled(http: Client) -> None:
    one, other = (http.post(CONTACTS, {"phone_number": samples.phone()}).data["id"] for _ in range(2))
    key = samples.key()
    first = http.patch(f"{CONTACTS}/{one}", {"opt_out": True}, idempotency_key=key)
    assert first.status == 200
    assert _is_refused_for_good(http.patch(f"{CONTACTS}/{other}", {"opt_out": True}, idempotency_key=key))
    assert _is_refused_for_good(http.delete(f"{CONTACTS}/{one}", {}, idempotency_key=key))
    for path in (f"{CONTACTS}/{one.upper()}", f"{CONTACTS}/{one}?a=b"):
        assert _is_replay(http.patch(path, {"opt_out": True}, idempotency_key=key), first)


def test_a_role_is_asked_before_anything_is_replayed(server: Server) -> None:
    key = samples.key()
    hook = server.http.post("/v3/users", samples.user(), idempotency_key=key)
    assert hook.status == 201
    developer = server.client(server.create_key(server.customer_id, role="developer"))
    answer = developer.post("/v3/users", samples.user(), idempotency_key=key)
    assert (answer.status, answer.code) == (403, "AUTH_004")
    assert "idempotent-replayed" not in answer.headers


def test_a_profiles_own_key_gets_no_answer_of_its_organizations(server: Server) -> None:
    profile = server.create_profile(server.customer_id)
    scoped = server.client(**{"x-profile-id": profile.customer_id})
    path, key = f"/v3/profiles/{profile.customer_id}", samples.key()
    first = scoped.patch(path, {"description": "Changed"}, idempotency_key=key)
    assert first.status == 200
    answer = profile.http.patch(path, {"description": "Changed"}, idempotency_key=key)
    assert (answer.status, answer.code) == (403, "AUTH_004")
    assert _is_replay(scoped.patch(path, {"description": "Changed"}, idempotency_key=key), first)


@pytest.mark.parametrize("path", [CONTACTS, "/v3/messages", "/v3/webhooks"])
def test_retries_after_the_answer_are_replays_however_many_come_at_once(server: Server, path: str) -> None:
    """Replaying is not "in flight": none of them may be refused because of another one."""
    body: dict[str, object] = {
        CONTACTS: {"phone_number": samples.phone()},
        "/v3/messages": _message(),
        "/v3/webhooks": samples.webhook(),
    }[path]
    key = samples.key()
    first = server.http.post(path, body, idempotency_key=key)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: server.http.post(path, body, idempotency_key=key), range(96)))
    assert all(_is_replay(answer, first) for answer in answers)


def test_an_answer_that_an_older_release_stored_is_replayed_unless_it_is_a_secret(own_server: OwnServer) -> None:
    older = own_server()
    plain, secret, contact = samples.key(), samples.key(), {"phone_number": samples.phone()}
    first = older.http.post(CONTACTS, contact, idempotency_key=plain)
    hook = older.http.post("/v3/webhooks", samples.webhook(), idempotency_key=secret)
    older.stop()
    database.change(older.database_url, "UPDATE idempotency_keys SET operation = NULL")
    http = own_server(home=older.home, database_url=older.database_url).http
    assert _is_replay(http.post(CONTACTS, contact, idempotency_key=plain), first)
    assert _is_refused_for_good(http.post(CONTACTS, contact, idempotency_key=secret))
    assert _is_replay(http.post("/v3/webhooks", samples.webhook(), idempotency_key=secret), hook)


def _message() -> dict[str, object]:
    return {"to": [samples.phone()], "template": {"name": "welcome"}, "channel": ["sms"]}
