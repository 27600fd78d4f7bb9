"""What forms change: the same as the API would, with an entry in the audit log."""

from harness.receiver import Receiver
from harness.server import Server
from harness.visitor import Page, Visitor, sign_in

OWNER = "owner@demo.example"


def open_dashboard(server: Server) -> tuple[Visitor, str, Page]:
    visitor, page = sign_in(server, OWNER)
    return visitor, page.path, page


def audited(visitor: Visitor, home: str) -> str:
    return visitor.get(f"{home}/audit").said


def test_a_template_is_written_submitted_and_deleted(server: Server) -> None:
    visitor, home, page = open_dashboard(server)
    form = {"name": "from_a_page", "category": "UTILITY", "language": "en_US", "body": "Hello {{name}}"}
    refused = visitor.submit(page, f"{home}/templates/new", **{**form, "body": ""}, submit="draft")
    assert refused.status == 422
    assert 'value="from_a_page"' in refused.text, "what was typed stays"
    made = visitor.submit(page, f"{home}/templates/new", **form, submit="draft")
    assert "from_a_page" in made.said
    template_id = made.path.rsplit("/", 1)[1]
    assert server.http.get(f"/v3/templates/{template_id}").data["status"] == "DRAFT"
    visitor.submit(page, f"{made.path}/name", name="renamed_on_a_page")
    assert server.http.get(f"/v3/templates/{template_id}").data["name"] == "renamed_on_a_page"
    visitor.submit(page, f"{made.path}/submit")
    assert server.http.get(f"/v3/templates/{template_id}").data["status"] in ("PENDING", "APPROVED")
    visitor.submit(page, f"{made.path}/delete")
    assert visitor.get(made.path).status == 404
    assert "POST /v3/templates" in audited(visitor, home)


def test_a_contact_is_added_opted_out_and_in_and_deleted(server: Server) -> None:
    visitor, home, page = open_dashboard(server)
    refused = visitor.submit(page, f"{home}/contacts", phone_number="12")
    assert (refused.status, "E.164" in refused.said) == (422, True)
    made = visitor.submit(page, f"{home}/contacts", phone_number="+14155550411")
    contact = server.http.get(f"/v3/contacts/{made.path.rsplit('/', 1)[1]}").data
    assert contact["phone_number"] == "+14155550411"
    for opt_out in (True, False):
        visitor.submit(page, made.path, opt_out=str(opt_out).lower())
        assert server.http.get(f"/v3/contacts/{contact['id']}").data["opt_out"] is opt_out
    assert "+14155550411" not in visitor.submit(page, f"{made.path}/delete").said
    assert "PATCH /v3/contacts/{id}" in audited(visitor, home)


def test_a_webhook_is_added_tested_turned_off_and_deleted(server: Server, receiver: Receiver) -> None:
    visitor, home, page = open_dashboard(server)
    form = {"display_name": "From a page", "event_types": "messages templates"}
    assert visitor.submit(page, f"{home}/webhooks", **form, endpoint_url="nonsense").status == 422
    made = visitor.submit(page, f"{home}/webhooks", **form, endpoint_url=receiver.url("/page"))
    assert "You will not see it again" in made.said
    hooks = server.http.get("/v3/webhooks").data["webhooks"]
    hook = next(one for one in hooks if one["display_name"] == "From a page")
    here = f"{home}/webhooks/{hook['id']}"
    assert "You will not see it again" not in visitor.get(here).said
    assert "Your server took the test event" in visitor.submit(page, f"{here}/test").said
    assert receiver.deliveries
    visitor.submit(page, f"{here}/toggle", is_active="false")
    assert server.http.get(f"/v3/webhooks/{hook['id']}").data["is_active"] is False
    assert "You will not see it again" in visitor.submit(page, f"{here}/rotate").said
    visitor.submit(page, f"{here}/delete")
    assert visitor.get(here).status == 404


def test_a_key_is_shown_once_works_and_is_revoked(server: Server) -> None:
    visitor, home, page = open_dashboard(server)
    made = visitor.submit(page, f"{home}/keys", role="developer")
    api_key = made.text.partition('aria-label="API key">')[2].partition("<")[0]
    client = server.client(api_key)
    assert client.get("/v3/me").status == 200
    assert api_key not in visitor.get(f"{home}/keys").text
    key_id = made.text.partition(f"…{api_key[-4:]}")[2].partition("/keys/")[2].partition("/")[0]
    visitor.submit(page, f"{home}/keys/{key_id}/revoke")
    assert client.get("/v3/me").status == 401
    assert visitor.submit(page, f"{home}/keys", role="owner").status == 422
    assert "revoke API key" in audited(visitor, home)


def test_the_playground_checks_and_sends(server: Server) -> None:
    visitor, home, page = open_dashboard(server)
    template = next(one for one in server.http.get("/v3/templates").data["templates"] if one["status"] == "APPROVED")
    form = {"template": template["id"], "to": "+1 (415) 555-0412\n+14155550413", "channel": "sms"}
    form |= {f"value-{name}": "x" for name in template["variables"]}
    checked = visitor.submit(page, f"{home}/playground", **form, action="check")
    assert "Nothing was sent" in checked.said
    sent = visitor.submit(page, f"{home}/playground", **form, action="send")
    message_id = sent.text.partition("/activities/")[2].partition('"')[0]
    assert server.http.get(f"/v3/messages/{message_id}").data["phone"] == "+14155550412"
    assert visitor.submit(page, f"{home}/playground", template=template["id"], to="12", action="send").status == 422


def test_a_person_is_invited_and_removed(server: Server) -> None:
    visitor, home, page = open_dashboard(server)
    refused = visitor.submit(page, f"{home}/users", email="nonsense", name="A", role="developer")
    assert (refused.status, 'value="nonsense"' in refused.text) == (422, True)
    said = visitor.submit(page, f"{home}/users", email="new@example.com", name="New One", role="developer").said
    assert "An invitation to new@example.com is on its way" in said
    user = next(one for one in server.http.get("/v3/users").data["users"] if one["email"] == "new@example.com")
    visitor.submit(page, f"{home}/users/{user['id']}/remove")
    assert "new@example.com" not in visitor.get(f"{home}/users").said


def test_billing_lists_what_the_ledger_did(server: Server) -> None:
    visitor, home, _ = open_dashboard(server)
    said = visitor.get(f"{home}/billing").said
    assert "available" in said
    assert "Top-up" in said or "Older" in said


def test_a_number_is_looked_up(server: Server) -> None:
    visitor, home, _ = open_dashboard(server)
    assert "Line type" in visitor.get(f"{home}/lookup?number=%2B14155550101").said
    assert visitor.get(f"{home}/lookup?number=abc").status == 422
