"""The page behind an invitation's link: who invites, and a form with two answers. No scripts and no external resources.

A GET changes nothing, because mail scanners follow links. Only the form's POST answers.
"""

import html
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send

from sent_server.db import Database
from sent_server.errors import ApiError
from sent_server.http import fields
from sent_server.http.anonymous_limits import AnonymousRateLimiter
from sent_server.http.public import client_address
from sent_server.kernel.clock import Clock
from sent_server.kernel.values import value_object
from sent_server.users import invitations, tokens
from sent_server.users.invitations import InvitationCard
from sent_server.users.model import User
from sent_server.users.wire import MAX_NAME_LENGTH, Acceptance

MAX_FORM_BYTES = 16_384
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>:root{{color-scheme:light dark}}strong,p{{overflow-wrap:anywhere}}
body{{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}}
label,input{{display:block}}input{{font:inherit;width:100%;box-sizing:border-box;padding:.5em;margin:.25em 0 1em}}
button{{font:inherit;padding:.5em 1.2em;margin-right:.5em}}</style></head>
<body><h1>{title}</h1>
{content}
</body></html>
"""
_FORM = """<p>You, <strong>{email}</strong>, are invited to work with <strong>{account}</strong> as {role}.</p>
<form method="post">
<label for="name">Your name</label><input id="name" name="name" value="{name}" maxlength="{max_length}" required>
<button name="answer" value="accept">Accept</button>
<button name="answer" value="reject" formnovalidate>Decline</button>
</form>"""


@value_object
class InvitationPage:
    """`GET` and `POST /invitations/{token}`."""

    database: Database
    clock: Clock
    limiter: AnonymousRateLimiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ApiError as refusal:
            title = "This does not work" if refusal.code == "VALIDATION_001" else "Not now"
            response = _page(refusal.status, title, f"<p>{html.escape(refusal.message)}.</p>")
            response.headers.update(refusal.headers)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> HTMLResponse:
        token: str = request.path_params["token"]
        now_ms = self.clock.now_ms()
        if request.method not in ("GET", "HEAD", "POST"):
            message = "This page accepts GET, HEAD and POST"
            raise ApiError("VALIDATION_001", message, status=405, headers={"Allow": "GET, HEAD, POST"})
        self.limiter.hit_ip(client_address(request.scope))
        with self.limiter.limit_failures(tokens.invitation_id(token), invitations.UnknownInvitationError):
            return await self._open(request, token, now_ms)

    async def _open(self, request: Request, token: str, now_ms: int) -> HTMLResponse:
        if request.method != "POST":
            return _card(await self.database.read(lambda tx: invitations.look_at(tx, token, now_ms=now_ms)))
        form = parse_qs(await _form(request))
        match form.get("answer"):
            case ["accept"]:
                wanted = fields.validate(Acceptance, {"token": token, "name": form.get("name", [""])[0] or None})
                name = wanted.name
                return _welcome(
                    await self.database.write(lambda tx: invitations.accept(tx, token, name=name, now_ms=now_ms))
                )
            case ["reject"]:
                await self.database.write(lambda tx: invitations.reject(tx, token, now_ms=now_ms))
                return _page(200, "Declined", "<p>The invitation is declined. You may close this page.</p>")
            case _:
                raise ApiError("VALIDATION_001", "The form needs an answer: accept or reject")


async def _form(request: Request) -> str:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise ApiError("VALIDATION_001", "The form is too long", status=413)
    return body.decode("utf-8", "replace")


def _card(card: InvitationCard) -> HTMLResponse:
    content = _FORM.format(
        email=html.escape(card.user.email),
        account=html.escape(card.account),
        role=html.escape(card.user.shown_role),
        name=html.escape(card.user.name),
        max_length=MAX_NAME_LENGTH,
    )
    return _page(200, "You are invited", content)


def _welcome(user: User) -> HTMLResponse:
    return _page(200, "Welcome", f"<p>You are in, {html.escape(user.name)}. You may close this page.</p>")


def _page(status: int, title: str, content: str) -> HTMLResponse:
    return HTMLResponse(_PAGE.format(title=html.escape(title), content=content), status, HEADERS)
