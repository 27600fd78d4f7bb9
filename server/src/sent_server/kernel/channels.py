"""The channels of messages. Knows no carrier and no account."""

from collections.abc import Mapping
from enum import StrEnum


class Channel(StrEnum):
    SMS = "sms"
    WHATSAPP = "whatsapp"
    RCS = "rcs"
    MMS = "mms"


# On Python 3.11 each `Channel.SMS` runs Python code, which is too slow for code that runs for every message.
SMS, WHATSAPP, RCS, MMS = Channel
# Plain text in the documented order, also for the keys of JSON objects, which orjson refuses as members of an enum.
CHANNELS: tuple[str, ...] = tuple(channel.value for channel in Channel)
# The channels of contacts, accounts and handsets. MMS has no entry there: it goes between numbers that take SMS.
BASE_CHANNELS: tuple[str, ...] = tuple(name for name in CHANNELS if name != "mms")
# Only these markets carry MMS, from their own numbers.
MMS_COUNTRIES = frozenset({"US", "CA"})
# The member of a name that comes from our own tables, without the cost of `Channel(name)`.
BY_NAME: Mapping[str, Channel] = {channel.value: channel for channel in Channel}
# The names for people.
LABELS: Mapping[str, str] = {"sms": "SMS", "whatsapp": "WhatsApp", "rcs": "RCS", "mms": "MMS"}
