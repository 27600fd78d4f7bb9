"""The table of pages: method, path below the account, handler, and the roles that may open it."""

import re
from collections.abc import Awaitable, Callable, Sequence

from starlette.responses import Response

from sent_server.dashboard.nav import ADMINS, DEVELOPERS, EVERYBODY
from sent_server.dashboard.pages import (
    activities,
    audit_log,
    billing,
    contacts,
    keys,
    lookup,
    me,
    message,
    overview,
    phones,
    playground,
    templates,
    users,
    webhooks,
)
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
    _page("GET", "/activities", activities.show),
    _page("GET", "/activities/{id}", message.show),
    _page("GET", "/phones", phones.show_all, ADMINS),
    _page("POST", "/phones", phones.open_one, ADMINS),
    _page("GET", "/phones/{number}", phones.show, ADMINS),
    _page("POST", "/phones/{number}/messages", phones.answer, ADMINS),
    _page("POST", "/phones/{number}/channels", phones.set_channels, ADMINS),
    _page("GET", "/playground", playground.show, DEVELOPERS),
    _page("POST", "/playground", playground.send, DEVELOPERS),
    _page("GET", "/templates", templates.show_all),
    _page("GET", "/templates/new", templates.show_new, DEVELOPERS),
    _page("POST", "/templates/new", templates.create, DEVELOPERS),
    _page("GET", "/templates/{id}", templates.show),
    _page("POST", "/templates/{id}/submit", templates.submit, DEVELOPERS),
    _page("POST", "/templates/{id}/name", templates.rename, DEVELOPERS),
    _page("POST", "/templates/{id}/delete", templates.delete, DEVELOPERS),
    _page("GET", "/contacts", contacts.show_all),
    _page("POST", "/contacts", contacts.create, DEVELOPERS),
    _page("GET", "/contacts/{id}", contacts.show),
    _page("POST", "/contacts/{id}", contacts.change, DEVELOPERS),
    _page("POST", "/contacts/{id}/delete", contacts.delete, DEVELOPERS),
    _page("GET", "/webhooks", webhooks.show_all),
    _page("POST", "/webhooks", webhooks.create, DEVELOPERS),
    _page("GET", "/webhooks/{id}", webhooks.show),
    _page("POST", "/webhooks/{id}/test", webhooks.test, DEVELOPERS),
    _page("POST", "/webhooks/{id}/toggle", webhooks.toggle, DEVELOPERS),
    _page("POST", "/webhooks/{id}/replay", webhooks.replay, DEVELOPERS),
    _page("POST", "/webhooks/{id}/rotate", webhooks.rotate, DEVELOPERS),
    _page("POST", "/webhooks/{id}/delete", webhooks.delete, DEVELOPERS),
    _page("GET", "/keys", keys.show, DEVELOPERS),
    _page("POST", "/keys", keys.create, DEVELOPERS),
    _page("POST", "/keys/{id}/revoke", keys.revoke, DEVELOPERS),
    _page("GET", "/lookup", lookup.show),
    _page("GET", "/users", users.show, DEVELOPERS),
    _page("POST", "/users", users.invite, ADMINS),
    _page("POST", "/users/{id}", users.change, ADMINS),
    _page("POST", "/users/{id}/remove", users.remove, ADMINS),
    _page("GET", "/billing", billing.show),
    _page("GET", "/audit", audit_log.show, ADMINS),
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
