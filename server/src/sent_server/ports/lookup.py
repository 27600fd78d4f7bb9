"""What somebody who knows the networks can tell of a number: a carrier's lookup, of any provider."""

from typing import Protocol

from sent_server.kernel.values import value_object


@value_object
class LookedUpNumber:
    """None is "cannot tell". `line_type` is mobile, landline, voip, toll_free or another kind of line."""

    line_type: str | None
    carrier_name: str | None
    mobile_country_code: str | None = None
    mobile_network_code: str | None = None
    is_ported: bool | None = None


@value_object
class NoSuchNumber:
    """Nobody can be reached there."""


@value_object
class NotTold:
    """The provider does not know, or does not answer."""

    reason: str


Answer = LookedUpNumber | NoSuchNumber | NotTold


class Lookup(Protocol):
    """`name` is the provider's. `number` is E.164. Never raises for what the provider does."""

    name: str

    async def find(self, number: str) -> Answer: ...
