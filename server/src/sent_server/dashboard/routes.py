"""The table of pages: method, path below the account, handler, and the roles that may open it."""

import re
from collections.abc import Awaitable, Callable, Sequence

from starlette.responses import Response

from sent_server.dashboard.nav import ADMINS, EVERYBODY
from sent_server.dashboard.pages import me, message, overview, phones
from sent_server.dashboard.visit import Visit
from sent_server.kernel.values import value_object

Handler = Callable[[Visit], Awaitable[Response]]


@value_object
class Page:
    """`pattern` matches the path below `/dashboard/{customer_id}`."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler
    may: frozenset[str]


def _page(method: str, path: str, handler: Handler, may: frozenset[str] = EVERYBODY) -> Page:
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
    return Page(method, re.compile(pattern), handler, may)


PAGES: Sequence[Page] = (
    _page("GET", "", overview.show),
    _page("GET", "/activities/{id}", message.show),
    _page("GET", "/phones", phones.show_all, ADMINS),
    _page("POST", "/phones", phones.open_one, ADMINS),
    _page("GET", "/phones/{number}", phones.show, ADMINS),
    _page("POST", "/phones/{number}/messages", phones.answer, ADMINS),
    _page("POST", "/phones/{number}/channels", phones.set_channels, ADMINS),
    _page("GET", "/me", me.show),
    _page("POST", "/me/password", me.set_password),
    _page("POST", "/me/taste", me.set_taste),
)


def find(method: str, path: str) -> tuple[Page, dict[str, str]] | None:
    """The page and its parameters. HEAD is answered like GET."""
    wanted = "GET" if method == "HEAD" else method
    for page in PAGES:
        if page.method == wanted and (match := page.pattern.fullmatch(path)):
            return page, match.groupdict()
    return None
