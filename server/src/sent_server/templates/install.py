"""Templates and their review."""

from sent_server.parts import Installed, Parts
from sent_server.templates import api, review


def install(parts: Parts) -> Installed:
    return Installed(
        routes=api.routes(quota=parts.settings.template_quota),
        kinds=[review.kind(parts.reviewer, parts.clock)],
    )
