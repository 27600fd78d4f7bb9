"""People in a real browser: signed in, with no request to another host and no violation of the page's policy."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route

from harness import browser
from harness.server import Server

OWNER = "owner@demo.example"


@dataclass
class Tab:
    """`home` is the address of the account's overview. `faults` are what no page may do."""

    context: BrowserContext
    page: Page
    home: str = ""
    faults: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.home + path)


@pytest.fixture
def open_tab(chromium: str) -> Iterator[Callable[..., Tab]]:
    """Opens a browser of its own, signed in by a link. `scripts=False` runs no JavaScript.

    Start the servers of a test before its first tab: see `browser.started`.
    """
    opened: list[Tab] = []
    stack = contextlib.ExitStack()
    running: list[Browser] = []

    def open_one(
        server: Server, *, email: str = OWNER, width: int = 1440, theme: str = "light", scripts: bool = True
    ) -> Tab:
        if not running:
            running.append(stack.enter_context(browser.started(chromium)))
        context = running[0].new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
            java_script_enabled=scripts,
        )
        context.set_default_timeout(60_000)
        tab = Tab(context, context.new_page())
        opened.append(tab)

        def only_ours(route: Route) -> None:
            if route.request.url.startswith(server.base_url):
                route.continue_()
            else:
                tab.faults.append(f"asked for {route.request.url}")
                route.abort()

        def note(message: ConsoleMessage) -> None:
            if message.type == "error":
                tab.faults.append(message.text)

        context.route("**/*", only_ours)
        tab.page.on("console", note)
        tab.page.on("pageerror", lambda error: tab.faults.append(str(error)))
        tab.page.goto(server.ask("dashboard link", email=email)["link"])
        tab.page.get_by_role("button", name="Continue as").click()
        tab.page.wait_for_url("**/dashboard/*")
        tab.home = tab.page.url
        return tab

    with stack:
        yield open_one
        for tab in opened:
            tab.context.close()
    assert [fault for tab in opened for fault in tab.faults] == []
