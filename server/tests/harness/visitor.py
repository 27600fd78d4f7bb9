"""A person with a browser that runs no scripts: keeps cookies, follows redirects, and sends the forms of pages."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

from harness.server import Server


@dataclass(frozen=True, slots=True)
class Page:
    """`path` is where the redirects ended."""

    status: int
    path: str
    headers: Mapping[str, str]
    text: str

    @property
    def said(self) -> str:
        """The text without markup, with single spaces."""
        visible = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", self.text, flags=re.DOTALL)
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", visible))).strip()

    @property
    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.text)
        return found.group(1) if found else ""


class Visitor:
    def __init__(self, server: Server) -> None:
        self._address = urlsplit(server.base_url)
        self.cookies: dict[str, str] = {}

    def get(self, path: str, *, headers: Mapping[str, str] | None = None) -> Page:
        return self._request("GET", path, headers or {})

    def post(self, path: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None) -> Page:
        """Send the form as it is given, with no token of its own."""
        return self._request("POST", path, headers or {}, urlencode(form).encode())

    def submit(self, page: Page, path: str, **fields: str) -> Page:
        """Send a form of this page, with the page's token."""
        return self.post(path, {"csrf": page.csrf, **fields})

    def _request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Page:
        for _ in range(5):
            sent = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **headers}
            if body is not None:
                sent["content-type"] = "application/x-www-form-urlencoded"
            connection = HTTPConnection(self._address.hostname or "", self._address.port or 80, timeout=60)
            try:
                connection.request(method, path, body, sent)
                response = connection.getresponse()
                text = response.read().decode("utf-8", "replace")
            finally:
                connection.close()
            received = {name.lower(): value for name, value in response.getheaders()}
            if "set-cookie" in received:
                self._keep(received["set-cookie"])
            if response.status != 303:
                return Page(response.status, path, received, text)
            method, path, body = "GET", received["location"], None
        raise AssertionError("redirected five times")

    def _keep(self, cookie: str) -> None:
        name, _, rest = cookie.partition("=")
        value = rest.partition(";")[0].strip('"')
        if "Max-Age=0" in cookie:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value


def sign_in(server: Server, email: str) -> tuple[Visitor, Page]:
    """A visitor who has opened a fresh link, and the first page."""
    visitor = Visitor(server)
    link: str = server.ask("dashboard link", email=email)["link"]
    path = urlsplit(link).path
    visitor.get(path)
    return visitor, visitor.post(path, {})
