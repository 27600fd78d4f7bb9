"""The pages and documents that a running server serves."""

from sent_server.parts import Installed, Parts
from sent_server.reference import mounts


def install(parts: Parts) -> Installed:
    return Installed(mounts=mounts.mounts(parts.shared, base_url=parts.base_url))
