"""Rate cards."""

from sent_server.pricing import card as cards
from sent_server.pricing.quote import quote

CARD = cards.parse(
    {
        "name": "test",
        "channels": {
            "sms": {"US": {"default": "0.0083"}, "default": {"default": "0.05", "MARKETING": "0.06"}},
            "whatsapp": {"US": {"UTILITY": "0.004"}},
        },
    }
)


def price(channel, region="US", category="UTILITY", segments=1):
    return quote(CARD, channel=channel, region=region, category=category, segments=segments)


def test_sms_is_priced_per_segment_and_whatsapp_per_message():
    assert price("sms", segments=3) == 3 * 8_300
    assert price("whatsapp", segments=3) == 4_000


def test_an_unlisted_region_and_category_take_the_default_rows():
    assert price("sms", region="ZZ") == 50_000
    assert price("sms", region="ZZ", category="MARKETING") == 60_000


def test_no_row_at_all_is_no_price():
    assert price("rcs") is None
    assert price("whatsapp", region="GB") is None
    assert price("whatsapp", category="MARKETING") is None


def test_the_shipped_card_prices_every_channel_everywhere():
    card = cards.load()
    for channel in ("sms", "whatsapp", "rcs"):
        for category in ("MARKETING", "UTILITY", "AUTHENTICATION"):
            assert quote(card, channel=channel, region="ZZ", category=category, segments=1)
