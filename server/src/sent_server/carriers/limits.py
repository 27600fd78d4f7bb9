"""Length limits of rendered texts per channel, and WhatsApp's rules for values. Pure.

A character is a Unicode code point, as in the contract's `maxLength`: an emoji outside the basic plane is one, a letter
with a combining accent is two. SMS is measured in parts instead (`kernel.segments`: septets of GSM-7, else UTF-16 code
units). The limits apply to real and simulated carriers alike, because they are checked when a message is planned.

Source: contract/NOTES.md c; 3GPP TS 23.040 9.2.3.24.1 (the number of parts is one octet); Meta, error 132018.
"""

import re

from sent_server.kernel import segments, typed_text
from sent_server.kernel.segments import GSM7_PART, GSM7_SINGLE, UCS2_PART, UCS2_SINGLE

SMS_PARTS = 10
MAX_SMS_PARTS = 255
TEMPLATE_BODY = {"whatsapp": 1_028, "rcs": 3_072}
# Texts without a template: our replies to keywords.
FREE_TEXT = {"whatsapp": 4_096, "rcs": 3_072}
HEADER = FOOTER = 60
MEDIA_URL = 2_048
BUTTON_URL = 2_000
COPY_CODE = 15

_NAMES = {"sms": "SMS", "whatsapp": "WhatsApp", "rcs": "RCS"}
_BREAK = re.compile(r"[\n\r\v\f\x85\u2028\u2029]")
_GAP = re.compile(r"\s{5}")


def name(channel: str) -> str:
    return _NAMES[channel]


def too_long(channel: str, part: str, length: int, limit: int) -> str:
    """The problem of a part of a message that is too long for its channel."""
    return f"the {part} on {name(channel)} has {length:,} characters, at most {limit:,} are allowed"


def too_many_characters_for_sms(length: int, parts: int) -> str | None:
    """The problem of any text of this length. If None, the text may fit, and `sms_problem` decides."""
    if length <= GSM7_SINGLE or length <= parts * GSM7_PART:
        return None
    return _too_many_parts(f"{length:,} characters and takes at least {-(-length // GSM7_PART):,} parts", parts)


def sms_problem(text: str, parts: int) -> str | None:
    # Upper bound: two units per character, and one unit lost at the end of each part. Most texts are below it.
    if 2 * len(text) <= (UCS2_SINGLE if parts == 1 else parts * (UCS2_PART - 1)):
        return None
    found = segments.count(text)
    if found.segments <= parts:
        return None
    return _too_many_parts(f"{found.units:,} {found.encoding} units and takes {found.segments:,} parts", parts)


def text_problem(channel: str, text: str, sms_parts: int) -> str | None:
    """The reason why a text without a template is not allowed, if any."""
    if channel == "sms":
        return too_many_characters_for_sms(len(text), sms_parts) or sms_problem(text, sms_parts)
    limit = FREE_TEXT[channel]
    return too_long(channel, "text", len(text), limit) if len(text) > limit else None


def value_problem(value: str) -> str | None:
    """The reason why WhatsApp does not accept a value of a template's variable, if any."""
    if typed_text.is_blank(value):
        return "is blank"
    if value.isprintable() and "  " not in value:  # most values
        return None
    if _BREAK.search(value):
        return "has a line break"
    if "\t" in value:
        return "has a tab"
    return "has more than 4 blanks in a row" if _GAP.search(value) else None


def _too_many_parts(measured: str, parts: int) -> str:
    return f"the text on SMS has {measured}, at most {parts} {'is' if parts == 1 else 'are'} allowed"
