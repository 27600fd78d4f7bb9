"""The promise of the product: from the link to a read message, an opt-out and a refusal, without a reload."""

from collections.abc import Callable

from playwright.sync_api import expect

from browser.conftest import Tab
from harness import samples
from harness.server import OwnServer

PHONE = "+1234567890"


def test_a_message_arrives_is_answered_with_stop_and_the_next_is_refused(
    own_server: OwnServer, open_tab: Callable[..., Tab]
) -> None:
    server = own_server()
    tab = open_tab(server)
    page = tab.page
    expect(page.get_by_text("No message has been sent yet.")).to_be_visible()
    template_id = server.http.post("/v3/templates", samples.template()).data["id"]
    body = {"to": [PHONE], "template": {"id": template_id}, "channel": ["sms"]}
    assert server.http.post("/v3/messages", body).status == 202

    expect(page.get_by_text("Your first message was delivered in")).to_be_visible(timeout=60_000)
    tab.open("?channel=sms")
    expect(page.get_by_role("log").locator(".bubble")).to_have_count(1)
    page.get_by_label("Answer as this person").fill("Stop!")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("log").get_by_text("unsubscribed")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Answer as the phone").locator("xpath=ancestor::li")).to_have_class("done-text")
    refused = server.http.post("/v3/messages", body)
    assert (refused.status, refused.code) == (422, "BUSINESS_004")
