"""Brands and campaigns, and their filings with the registry."""

from sent_server.compliance import api, filing
from sent_server.parts import Installed, Parts


def install(parts: Parts) -> Installed:
    return Installed(routes=api.routes(), kinds=filing.kinds(parts.registry, parts.clock))
