"""Every page: accessible, within its width, in both themes; and its forms work without scripts."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.conftest import Tab
from harness import samples
from harness.server import Server
from harness.waiting import wait_for

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
PATHS = (
    "", "/activities",
    "/playground", "/phones", "/phones/+14155550191", "/templates", "/templates/new", "/contacts", "/webhooks",
    "/keys", "/lookup?number=%2B14155550191", "/users", "/billing", "/audit", "/me",
)  # fmt: skip
SHOTS = Path(__file__).parents[3] / "screenshots"


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
def test_pages_are_accessible_and_fit(server: Server, open_tab: Callable[..., Tab], width: int, theme: str) -> None:
    template_id = server.http.post("/v3/templates", samples.template()).data["id"]
    body = {"to": ["+14155550191"], "template": {"id": template_id}, "channel": ["sms"]}
    message_id = server.http.post("/v3/messages", body).data["recipients"][0]["message_id"]
    wait_for(
        lambda: server.http.get(f"/v3/messages/{message_id}").data["status"],
        60,
        until=lambda now: now in ("DELIVERED", "READ"),
    )
    tab = open_tab(server, width=width, theme=theme)
    SHOTS.mkdir(exist_ok=True)
    for path in (*PATHS, f"/activities/{message_id}"):
        tab.open(path)
        tab.page.evaluate(AXE)
        found = tab.page.evaluate("axe.run()")["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == [], path
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= width, path
        name = path.partition("?")[0].strip("/").replace("/", "-").replace(message_id, "message") or "overview"
        tab.page.screenshot(path=SHOTS / f"{name}-{width}-{theme}.png", full_page=True)


def test_the_phone_answers_without_scripts(server: Server, open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(server, scripts=False)
    tab.open("/phones/+14155550192?channel=sms")
    tab.page.get_by_label("Answer as this person").fill("hello there")
    tab.page.get_by_role("button", name="Send", exact=True).click()
    expect(tab.page.get_by_role("log").get_by_text("hello there")).to_be_visible()
