"""The account of a key."""

from sent_server.accounts import api
from sent_server.parts import Installed, Parts


def install(parts: Parts) -> Installed:
    settings = parts.settings
    quotas = {
        "contacts": settings.contact_quota,
        "templates": settings.template_quota,
        "webhooks": settings.webhook_quota,
        "users": settings.user_quota,
        "profiles": settings.profile_quota,
    }
    return Installed(routes=api.routes(quotas=quotas))
