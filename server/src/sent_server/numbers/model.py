"""The result of a lookup."""

from sent_server.kernel.values import value_object


@value_object
class NumberDetails:
    """None means unknown. `country_code` is ISO 3166-1 alpha-2. `provider` is None for facts of the numbering plan."""

    number: str
    is_valid: bool
    line_type: str | None
    carrier_name: str | None
    country_code: str | None
    mobile_country_code: str | None = None
    mobile_network_code: str | None = None
    is_ported: bool | None = None
    provider: str | None = None

    @property
    def is_voip(self) -> bool | None:
        return None if self.line_type is None else self.line_type == "voip"
