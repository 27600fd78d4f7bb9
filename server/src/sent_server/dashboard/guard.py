"""The checks of every request before its page (cookie, session, origin, form token), and the headers of answers."""

import hmac
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from sent_server.dashboard.auth import service as auth
from sent_server.dashboard.auth.model import Session
from sent_server.dashboard.errors import PageError, expired_form
from sent_server.db import Database
from sent_server.kernel.values import value_object
from sent_server.settings import Settings

HEADERS = {
    "content-security-policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
    "object-src 'none'",
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


@value_object
class Guard:
    """`is_https`: people reach this server over TLS, through a proxy. Without, only loopback may sign in."""

    database: Database
    is_https: bool
    loopback_only: bool

    @classmethod
    def of(cls, database: Database, settings: Settings) -> "Guard":
        return cls(database, settings.public_url.startswith("https://"), settings.listens_on_loopback)

    @property
    def cookie(self) -> str:
        return "__Host-sent" if self.is_https else "sent-loopback"

    def check_transport(self) -> None:
        """Raises PageError where a session's cookie would cross a network in plain text."""
        if not self.is_https and not self.loopback_only:
            text = (
                "This server listens on a network without TLS. Put a proxy with TLS in front of it, and set "
                "SENT_PUBLIC_URL to its https address. Then restart the server."
            )
            raise PageError(403, "The dashboard needs HTTPS", text)

    async def session(self, request: Request, *, now_ms: int) -> Session | None:
        token = request.cookies.get(self.cookie)
        if not token or len(token) > 100:
            return None
        found = await self.database.read(lambda tx: auth.find_session(tx, token, now_ms=now_ms))
        if found and now_ms - found.seen_at_ms >= auth.SEEN_EVERY_MS:
            await self.database.write(lambda tx: auth.see(tx, found, now_ms=now_ms))
        return found

    def remember(self, response: Response, token: str) -> None:
        response.set_cookie(
            self.cookie,
            token,
            max_age=auth.SESSION_MS // 1_000,
            path="/",
            secure=self.is_https,
            httponly=True,
            samesite="lax",
        )

    def forget(self, response: Response) -> None:
        response.delete_cookie(self.cookie, path="/", secure=self.is_https, httponly=True, samesite="lax")


def check_origin(request: Request) -> None:
    """Raises PageError for a form that another site sent. Browsers say where a request comes from."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise expired_form()
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise expired_form()


def check_form(form: Mapping[str, str], session: Session) -> None:
    """Raises PageError unless the form carries the token of the session."""
    if not hmac.compare_digest(form.get("csrf", "").encode(), session.csrf_token.encode()):
        raise expired_form()
