"""What a rendered text may measure on each channel, and what WhatsApp takes as a value. Pure.

A character is a Unicode code point, as in the contract's `maxLength`: an emoji outside the basic plane is one, a letter
with a combining accent is two. SMS is measured in segments instead (`kernel.segments`: septets of GSM-7, else UTF-16
code units). The limits hold for real and simulated carriers alike, because they are applied when a message is planned.

Source: contract/NOTES.md c; 3GPP TS 23.040 9.2.3.24.1 (the number of segments is one octet); Meta, error 132018.
"""

import re
from collections.abc import Mapping

from sent_server.kernel import segments, typed_text
from sent_server.kernel.channels import LABELS, MMS, RCS, SMS, WHATSAPP
from sent_server.kernel.segments import GSM7_SEGMENT, GSM7_SINGLE, UCS2_SEGMENT, UCS2_SINGLE

SMS_SEGMENTS = 10
MAX_SMS_SEGMENTS = 255
TEMPLATE_BODY: Mapping[str, int] = {WHATSAPP: 1_028, RCS: 3_072, MMS: 4_096}
# What is sent as it is, without a template: our replies to keywords.
FREE_TEXT: Mapping[str, int] = {WHATSAPP: 4_096, RCS: 3_072, MMS: 4_096}
HEADER = FOOTER = 60
MEDIA_URL = 2_048
BUTTON_URL = 2_000
COPY_CODE = 15

_BREAK = re.compile(r"[\n\r\v\f\x85\u2028\u2029]")
_GAP = re.compile(r"\s{5}")


def too_long(channel: str, part: str, length: int, limit: int) -> str:
    """The sentence about a part of a message that is longer than its channel takes."""
    return f"the {part} on {LABELS[channel]} has {length:,} characters, at most {limit:,} are allowed"


def too_many_characters_for_sms(length: int, most: int) -> str | None:
    """The problem with a text of this length, independent of its characters. If None, `sms_problem` decides."""
    if length <= GSM7_SINGLE or length <= most * GSM7_SEGMENT:
        return None
    return _too_many_segments(f"{length:,} characters and takes at least {-(-length // GSM7_SEGMENT):,} segments", most)


def sms_problem(text: str, most: int) -> str | None:
    # At most two units per character, and one lost unit per segment: most texts pass this quick check.
    if 2 * len(text) <= (UCS2_SINGLE if most == 1 else most * (UCS2_SEGMENT - 1)):
        return None
    found = segments.count(text)
    if found.segments <= most:
        return None
    return _too_many_segments(f"{found.units:,} {found.encoding} units and takes {found.segments:,} segments", most)


def text_problem(channel: str, text: str, sms_segments: int) -> str | None:
    """The limit that a text exceeds, as a sentence."""
    if channel == SMS:
        return too_many_characters_for_sms(len(text), sms_segments) or sms_problem(text, sms_segments)
    limit = FREE_TEXT[channel]
    return too_long(channel, "text", len(text), limit) if len(text) > limit else None


def value_problem(value: str) -> str | None:
    """The reason why WhatsApp rejects the value of a template's variable."""
    if typed_text.is_blank(value):
        return "is blank"
    if value.isprintable() and "  " not in value:  # nearly every value
        return None
    if _BREAK.search(value):
        return "has a line break"
    if "\t" in value:
        return "has a tab"
    return "has more than 4 blanks in a row" if _GAP.search(value) else None


def _too_many_segments(measured: str, most: int) -> str:
    return f"the text on SMS has {measured}, at most {most} {'is' if most == 1 else 'are'} allowed"
