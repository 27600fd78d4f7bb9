"""One request to a page, and its answers."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, RedirectResponse, Response

from sent_server.dashboard import nav
from sent_server.dashboard.auth.model import Session
from sent_server.dashboard.operations import Actor, Operations
from sent_server.dashboard.templating import Templates
from sent_server.db import Tx
from sent_server.http.caller import Caller, Role
from sent_server.parts import Parts
from sent_server.users.model import Membership

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Place:
    """An account that the person may open. `role` is the person's role there: owner, admin, developer or billing."""

    customer_id: str
    name: str
    kind: str
    role: str
    membership: Membership

    @property
    def url(self) -> str:
        return f"/dashboard/{self.customer_id}"

    @property
    def is_home(self) -> bool:
        """Whether the person is a user of this very account, not only of its organization."""
        return self.membership.customer_id == self.customer_id


@dataclass(frozen=True, slots=True)
class Visit:
    """`params` are those of the path, `query` and `form` those of the request: the last value of each name.

    `wants_part` is the block that a script asked for, or None for a whole page.
    """

    parts: Parts
    operations: Operations
    templates: Templates
    session: Session
    place: Place
    places: Sequence[Place]
    caller: Caller
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    wants_part: str | None
    now_ms: int
    address: str

    @property
    def zone(self) -> str | None:
        return self.session.person.zone

    @property
    def is_admin(self) -> bool:
        return self.caller.role is Role.ADMIN

    async def read(self, work: Callable[[Tx], Awaitable[Result]]) -> Result:
        return await self.parts.database.read(work)

    async def write(self, work: Callable[[Tx], Awaitable[Result]]) -> Result:
        return await self.parts.database.write(work)

    @property
    def actor(self) -> Actor:
        return Actor(self.session.person.email, self.address)

    async def get(self, path: str, **query: str | None) -> Any:
        """The `data` of a GET of the API. Raises ApiError."""
        given = {name: value for name, value in query.items() if value}
        return await self.operations.read(self.caller, path, given, now_ms=self.now_ms)

    async def change(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """The `data` of a mutation of the API, with the same rights and limits. Raises ApiError."""
        return await self.operations.change(self.caller, self.actor, method, path, body, now_ms=self.now_ms)

    async def note(self, action: str, subject: str | None, detail: str | None = None) -> None:
        """Record a change that is no operation of the API."""
        await self.operations.note(self.caller, self.actor, action, subject, detail=detail, now_ms=self.now_ms)

    def answer(self, page: str, view: Any, *, status: int = 200) -> Response:
        """The page `pages/{page}.html` with its view model, or one block of it."""
        name = f"pages/{page}.html"
        values = {**self._values(), "view": view}
        if self.wants_part:
            return HTMLResponse(self.templates.block(name, self.wants_part, values), status)
        return HTMLResponse(self.templates.page(name, values), status)

    def fragment(self, name: str, **values: Any) -> Response:
        """A template of `parts/` alone, to replace it in a page that is already shown."""
        return HTMLResponse(self.templates.page(f"parts/{name}.html", {**self._values(), **values}))

    def _values(self) -> dict[str, Any]:
        return {
            "visit": self,
            "csrf": self.session.csrf_token,
            "zone": self.zone,
            "navigation": nav.of(self.place.role),
        }

    @property
    def may_develop(self) -> bool:
        """Whether the person may change what an API key of a developer may change."""
        return self.caller.role in (Role.ADMIN, Role.DEVELOPER)

    def link(self, path: str = "", **query: str | None) -> str:
        """The address of a page of this account."""
        given = {name: value for name, value in query.items() if value}
        return f"{self.place.url}{path}{'?' + urlencode(given) if given else ''}"

    def see_other(self, path: str = "", **query: str | None) -> Response:
        """After a form: a page that can be reloaded."""
        return RedirectResponse(self.link(path, **query), 303)
