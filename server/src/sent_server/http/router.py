"""Builds the ASGI application from route tables."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import BaseRoute, Router
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from sent_server.http.dialect import Dialect
from sent_server.http.endpoint import Endpoint, Shared
from sent_server.http.fallback import NotFound, OpenEndpoint
from sent_server.http.reply import Reply
from sent_server.http.route import Route

OpenHandler = Callable[[], Awaitable[Reply]]


class Rest(Convertor[str]):
    """The rest of the path. Starlette's `path` loses a line feed at the end and does not match one in the middle."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("rest", Rest())


class Front:
    """Finds fixed paths in a dictionary. Only paths with parameters use Starlette's table.

    `catch_all` are prefixes of paths whose last parameter may contain a slash. Elsewhere an encoded slash (%2F) gives
    404, because a proxy that guards a path reads it as part of a name.
    """

    def __init__(
        self, fixed: Mapping[str, ASGIApp], router: Router, not_found: ASGIApp, catch_all: tuple[bytes, ...]
    ) -> None:
        self._fixed = fixed
        self._router = router
        self._not_found = not_found
        self._catch_all = catch_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            raw_path: bytes = scope["raw_path"]
            if b"%2" in raw_path and b"%2f" in raw_path.lower() and not raw_path.startswith(self._catch_all):
                await self._not_found(scope, receive, send)
                return
            endpoint = self._fixed.get(scope["path"])
            if endpoint is not None:
                await endpoint(scope, receive, send)
                return
        await self._router(scope, receive, send)


def build(
    routes: Sequence[Route],
    open_paths: Mapping[str, OpenHandler],
    shared: Shared,
    mounts: Mapping[str, ASGIApp],
) -> Front:
    """Fixed paths take precedence over parameters. The rest keeps the order of the tables.

    `open_paths` and `mounts` need no API key.
    """
    by_path: dict[str, list[Route]] = {}
    for route in routes:
        by_path.setdefault(route.path, []).append(route)
    endpoints = {path: Endpoint(path, own, shared, _dialect(path, own)) for path, own in by_path.items()}
    table: list[BaseRoute] = [
        StarletteRoute(_pattern(path, by_path[path]), endpoint=endpoint)
        for path, endpoint in endpoints.items()
        if "{" in path
    ]
    fixed: dict[str, ASGIApp] = {path: endpoint for path, endpoint in endpoints.items() if "{" not in path}
    fixed |= {path: OpenEndpoint(reply, shared) for path, reply in open_paths.items()}
    fixed |= {path: mount for path, mount in mounts.items() if "{" not in path}
    table += [StarletteRoute(path, endpoint=mount) for path, mount in mounts.items() if "{" in path]
    dialects = {route.dialect.version: route.dialect for route in routes}
    not_found = NotFound(shared, list(dialects.values()))
    catch_all = tuple(route.path.partition("{")[0].encode() for route in routes if route.catch_all)
    return Front(fixed, Router(routes=table, redirect_slashes=False, default=not_found), not_found, catch_all)


def _dialect(path: str, routes: Sequence[Route]) -> Dialect:
    """One for all methods of a path, because errors such as 405 belong to none of them."""
    found = {route.dialect.version: route.dialect for route in routes}
    if len(found) != 1:
        raise ValueError(f"the routes of {path} have several dialects")
    return routes[0].dialect


def _pattern(path: str, routes: Sequence[Route]) -> str:
    return f"{path.removesuffix('}')}:rest}}" if any(route.catch_all for route in routes) else path
