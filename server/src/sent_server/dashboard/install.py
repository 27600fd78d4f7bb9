"""The dashboard: pages at /dashboard, and housekeeping of sessions."""

from sent_server.dashboard.app import Dashboard
from sent_server.dashboard.auth import service as auth
from sent_server.parts import Installed, Parts


def install(parts: Parts) -> Installed:
    app = Dashboard(parts)
    return Installed(mounts={"/dashboard": app, "/dashboard/{path:rest}": app}, chores=[auth.forget_old])
