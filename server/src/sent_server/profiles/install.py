"""Profiles of an organization, and their completion."""

from sent_server.parts import Installed, Parts
from sent_server.profiles import api, completion, sender_api
from sent_server.profiles.service import ProfileRules


def install(parts: Parts) -> Installed:
    settings = parts.settings
    rules = ProfileRules(parts.sealer, settings.profile_requires_whatsapp, settings.profile_quota, parts.urls)
    routes = [
        *api.routes(
            database=parts.database,
            bus=parts.bus,
            processor=parts.processor,
            rules=rules,
            forget_callers=parts.forget_callers,
        ),
        *sender_api.routes(bus=parts.bus, rules=rules, forget_callers=parts.forget_callers),
    ]
    return Installed(routes=routes, kinds=completion.kinds(parts.bus))
