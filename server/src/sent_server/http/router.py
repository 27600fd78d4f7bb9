"""Builds the ASGI application from route tables."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.routing import BaseRoute, Router
from starlette.routing import Route as StarletteRoute

from sent_server.http.endpoint import Endpoint, NotFound, OpenEndpoint, Shared
from sent_server.http.envelope import Reply
from sent_server.http.route import Route

OpenHandler = Callable[[], Awaitable[Reply]]


def build(routes: Sequence[Route], open_paths: Mapping[str, OpenHandler], shared: Shared) -> Router:
    """Routes keep their order, so the busiest table comes first; static paths go before parameters."""
    by_path: dict[str, list[Route]] = {}
    for route in routes:
        by_path.setdefault(route.path, []).append(route)
    ordered = sorted(by_path, key=lambda path: "{" in path)
    table: list[BaseRoute] = [StarletteRoute(path, endpoint=Endpoint(path, by_path[path], shared)) for path in ordered]
    table += [StarletteRoute(path, endpoint=OpenEndpoint(reply, shared)) for path, reply in open_paths.items()]
    return Router(routes=table, redirect_slashes=False, default=NotFound(shared))
