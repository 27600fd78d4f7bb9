"""Who sees which page: accounts of others and pages above one's role do not exist."""

import re
from urllib.parse import urlsplit

import pytest

from harness import samples
from harness.server import Account, Server
from harness.visitor import Visitor, sign_in
from sent_server.dashboard.nav import ADMINS
from sent_server.dashboard.routes import PAGES

OWNER = "owner@demo.example"
UNKNOWN_ID = "01a22e7a-ca4c-70d2-9e77-01d18c75aac8"
NOTHING = "There is nothing here, or not for you"


def join(server: Server, customer_id: str, email: str, role: str) -> None:
    invited = server.ask("users invite", customer_id=customer_id, email=email, name="A person", role=role)
    answer = Visitor(server).post(urlsplit(invited["link"]).path, {"answer": "accept", "name": "A person"})
    assert answer.status == 200


def paths(customer_id: str) -> list[tuple[str, str, frozenset[str]]]:
    """Every page with sample parameters."""
    found: list[tuple[str, str, frozenset[str]]] = []
    for page in PAGES:
        sample = page.pattern.pattern.replace("(?P<number>[^/]+)", "+14155550188")
        sample = re.sub(r"\(\?P<\w+>\[\^/\]\+\)", UNKNOWN_ID, sample)
        found.append((page.method, f"/dashboard/{customer_id}{sample}", page.may))
    return found


def test_a_foreign_account_is_like_an_unknown_one(server: Server, fresh_account: Account) -> None:
    visitor, page = sign_in(server, OWNER)
    for customer_id in (fresh_account.customer_id, UNKNOWN_ID):
        for method, path, _ in paths(customer_id):
            answer = visitor.get(path) if method == "GET" else visitor.submit(page, path)
            assert (answer.status, NOTHING in answer.said) == (404, True), path


@pytest.mark.parametrize("role", ["admin", "developer", "billing"])
def test_a_role_reaches_its_pages_only(server: Server, fresh_account: Account, role: str) -> None:
    email = f"{role}-{fresh_account.customer_id[-6:]}@example.com"
    join(server, fresh_account.customer_id, email, role)
    visitor, page = sign_in(server, email)
    assert page.path == f"/dashboard/{fresh_account.customer_id}"
    for method, path, may in paths(fresh_account.customer_id):
        answer = visitor.get(path) if method == "GET" else visitor.submit(page, path)
        if role not in may:
            assert answer.status == 404, path
        elif UNKNOWN_ID in path:
            assert answer.status in (404, 422), path
        else:
            assert answer.status in (200, 422), path
    assert ("Phones" in page.said) is (role in ADMINS)


def test_a_removed_or_suspended_person_is_out_at_once(server: Server, fresh_account: Account) -> None:
    email = f"gone-{fresh_account.customer_id[-6:]}@example.com"
    join(server, fresh_account.customer_id, email, "developer")
    visitor, page = sign_in(server, email)
    user_id = server.ask("users list", customer_id=fresh_account.customer_id)[0]["id"]
    server.ask("users suspend", customer_id=fresh_account.customer_id, user_id=user_id)
    assert visitor.get(page.path).status == 404
    assert visitor.get("/dashboard").status == 403


def test_an_organization_opens_its_profiles(server: Server, fresh_account: Account) -> None:
    profile = server.create_profile(fresh_account.customer_id, "Brand B")
    email = f"org-{fresh_account.customer_id[-6:]}@example.com"
    join(server, fresh_account.customer_id, email, "developer")
    visitor, page = sign_in(server, email)
    assert "Brand B" in page.said
    assert visitor.get(f"/dashboard/{profile.customer_id}").status == 200


def test_a_message_of_another_account_is_like_an_unknown_one(server: Server, fresh_account: Account) -> None:
    template_id = fresh_account.http.post("/v3/templates", samples.template()).data["id"]
    sent = fresh_account.http.post("/v3/messages", {"to": ["+14155550142"], "template": {"id": template_id}}).data
    message_id = sent["recipients"][0]["message_id"]
    visitor, page = sign_in(server, OWNER)
    for unknown in (message_id, UNKNOWN_ID, "x"):
        answer = visitor.get(f"{page.path}/activities/{unknown}")
        assert (answer.status, NOTHING in answer.said) == (404, True)
