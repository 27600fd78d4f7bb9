"""What people see before they are signed in: sign-in by password or by link, and the way out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sent_server.dashboard import guard, places
from sent_server.dashboard.auth import passwords
from sent_server.dashboard.auth import service as auth
from sent_server.dashboard.auth.model import Session
from sent_server.dashboard.auth.service import SignInError
from sent_server.dashboard.errors import PageError
from sent_server.dashboard.guard import Guard
from sent_server.dashboard.templating import Templates
from sent_server.http.anonymous_limits import AnonymousRateLimiter
from sent_server.http.public import client_address
from sent_server.parts import Parts

SIGN_IN = "/dashboard/sign-in"
ENTER = "/dashboard/enter/"
WRONG = "That email and password do not match"


def sign_in_url(request: Request) -> str:
    """The sign-in page, which leads back to where the person wanted to go."""
    path = request.url.path
    return SIGN_IN if path in ("/dashboard", "/dashboard/") else f"{SIGN_IN}?next={quote(path)}"


@dataclass(slots=True)
class Doors:
    parts: Parts
    guard: Guard
    templates: Templates
    limiter: AnonymousRateLimiter

    async def answer(
        self, request: Request, path: str, form: Mapping[str, str], session: Session | None, *, now_ms: int
    ) -> Response | None:
        """None for a path that is not a door."""
        method = "GET" if request.method == "HEAD" else request.method
        match method, path:
            case "GET", "/dashboard" | "/dashboard/":
                return await self._home(request, session)
            case "GET", "/dashboard/sign-in":
                return self._sign_in_page(request)
            case "POST", "/dashboard/sign-in":
                self.limiter.hit_ip(client_address(request.scope))
                return await self._sign_in(request, form, now_ms=now_ms)
            case "POST", "/dashboard/sign-out":
                return await self._sign_out(form, session)
            case _ if path.startswith(ENTER):
                self.limiter.hit_ip(client_address(request.scope))
                return await self._enter(path.removeprefix(ENTER), method, now_ms=now_ms)
            case _:
                return None

    async def _home(self, request: Request, session: Session | None) -> Response:
        if session is None:
            return RedirectResponse(SIGN_IN, 303)
        found = await self.parts.database.read(lambda tx: places.all_of(tx, session.person.email))
        if not found:
            raise PageError(403, "You have no account here", "Ask an admin to invite you again.")
        wanted = request.cookies.get("sent-account")
        place = next((one for one in found if one.customer_id == wanted), found[0])
        return RedirectResponse(place.url, 303)

    def _sign_in_page(self, request: Request, *, status: int = 200, **values: Any) -> Response:
        shown = {"email": "", "problem": "", "next": request.query_params.get("next", ""), **values}
        return HTMLResponse(self.templates.page("pages/sign_in.html", shown), status)

    async def _sign_in(self, request: Request, form: Mapping[str, str], *, now_ms: int) -> Response:
        email, password = form.get("email", "").strip(), form.get("password", "")
        key = f"sign-in {email.lower()[:200]}"
        target = _inside(form.get("next", ""))
        try:
            with self.limiter.limit_failures(key, SignInError):
                person = await self.parts.database.read(lambda tx: auth.find_person(tx, email))
                if not await passwords.verify(password, person.password_hash if person else None) or person is None:
                    raise SignInError("AUTH_002")
        except SignInError:
            return self._sign_in_page(request, status=422, email=email, problem=WRONG, next=target)
        token = await self.parts.database.write(lambda tx: auth.enter_by_password(tx, person, now_ms=now_ms))
        response = RedirectResponse(target or "/dashboard", 303)
        self.guard.remember(response, token)
        return response

    async def _enter(self, token: str, method: str, *, now_ms: int) -> Response:
        """A GET changes nothing, because scanners and previews follow links. The button's POST uses the link up."""
        email = await self.parts.database.read(lambda tx: auth.look_at_link(tx, token, now_ms=now_ms))
        if email is None:
            raise _expired()
        if method == "GET":
            return HTMLResponse(self.templates.page("pages/enter.html", {"email": email}))
        try:
            session_token = await self.parts.database.write(lambda tx: auth.enter_by_link(tx, token, now_ms=now_ms))
        except SignInError:
            raise _expired() from None
        response = RedirectResponse("/dashboard", 303)
        self.guard.remember(response, session_token)
        return response

    async def _sign_out(self, form: Mapping[str, str], session: Session | None) -> Response:
        response = RedirectResponse(SIGN_IN, 303)
        if session is not None:
            guard.check_form(form, session)
            await self.parts.database.write(lambda tx: auth.end(tx, session))
        self.guard.forget(response)
        return response


def _expired() -> PageError:
    text = "A link works once, for ten minutes. `sent dashboard link` on the server prints a new one."
    return PageError(403, "This link does not work any more", text)


def _inside(path: str) -> str:
    """Only a path of the dashboard: a forged form must not send people elsewhere."""
    return path if path.startswith("/dashboard/") and not set(path) & set("\\?#") else ""
