"""The pages of the reference, mounted without authentication: GET and HEAD, with an ETag."""

import functools
import hashlib
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from sent_server.http.endpoint import Shared
from sent_server.http.fallback import MethodNotAllowed, NotFound
from sent_server.kernel.values import value_object
from sent_server.reference import document, guides, pages, postman

JSON, HTML, SVG = "application/json", "text/html; charset=utf-8", "image/svg+xml"
POLICY = b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
PICTURE_POLICY = b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"  # a picture has its own style
SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
_QUALITY = re.compile(r"[01](\.[0-9]{0,3})?")
# From the path's values to the content; None for an unknown page.
Content = Callable[[Scope], bytes | None]


@value_object
class StaticPage:
    content: Content
    media_type: str
    not_found: ASGIApp
    not_allowed: ASGIApp
    missing_page: Callable[[], bytes] | None = None  # for browsers, with the status 404

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await self.not_allowed(scope, receive, send)
            return
        body, status = self.content(scope), 200
        request_headers = dict(scope["headers"])
        if body is None and self.missing_page is not None and _prefers_html(request_headers.get(b"accept", b"")):
            body, status = self.missing_page(), 404
        if body is None:
            await self.not_found(scope, receive, send)
            return
        tag = _tag(body)
        known = status == 200 and request_headers.get(b"if-none-match") == tag
        headers = [
            (b"content-type", self.media_type.encode()),
            (b"etag", tag),
            (b"cache-control", b"no-cache"),
            (b"content-security-policy", PICTURE_POLICY if self.media_type == SVG else POLICY),
            *SECURITY,
        ]
        if self.media_type == JSON:  # so that tools on other pages may read it; it is the same for everybody
            headers.append((b"access-control-allow-origin", b"*"))
        if not known:
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": 304 if known else status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if known else body})


def _prefers_html(accept: bytes) -> bool:
    """A browser names text/html; a client of the API names JSON, anything, or nothing."""
    quality: dict[str, float] = {}
    for part in accept.decode("latin-1").lower().split(","):
        media_type, *parameters = (word.strip() for word in part.split(";"))
        q = next((word[2:] for word in parameters if word.startswith("q=")), "1")
        quality[media_type] = float(q) if _QUALITY.fullmatch(q) else 0.0
    return quality.get("text/html", 0.0) > quality.get("application/json", 0.0)


@functools.lru_cache(maxsize=256)
def _tag(body: bytes) -> bytes:
    """Pages are the same bytes each time, which remember their hash; the digest of a large one takes a millisecond."""
    return b'"%s"' % hashlib.sha256(body).hexdigest()[:16].encode()


@value_object
class Redirect:
    target: str
    not_allowed: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await self.not_allowed(scope, receive, send)
            return
        headers = [
            (b"location", self.target.encode()),
            (b"content-length", b"0"),
            (b"content-security-policy", POLICY),
            *SECURITY,
        ]
        await send({"type": "http.response.start", "status": 307, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def mounts(shared: Shared, *, base_url: str) -> dict[str, ASGIApp]:
    """`base_url` is shown in the pages, unless the caller used another loopback name of this server."""
    not_found, not_allowed = NotFound(shared), MethodNotAllowed("GET, HEAD", shared)
    port = urlsplit(base_url).port
    own_names = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}

    def of(content: Content, media_type: str, missing_page: Callable[[], bytes] | None = None) -> ASGIApp:
        return StaticPage(content, media_type, not_found, not_allowed, missing_page)

    def at(scope: Scope) -> str:
        # No other name is taken from the request: a forged Host must not put links into our pages.
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        return f"http://{host}" if host in own_names else base_url

    return {
        "/": Redirect("/dashboard", not_allowed),
        "/openapi.json": of(lambda scope: document.served(at(scope)), JSON),
        "/postman.json": of(lambda scope: postman.served(at(scope)), JSON),
        "/docs": of(lambda scope: pages.docs(at(scope)), HTML),
        "/docs/guides/{path:path}": of(lambda scope: pages.guide(scope["path_params"]["path"]), HTML),
        "/docs/pictures/{name}": of(lambda scope: guides.picture(scope["path_params"]["name"]), SVG),
        "/docs/style.css": of(lambda _: pages.asset("style.css"), "text/css; charset=utf-8"),
        "/docs/page.js": of(lambda _: pages.asset("page.js"), "text/javascript; charset=utf-8"),
        "/errors": of(lambda _: pages.errors(), HTML),
        "/errors/{code}": of(lambda scope: pages.error(scope["path_params"]["code"]), HTML, pages.no_error),
    }
