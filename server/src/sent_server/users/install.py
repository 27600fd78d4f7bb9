"""Users of an account, and their invitations."""

from sent_server.parts import Installed, Parts
from sent_server.users import api, invitation_api
from sent_server.users.invitations import Invitations


def install(parts: Parts) -> Installed:
    invitations = Invitations(parts.sealer, parts.base_url)
    return Installed(
        routes=api.routes(invitations, quota=parts.settings.user_quota, forget=parts.forget_callers),
        mounts=invitation_api.mounts(parts.shared, parts.database),
    )
