"""How many SMS a text takes. Source: 3GPP TS 23.038 and 23.040."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.kernel import segments
from sent_server.kernel.segments import Segmentation

GSM = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCXYZÄÖÑÜ§¿abcxyzäöñüà"
EXTENDED = "\f^{}\\[~]|€"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segmentation("GSM-7", 0, 1)),
        ("a" * 160, Segmentation("GSM-7", 160, 1)),
        ("a" * 161, Segmentation("GSM-7", 161, 2)),
        ("a" * 306, Segmentation("GSM-7", 306, 2)),
        ("a" * 307, Segmentation("GSM-7", 307, 3)),
        ("€" * 80, Segmentation("GSM-7", 160, 1)),
        ("€" * 81, Segmentation("GSM-7", 162, 2)),
        # An escape pair does not straddle: 76 of them fill a part of 153 septets to 152.
        ("€" * 152, Segmentation("GSM-7", 304, 2)),
        ("€" * 153, Segmentation("GSM-7", 306, 3)),
        ("ж" * 70, Segmentation("UCS-2", 70, 1)),
        ("ж" * 71, Segmentation("UCS-2", 71, 2)),
        ("ж" * 134, Segmentation("UCS-2", 134, 2)),
        ("ж" * 135, Segmentation("UCS-2", 135, 3)),
        ("😀" * 35, Segmentation("UCS-2", 70, 1)),
        ("😀" * 36, Segmentation("UCS-2", 72, 2)),
        # Neither does a surrogate pair: 33 of them fill a part of 67 units to 66.
        ("😀" * 66, Segmentation("UCS-2", 132, 2)),
        ("😀" * 67, Segmentation("UCS-2", 134, 3)),
        ("a" * 159 + "ж", Segmentation("UCS-2", 160, 3)),
        # Not in the GSM alphabet, however plain they look.
        ("`", Segmentation("UCS-2", 1, 1)),
        ("ç", Segmentation("UCS-2", 1, 1)),
        ("\t", Segmentation("UCS-2", 1, 1)),
    ],
)
def test_the_count_is_the_standards(text, expected):
    assert segments.count(text) == expected


@given(st.text(alphabet=GSM + EXTENDED))
def test_text_of_the_gsm_alphabet_stays_in_seven_bits(text):
    found = segments.count(text)
    assert found.encoding == "GSM-7"
    assert found.units == len(text) + sum(text.count(character) for character in EXTENDED)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_other_text_counts_as_utf_16(text):
    found = segments.count(text + "ж")
    assert found.encoding == "UCS-2"
    assert found.units == len((text + "ж").encode("utf-16-be")) // 2


@given(st.text(max_size=700))
def test_the_parts_hold_the_text_and_are_not_more_than_it_needs(text):
    found = segments.count(text)
    single, part = (160, 153) if found.encoding == "GSM-7" else (70, 67)
    if found.segments == 1:
        assert found.units <= single
    else:
        assert found.units > single
        # A part may stay one unit short to keep a pair together.
        assert (found.segments - 1) * (part - 1) < found.units <= found.segments * part


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_longer_text_never_takes_fewer_segments(text, more):
    assert segments.count(text + more).segments >= segments.count(text).segments
