"""Contacts."""

from sent_server.contacts import api
from sent_server.parts import Installed, Parts


def install(parts: Parts) -> Installed:
    return Installed(routes=api.routes(reach=parts.reach, quota=parts.settings.contact_quota))
