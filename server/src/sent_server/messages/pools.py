"""Sender pools: which of the listed senders a message leaves from. Pure."""

import re
from collections.abc import Mapping, Sequence

from sent_server.kernel import phone

# Letters and digits, at least one letter.
_SENDER_ID = re.compile(r"(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,11}", re.ASCII)
# The chosen (connection, sender) by channel. None where the pool names a sender that is not active.
Choices = tuple[tuple[str, tuple[str, str] | None], ...]
NO_CHOICES: Choices = ()


def is_sender(value: str) -> bool:
    """A number in E.164 or a sender id."""
    return phone.is_e164(value) or _SENDER_ID.fullmatch(value) is not None


def area_code(number: str) -> str | None:
    """The area code of a number of the North American plan, the only one in which all have the same length."""
    return number[2:5] if number.startswith("+1") and len(number) == 12 else None


def choose(listed: Sequence[str], recipient: str) -> str:
    """The first listed sender with the area code of the recipient, else the first one."""
    area = area_code(recipient)
    return next((one for one in listed if area is not None and area_code(one) == area), listed[0])


def choices(senders: Mapping[str, Sequence[str]], active: Mapping[str, Mapping[str, str]], recipient: str) -> Choices:
    """`senders` are the pools and `active` the connections of the active senders, by channel."""
    return tuple((channel, _choice(listed, active.get(channel, {}), recipient)) for channel, listed in senders.items())


def _choice(listed: Sequence[str], active: Mapping[str, str], recipient: str) -> tuple[str, str] | None:
    """One sender that is not active blocks the pool, so that a mistake is noticed."""
    if any(sender not in active for sender in listed):
        return None
    chosen = choose(listed, recipient)
    return active[chosen], chosen
