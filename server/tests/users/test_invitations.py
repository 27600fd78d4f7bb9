"""From the link to the answer: tokens, their end, the page, and who may try how often."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import database, samples
from harness.client import Client, Response
from harness.server import Account, OwnServer, Server
from harness.waiting import wait_for
from users import people

ACCEPT, REJECT = "/v3/users/invitations/accept", "/v3/users/invitations/reject"
WEEK_MS = 7 * 86_400_000
UNKNOWN = "This invitation is not known; it may have been withdrawn"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def account(fresh_account: Account) -> Account:
    return fresh_account


@pytest.fixture
def anyone(server: Server) -> Client:
    return server.anonymous()


def _token(server: Server, account: Account, user: dict[str, object]) -> str:
    return people.tokens(server, account.customer_id)[str(user["email"])]


def _page(http: Client, token: str, form: bytes | None = None) -> Response:
    method = "GET" if form is None else "POST"
    return http.request(method, f"/invitations/{token}", body=form, headers=FORM if form else (), checked=False)


def test_accepting_makes_active_under_the_name_that_the_person_gives(
    server: Server, anyone: Client, account: Account
) -> None:
    user = people.invite(account)
    body = {"token": _token(server, account, user), "name": " Jane D. "}
    answer = anyone.post(ACCEPT, body)
    assert answer.data == {**user, "status": "active", "name": "Jane D.", "updated_at": answer.data["updated_at"]}
    assert account.http.get(f"/v3/users/{user['id']}").data == answer.data


def test_the_same_answer_twice_is_one_answer(server: Server, anyone: Client, account: Account) -> None:
    for path, other in ((ACCEPT, REJECT), (REJECT, ACCEPT)):
        token = _token(server, account, people.invite(account))
        first = anyone.post(path, {"token": token})
        assert anyone.post(path, {"token": token}).data == first.data
        refused = anyone.post(other, {"token": token})
        assert (refused.status, refused.code) == (400, "VALIDATION_001")
        assert token not in people.tokens(server, account.customer_id).values()


def test_both_answers_at_once_leave_one(server: Server, anyone: Client, account: Account) -> None:
    for _ in range(3):
        user = people.invite(account)
        body = {"token": _token(server, account, user)}
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(anyone.post, [ACCEPT, REJECT] * 3, [body] * 6))
        assert sorted(answer.status for answer in answers) == [200] * 3 + [400] * 3
        (won,) = {answer.data["status"] for answer in answers if answer.status == 200}
        assert people.statuses(account)[user["email"]][1] == won


def test_who_declined_may_be_asked_again_with_a_new_token(server: Server, anyone: Client, account: Account) -> None:
    user = people.invite(account)
    old = _token(server, account, user)
    assert anyone.post(REJECT, {"token": old}).data["status"] == "rejected"
    again = people.invite(account, email=user["email"], role="billing")
    assert (again["id"], again["role"], again["status"]) == (user["id"], "billing", "invited")
    assert anyone.post(ACCEPT, {"token": old}).error["message"] == UNKNOWN
    assert anyone.post(ACCEPT, {"token": _token(server, account, user)}).status == 200


def test_a_removed_persons_token_is_unknown(server: Server, anyone: Client, account: Account) -> None:
    user = people.invite(account)
    token = _token(server, account, user)
    account.http.delete(f"/v3/users/{user['id']}", {})
    assert anyone.post(ACCEPT, {"token": token}).error["message"] == UNKNOWN


@pytest.mark.parametrize("change", ["secret", "id", "none", "no dot", "long", "unicode"])
def test_a_token_that_does_not_fit_is_unknown(server: Server, anyone: Client, account: Account, change: str) -> None:
    user = people.invite(account)
    token = _token(server, account, user)
    head, _, secret = token.partition(".")
    wrong = {
        "secret": f"{head}.{'A' * len(secret)}",
        "id": f"{samples.UNKNOWN_ID.replace('-', '')}.{secret}",
        "none": f"{head}.",
        "no dot": head + secret,
        "long": token + "x" * 100_000,
        "unicode": f"{head}.ünïcode",
    }[change]
    answer = anyone.post(ACCEPT, {"token": wrong})
    assert (answer.status, answer.code, answer.details) == (400, "VALIDATION_001", {"token": [UNKNOWN]})
    assert people.statuses(account)[user["email"]][1] == "invited"


def test_an_invitation_lives_seven_days_and_may_then_be_sent_again(own_server: OwnServer) -> None:
    server = own_server()
    account = server.account(server.customer_id, server.api_key)
    user = people.invite(account)
    token = _token(server, account, user)
    server.http.post("/sim/clock", {"advance_ms": WEEK_MS - 60_000})
    assert account.http.post("/v3/users", {**samples.user(), "email": user["email"]}).status == 409
    server.http.post("/sim/clock", {"advance_ms": 60_000})
    for path in (ACCEPT, REJECT):
        refused = server.anonymous().post(path, {"token": token})
        assert refused.error["message"] == "This invitation has expired; ask for another one"
    assert "expired" in _page(server.anonymous(), token).body.decode()
    (shown,) = server.ask("users invitations", customer_id=server.customer_id)
    assert shown["expired"] is True
    again = people.invite(account, email=user["email"])
    assert (again["id"], again["status"]) == (user["id"], "invited")
    assert again["invited_at"] > user["invited_at"]
    assert server.anonymous().post(ACCEPT, {"token": _token(server, account, user)}).status == 200


def test_a_sandbox_answer_changes_nothing(server: Server, anyone: Client, account: Account) -> None:
    user = people.invite(account)
    token = _token(server, account, user)
    answer = anyone.post(ACCEPT, {"token": token, "sandbox": True})
    assert (answer.status, answer.data["status"], answer.headers["x-sandbox"]) == (200, "active", "true")
    assert people.statuses(account)[user["email"]][1] == "invited"
    assert anyone.post(REJECT, {"token": token}).status == 200


def test_tokens_stand_nowhere_in_clear(server: Server, account: Account) -> None:
    secret = _token(server, account, people.invite(account)).partition(".")[2]
    for name in database.names(server.database_url):
        assert secret not in repr(database.rows(server.database_url, f"SELECT * FROM {name}")), name


def test_without_a_mail_server_the_link_is_in_the_log(server: Server, account: Account) -> None:
    user = people.invite(account)
    token = _token(server, account, user)
    wait_for(lambda: token in server.errors.text, what="the link in the log")


def test_the_page_shows_the_invitation_and_changes_nothing(server: Server, anyone: Client) -> None:
    account = server.create_account("<b>Acme</b> & Sons")
    user = people.invite(account, name='"><script>alert(1)</script>', role="billing")
    token = _token(server, account, user)
    page = _page(anyone, token)
    text = page.body.decode()
    assert page.status == 200
    assert "&lt;b&gt;Acme&lt;/b&gt; &amp; Sons" in text
    assert "<script" not in text
    assert not re.search(r"""(src|href)=|https?://""", text)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert people.statuses(account)[user["email"]] == ("billing", "invited")


def test_the_page_answers(server: Server, anyone: Client, account: Account) -> None:
    yes, no = people.invite(account), people.invite(account)
    welcome = _page(anyone, _token(server, account, yes), b"answer=accept&name=Jane+%26+Co")
    assert (welcome.status, "Jane &amp; Co" in welcome.body.decode()) == (200, True)
    assert _page(anyone, _token(server, account, no), b"answer=reject&name=").status == 200
    found = people.statuses(account)
    assert (found[yes["email"]][1], found[no["email"]][1]) == ("active", "rejected")
    assert account.http.get(f"/v3/users/{yes['id']}").data["name"] == "Jane & Co"


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (b"", 400),
        (b"answer=maybe", 400),
        (b"answer=accept&answer=reject", 400),
        (b"answer=accept&name=a%0D%0Ab", 400),
        (b"name=" + b"x" * 20_000, 413),
    ],
)
def test_the_page_refuses_what_is_no_answer(
    server: Server, anyone: Client, account: Account, form: bytes, status: int
) -> None:
    user = people.invite(account)
    assert _page(anyone, _token(server, account, user), form or b"x=").status == status
    assert people.statuses(account)[user["email"]][1] == "invited"


def test_the_page_of_no_invitation_says_so(anyone: Client) -> None:
    for token in ("x", "%00", "a" * 300, f"{'0' * 32}.secret"):
        page = _page(anyone, token)
        assert (page.status, UNKNOWN in page.body.decode()) == (400, True)
    refused = anyone.request("DELETE", "/invitations/x", checked=False)
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, POST")


def test_secrets_of_one_invitation_can_be_tried_ten_times_a_minute(own_server: OwnServer) -> None:
    server = own_server()
    account = server.account(server.customer_id, server.api_key)
    head = _token(server, account, people.invite(account)).partition(".")[0]
    answers = [server.anonymous().post(ACCEPT, {"token": f"{head}.guess{number}"}) for number in range(12)]
    assert [answer.status for answer in answers] == [400] * 10 + [429] * 2
    assert answers[-1].code == "BUSINESS_002"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert _page(server.anonymous(), f"{head}.guess").status == 429


def test_whoever_has_the_link_may_open_it_as_often_as_they_like(own_server: OwnServer) -> None:
    """A mail scanner opens every link of an email several times before the person does."""
    server = own_server()
    account = server.account(server.customer_id, server.api_key)
    user = people.invite(account)
    token, anyone = _token(server, account, user), server.anonymous()
    assert {_page(anyone, token).status for _ in range(30)} == {200}
    assert {anyone.post(ACCEPT, {"token": token}).status for _ in range(15)} == {200}


def test_an_address_can_try_two_hundred_times_a_minute(own_server: OwnServer) -> None:
    anyone = own_server().anonymous()
    answers = [anyone.post(REJECT, {"token": f"nonsense {number}"}) for number in range(201)]
    assert [answer.status for answer in answers] == [400] * 200 + [429]
    assert [int(answer.headers["x-ratelimit-remaining"]) for answer in answers[:200]] == list(range(199, -1, -1))
