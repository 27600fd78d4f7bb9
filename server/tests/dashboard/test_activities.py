"""The list of messages on the dashboard: views, filters, search and pages."""

import re

from harness import samples
from harness.server import Account, Server
from harness.visitor import Visitor, sign_in
from harness.waiting import wait_for

OWNER = "owner@demo.example"


def send(account: Server | Account, phone: str) -> str:
    http = account.http
    template_id = http.post("/v3/templates", samples.template()).data["id"]
    body = {"to": [phone], "template": {"id": template_id}, "channel": ["sms"]}
    return http.post("/v3/messages", body).data["recipients"][0]["message_id"]


def test_a_search_finds_a_number_in_any_spelling_and_a_message_by_its_id(server: Server) -> None:
    message_id = send(server, "+14155550611")
    visitor, page = sign_in(server, OWNER)
    for typed in ("%2B14155550611", "%2B1+(415)+555-0611"):
        found = visitor.get(f"{page.path}/activities?q={typed}")
        assert f"/activities/{message_id}" in found.text
    assert visitor.get(f"{page.path}/activities?q={message_id}").path.endswith(f"/activities/{message_id}")
    assert "Nothing matches" in visitor.get(f"{page.path}/activities?q=%2B14155559999").said


def test_views_show_what_failed_and_what_people_wrote(server: Server) -> None:
    visitor, page = sign_in(server, OWNER)
    phone = "+14155550612"
    send(server, phone)
    visitor.submit(page, f"{page.path}/phones/{phone}/messages", channel="sms", text="a question", back="phone")
    inbound = f"{page.path}/activities?view=inbound&q=%2B14155550612"
    wait_for(lambda: visitor.get(inbound).said, 60, until=lambda said: "a question" in said)
    assert "Nothing matches" in visitor.get(f"{page.path}/activities?view=attention&q=%2B14155550612").said


def test_pages_lead_back_and_forth(server: Server) -> None:
    template_id = server.http.post("/v3/templates", samples.template()).data["id"]
    phones = [f"+1415556{number:04}" for number in range(60)]
    assert server.http.post("/v3/messages", {"to": phones, "template": {"id": template_id}}).status == 202
    visitor, page = sign_in(server, OWNER)
    first = visitor.get(f"{page.path}/activities?status=QUEUED%2CROUTED%2CSENT%2CDELIVERED%2CREAD%2CFAILED")
    older = visitor.get(link(first.text, "Older"))
    newer = visitor.get(link(older.text, "Newer"))
    assert rows(first.text) == rows(newer.text)
    assert not set(rows(first.text)) & set(rows(older.text))


def test_a_filter_that_is_none_says_so(server: Server) -> None:
    visitor, page = sign_in(server, OWNER)
    assert visitor.get(f"{page.path}/activities?status=NONSENSE").status == 422
    assert visitor.get(f"{page.path}/activities?after=x").status == 422


def test_an_empty_account_says_what_to_do(server: Server, fresh_account: Account) -> None:
    invited = server.ask(
        "users invite",
        customer_id=fresh_account.customer_id,
        email=f"{fresh_account.customer_id}@example.com",
        name="A",
        role="developer",
    )
    Visitor(server).post("/" + invited["link"].split("/", 3)[3], {"answer": "accept", "name": "A"})
    visitor, page = sign_in(server, f"{fresh_account.customer_id}@example.com")
    assert "No messages yet" in visitor.get(f"{page.path}/activities").said


def link(text: str, label: str) -> str:
    before = text.split(f">{label}" if label == "Older" else f"{label}</a>")[0]
    return before.rsplit('<a class="button small" href="', 1)[1].split('"')[0].replace("&amp;", "&")


def rows(text: str) -> list[str]:
    return re.findall(r'<tr [^>]*id="m-([^"]+)"', text)
