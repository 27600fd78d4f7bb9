"""Builds the ASGI application from route tables."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import BaseRoute, Router
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from sent_server.http.endpoint import Endpoint, NotFound, OpenEndpoint, Shared
from sent_server.http.envelope import Reply
from sent_server.http.route import Route

OpenHandler = Callable[[], Awaitable[Reply]]


class Rest(Convertor[str]):
    """Whatever follows. Starlette's own `path` loses a line feed at the end, and finds none in the middle."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("rest", Rest())


class Front:
    """Looks fixed paths up in a dictionary; only paths with parameters walk through Starlette's table."""

    def __init__(self, fixed: Mapping[str, ASGIApp], router: Router) -> None:
        self._fixed = fixed
        self._router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._fixed.get(scope["path"]) if scope["type"] == "http" else None
        await (endpoint or self._router)(scope, receive, send)


def build(
    routes: Sequence[Route],
    open_paths: Mapping[str, OpenHandler],
    shared: Shared,
    doors: Mapping[str, ASGIApp],
) -> Front:
    """Fixed paths win over parameters; the rest keeps the order of the tables. `doors` need no key, as `open_paths`."""
    by_path: dict[str, list[Route]] = {}
    for route in routes:
        by_path.setdefault(route.path, []).append(route)
    endpoints = {path: Endpoint(path, own, shared) for path, own in by_path.items()}
    table: list[BaseRoute] = [
        StarletteRoute(_pattern(path, by_path[path]), endpoint=endpoint)
        for path, endpoint in endpoints.items()
        if "{" in path
    ]
    fixed: dict[str, ASGIApp] = {path: endpoint for path, endpoint in endpoints.items() if "{" not in path}
    fixed |= {path: OpenEndpoint(reply, shared) for path, reply in open_paths.items()}
    fixed |= {path: door for path, door in doors.items() if "{" not in path}
    table += [StarletteRoute(path, endpoint=door) for path, door in doors.items() if "{" in path]
    not_found = NotFound(shared)
    return Front(fixed, Router(routes=table, redirect_slashes=False, default=not_found))


def _pattern(path: str, routes: Sequence[Route]) -> str:
    return f"{path.removesuffix('}')}:rest}}" if any(route.takes_rest for route in routes) else path
