"""Signing in to the dashboard: links, passwords, sessions and forms."""

from urllib.parse import urlsplit

import pytest

from harness.server import Server
from harness.visitor import Visitor, sign_in

OWNER = "owner@demo.example"
PASSWORD = "a-rather-long-one"


def link_path(server: Server) -> str:
    return urlsplit(server.ask("dashboard link", email=OWNER)["link"]).path


def test_without_a_session_every_page_leads_to_the_sign_in(server: Server) -> None:
    for path in ("/", "/dashboard", f"/dashboard/{server.customer_id}", f"/dashboard/{server.customer_id}/phones"):
        page = Visitor(server).get(path) if path != "/" else Visitor(server).get("/dashboard")
        assert page.status == 200
        assert page.path.startswith("/dashboard/sign-in")
        assert "Sign in" in page.said


def test_the_first_page_of_the_server_leads_to_the_dashboard(server: Server) -> None:
    answer = server.anonymous().get("/", checked=False)
    assert (answer.status, answer.headers["location"]) == (307, "/dashboard")


def test_a_link_signs_in_once(server: Server) -> None:
    path, visitor, other = link_path(server), Visitor(server), Visitor(server)
    assert "Continue as owner@demo.example" in visitor.get(path).said
    assert "Continue as owner@demo.example" in other.get(path).said, "looking at a link does not use it up"
    assert visitor.post(path, {}).path == f"/dashboard/{server.customer_id}"
    for page in (other.post(path, {}), other.get(path), other.get("/dashboard/enter/unknown")):
        assert page.status == 403
        assert "sent dashboard link" in page.said


def test_a_link_needs_an_active_user(server: Server) -> None:
    with pytest.raises(Exception, match=r"no account has an active user nobody@example\.com"):
        server.ask("dashboard link", email="nobody@example.com")


def test_a_password_is_set_used_and_changed(server: Server) -> None:
    visitor, page = sign_in(server, OWNER)
    me = f"{page.path}/me"
    assert "Use at least 12 characters" in visitor.submit(visitor.get(me), f"{me}/password", new="short").said
    assert "password is changed" in visitor.submit(visitor.get(me), f"{me}/password", new=PASSWORD).said

    other = Visitor(server)
    wrong = other.post("/dashboard/sign-in", {"email": OWNER, "password": "not-this-one-at-all"})
    unknown = other.post("/dashboard/sign-in", {"email": "x@example.com", "password": PASSWORD})
    assert (wrong.status, unknown.status) == (422, 422)
    assert "do not match" in wrong.said
    assert wrong.said.replace(OWNER, "") == unknown.said.replace("x@example.com", "")
    assert other.post("/dashboard/sign-in", {"email": OWNER.upper(), "password": PASSWORD}).path == page.path

    refused = visitor.submit(visitor.get(me), f"{me}/password", new="another-long-one", current="wrong")
    assert "current password does not match" in refused.said
    visitor.submit(visitor.get(me), f"{me}/password", new="another-long-one", current=PASSWORD)
    assert visitor.get(page.path).status == 200
    assert other.get(page.path).path.startswith("/dashboard/sign-in"), "other sessions end with the old password"


def test_after_ten_wrong_passwords_an_address_waits(server: Server) -> None:
    visitor = Visitor(server)
    tries = [
        visitor.post("/dashboard/sign-in", {"email": "tried@example.com", "password": "x" * 12}) for _ in range(11)
    ]
    assert [page.status for page in tries] == [422] * 10 + [429]


def test_signing_out_ends_the_session(server: Server) -> None:
    visitor, page = sign_in(server, OWNER)
    kept = dict(visitor.cookies)
    assert visitor.submit(page, "/dashboard/sign-out").path == "/dashboard/sign-in"
    visitor.cookies = kept
    assert visitor.get(page.path).path.startswith("/dashboard/sign-in")


def test_a_form_needs_the_token_of_the_session_and_its_own_origin(server: Server) -> None:
    visitor, page = sign_in(server, OWNER)
    answer = f"{page.path}/phones/+14155550123/messages"
    form = {"csrf": page.csrf, "channel": "sms", "text": "hello", "back": "phone"}
    for wrong in ({**form, "csrf": ""}, {**form, "csrf": "x" * 43}, {"text": "hello", "channel": "sms"}):
        assert visitor.post(answer, wrong).status == 403
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"origin": "null"}):
        assert visitor.post(answer, form, headers=headers).status == 403
    assert "hello" not in visitor.get(f"{page.path}/phones/+14155550123?channel=sms").said
    assert visitor.post(answer, form, headers={"sec-fetch-site": "same-origin"}).status == 200


def test_the_next_page_after_sign_in_is_one_of_ours(server: Server) -> None:
    visitor = Visitor(server)
    for target in ("https://evil.example/", "//evil.example", "/dashboard/../../x?y", "/\\evil.example"):
        page = visitor.post("/dashboard/sign-in", {"email": "n@example.com", "password": "x" * 12, "next": target})
        assert "evil.example" not in page.text


def test_every_answer_has_the_safety_headers(server: Server) -> None:
    visitor, page = sign_in(server, OWNER)
    for answer in (page, visitor.get(f"{page.path}/nothing"), Visitor(server).get("/dashboard/sign-in")):
        assert answer.headers["content-security-policy"].startswith("default-src 'self'; frame-ancestors 'none'")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
