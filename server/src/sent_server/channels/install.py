"""The channels of accounts, and the setup of their senders."""

from sent_server.channels import api, provisioning
from sent_server.parts import Installed, Parts


def install(parts: Parts) -> Installed:
    return Installed(routes=api.routes(parts.bus), kinds=[provisioning.kind(parts.provisioner, parts.clock, parts.bus)])
