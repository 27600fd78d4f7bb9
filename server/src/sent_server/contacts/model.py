"""A contact as stored, and as a recipient."""

import functools

from sent_server.kernel.channels import BASE_CHANNELS
from sent_server.kernel.values import value_object


@value_object
class Contact:
    """`available_channels` is the comma-separated text of the wire. `opted_out_at_ms` belongs to the number.

    An inherited contact belongs to another account of the organization. The profile that sees it may not change it.
    """

    id: str
    phone: str
    region_code: str
    available_channels: str
    default_channel: str
    created_at_ms: int
    updated_at_ms: int | None
    opted_out_at_ms: int | None
    is_inherited: bool = False

    @property
    def channels(self) -> list[str]:
        return self.available_channels.split(",") if self.available_channels else []


@value_object
class Recipient:
    """`is_new`: it has an id, but no row yet."""

    id: str
    phone: str
    region_code: str
    channels: frozenset[str]
    opted_out: bool
    is_new: bool


@functools.cache
def channel_text(channels: frozenset[str]) -> str:
    """The channels in their documented order, e.g. `sms,whatsapp`."""
    return ",".join(channel for channel in BASE_CHANNELS if channel in channels)


@functools.cache
def channel_set(text: str) -> frozenset[str]:
    """The channels from their text. Both functions are cached: there are eight values, and each recipient needs one."""
    return frozenset(text.split(",")) if text else frozenset()
