"""Installs the routes that read conversations."""

from sent_server.conversations import api
from sent_server.parts import Installed, Parts


def install(parts: Parts) -> Installed:
    return Installed(routes=api.routes())
