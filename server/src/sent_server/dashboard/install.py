"""The dashboard: pages at /dashboard, and housekeeping of sessions."""

from collections.abc import Sequence

from sent_server.dashboard.app import Dashboard
from sent_server.dashboard.auth import service as auth
from sent_server.http.route import Route
from sent_server.parts import Installed, Parts


def install(parts: Parts, routes: Sequence[Route]) -> Installed:
    """`routes` are the operations of all slices, which pages run for people."""
    app = Dashboard(parts, routes)
    return Installed(mounts={"/dashboard": app, "/dashboard/{path:rest}": app}, chores=[auth.forget_old])
