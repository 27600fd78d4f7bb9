"""The ASGI application of the dashboard: assets, doors for people who are not signed in, and pages of accounts."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from sent_server.dashboard import door, guard, places
from sent_server.dashboard import routes as pages
from sent_server.dashboard.assets import Asset, Assets
from sent_server.dashboard.door import Doors
from sent_server.dashboard.errors import PageError, nothing_here
from sent_server.dashboard.guard import Guard
from sent_server.dashboard.operations import Operations
from sent_server.dashboard.templating import Templates
from sent_server.dashboard.visit import Visit
from sent_server.errors import ApiError
from sent_server.http.anonymous_limits import AnonymousRateLimiter
from sent_server.http.public import client_address
from sent_server.http.route import Route
from sent_server.parts import Parts

MAX_FORM_BYTES = 65_536
_OF_ACCOUNT = re.compile(r"/dashboard/([0-9a-f-]{36})(/.*)?")
_PART = re.compile(r"[a-z_]{1,32}")


class Dashboard:
    """`routes` are the operations of the API."""

    def __init__(self, parts: Parts, routes: Sequence[Route]) -> None:
        self._parts = parts
        self._operations = Operations(routes, parts.shared)
        self._assets = Assets()
        self._templates = Templates(self._assets)
        self._guard = Guard.of(parts.database, parts.settings)
        self._doors = Doors(parts, self._guard, self._templates, AnonymousRateLimiter())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        asset = self._assets.get(request.url.path)
        if asset is not None and request.method in ("GET", "HEAD"):
            response = _file(asset, request)
        else:
            try:
                response = await self._respond(request)
            except ClientDisconnect:
                return
            except PageError as error:
                response = self._error(error.status, error.title, error.text)
            except ApiError as error:
                response = self._error(error.status, "This does not work", error.message)
                response.headers.update(error.headers)
            response.headers.update(guard.HEADERS)
            response.headers["vary"] = "HX-Request, Cookie"
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD", "POST"):
            raise PageError(405, "This address takes GET and POST", "Open it in a browser.")
        self._guard.check_transport()
        now_ms = self._parts.clock.now_ms()
        session = await self._guard.session(request, now_ms=now_ms)
        form: Mapping[str, str] = {}
        if request.method == "POST":
            guard.check_origin(request)
            form = await _form(request)
        path = request.url.path
        if (answer := await self._doors.answer(request, path, form, session, now_ms=now_ms)) is not None:
            return answer
        match = _OF_ACCOUNT.fullmatch(path)
        if session is None:
            if request.method == "POST":
                raise PageError(403, "You are signed out", "Sign in again, then repeat what you did.")
            return RedirectResponse(door.sign_in_url(request), 303)
        if match is None:
            raise nothing_here()
        if request.method == "POST":
            guard.check_form(form, session)
        found = pages.find(request.method, match.group(2) or "")
        database = self._parts.database
        reached = await database.read(lambda tx: places.of_person(tx, session.person.email, match.group(1)))
        if found is None or reached is None:
            raise nothing_here()
        page, params = found
        if reached.place.role not in page.may:
            raise nothing_here()
        part = request.query_params.get("part")
        visit = Visit(
            parts=self._parts,
            operations=self._operations,
            templates=self._templates,
            session=session,
            place=reached.place,
            places=reached.places,
            caller=reached.caller,
            path=match.group(2) or "",
            params=params,
            query=dict(request.query_params),
            form=form,
            wants_part=part if part and "hx-request" in request.headers and _PART.fullmatch(part) else None,
            now_ms=now_ms,
            address=client_address(request.scope),
        )
        return await page.handler(visit)

    def _error(self, status: int, title: str, text: str) -> Response:
        return HTMLResponse(self._templates.page("pages/error.html", {"title": title, "text": text}), status)


async def _form(request: Request) -> Mapping[str, str]:
    """The fields of a form. Raises PageError for a body that is too long."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise PageError(413, "This form is too long", f"A form may have {MAX_FORM_BYTES // 1024} KiB.")
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=1_000))


def _file(asset: Asset, request: Request) -> Response:
    headers = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
    if asset.compressed is None:
        return Response(asset.content, 200, headers, asset.media_type)
    headers["vary"] = "Accept-Encoding"
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(asset.compressed, 200, headers, asset.media_type)
    return Response(asset.content, 200, headers, asset.media_type)
