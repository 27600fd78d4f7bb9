"""A configured channel, and what an account set up on its channels (its markets)."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Any

from sent_server.kernel.values import value_object


class NumberType(StrEnum):
    TEN_DLC = "TEN_DLC"
    TOLL_FREE = "TOLL_FREE"
    SHORT_CODE = "SHORT_CODE"
    LOCAL = "LOCAL"
    MOBILE = "MOBILE"
    ALPHANUMERIC = "ALPHANUMERIC"


class MarketState(StrEnum):
    """
    PENDING_REVIEW --approved--> PROVISIONING --sender exists--> ACTIVE
        ^     \\--refused--> ACTION_NEEDED <--refused--'
        '------- changed ---------'            INACTIVE: ended by the carrier or the operator
    """

    PENDING_REVIEW = "PENDING_REVIEW"
    ACTION_NEEDED = "ACTION_NEEDED"
    PROVISIONING = "PROVISIONING"
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"


@value_object
class ChannelConfig:
    """`carrier` is a connection, `sender` our default sender there. `messages_per_second` None means unlimited.

    `by_country` has the senders of markets: (country, carrier, sender), at most one for each country. Recipients there
    receive messages from it, all others from the default sender. `active` are all senders, as
    (sender, carrier), if there are several.
    """

    channel: str
    carrier: str
    sender: str
    business_name: str | None
    messages_per_second: int | None = None
    by_country: tuple[tuple[str, str, str], ...] = ()
    active: tuple[tuple[str, str], ...] = ()

    @property
    def senders(self) -> dict[str, str]:
        """The carrier of each active sender."""
        return dict(self.active) or {self.sender: self.carrier}

    def sender_for(self, country: str) -> tuple[str, str]:
        """(carrier, sender) for recipients in a country."""
        for served, carrier, sender in self.by_country:
            if served == country:
                return carrier, sender
        return self.carrier, self.sender


@value_object
class Market:
    """SMS by country and number type; WhatsApp and RCS once per account, with '' for both.

    `details` is what the request said, in the form of answers: `compliance` and `area_codes`, the ids of WhatsApp, or
    the fields of the RCS agent. `reason` says why the state is ACTION_NEEDED or INACTIVE.
    """

    customer_id: str
    id: str
    channel: str
    country: str
    number_type: str
    sender_value: str | None
    state: MarketState
    submitted_at_ms: int
    created_at_ms: int
    updated_at_ms: int | None = None
    reason_code: str | None = None
    reason: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def compliance(self) -> Mapping[str, Any] | None:
        return self.details.get("compliance")


@value_object
class ChannelsState:
    """Everything that an account can send from, or has asked for. `mms` are the SMS markets that carry MMS too."""

    customer_id: str
    sms: Sequence[Market]
    whatsapp: Market | None
    rcs: Market | None
