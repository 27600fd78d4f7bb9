"""Number lookup at a provider that knows the networks."""

from typing import Protocol

from sent_server.kernel.values import value_object


@value_object
class LookedUpNumber:
    """None means unknown. `line_type` is mobile, landline, voip, toll_free or another kind of line."""

    line_type: str | None
    carrier_name: str | None
    mobile_country_code: str | None = None
    mobile_network_code: str | None = None
    is_ported: bool | None = None


@value_object
class NoSuchNumber:
    """The number does not exist."""


@value_object
class NotTold:
    """The provider does not know the number or does not respond."""

    reason: str


Answer = LookedUpNumber | NoSuchNumber | NotTold


class Lookup(Protocol):
    """`name` is the provider's. `number` is E.164. Never raises because of the provider."""

    name: str

    async def find(self, number: str) -> Answer: ...
