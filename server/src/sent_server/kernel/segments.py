"""How many SMS segments a text takes. Source: 3GPP TS 23.038 (GSM 7-bit) and 23.040 (concatenation)."""

from collections.abc import Iterable

from sent_server.kernel.values import value_object

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # an escape and a character: two septets
_GSM7 = _BASIC | _EXTENDED
GSM7_SINGLE, GSM7_SEGMENT = 160, 153
UCS2_SINGLE, UCS2_SEGMENT = 70, 67


@value_object
class Segmentation:
    """`units` are septets in GSM-7 and UTF-16 code units in UCS-2."""

    encoding: str
    units: int
    segments: int


def count(text: str) -> Segmentation:
    """Encoding, length and number of segments. An empty text takes one segment."""
    if _BASIC.issuperset(text):  # nearly every message
        return Segmentation("GSM-7", len(text), _filled(len(text), GSM7_SINGLE, GSM7_SEGMENT))
    if _GSM7.issuperset(text):
        widths = (2 if character in _EXTENDED else 1 for character in text)
        return _split("GSM-7", widths, GSM7_SINGLE, GSM7_SEGMENT)
    if max(text) <= "\uffff":
        return Segmentation("UCS-2", len(text), _filled(len(text), UCS2_SINGLE, UCS2_SEGMENT))
    widths = (2 if character > "\uffff" else 1 for character in text)
    return _split("UCS-2", widths, UCS2_SINGLE, UCS2_SEGMENT)


def _filled(units: int, single: int, part: int) -> int:
    """If every character is one unit, all segments but the last are full."""
    return 1 if units <= single else -(-units // part)


def _split(encoding: str, widths: Iterable[int], single: int, part: int) -> Segmentation:
    units, segments, room = 0, 1, part
    for width in widths:
        units += width
        # A two-unit character never straddles two segments.
        if width > room:
            segments, room = segments + 1, part
        room -= width
    return Segmentation(encoding, units, 1 if units <= single else segments)
