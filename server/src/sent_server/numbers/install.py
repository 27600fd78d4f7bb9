"""Looking up numbers."""

from sent_server.numbers import api
from sent_server.numbers.service import Numbers
from sent_server.parts import Installed, Parts


def install(parts: Parts) -> Installed:
    return Installed(routes=api.routes(Numbers(parts.lookup)))
