"""Reading rate cards: what an operator may write, and how a mistake is told."""

import json

import pytest

from sent_server.pricing import card as cards
from sent_server.pricing.card import CardError


def sms(price: object) -> dict[str, object]:
    return {"channels": {"sms": {"default": {"default": price}}}}


def test_a_card_is_prices_by_channel_region_and_category(tmp_path):
    file = tmp_path / "card.json"
    file.write_text(
        json.dumps({
            "name": "ours",
            "note": "from May on",
            "active_contact_price": "0.25",
            "channels": {
                "sms": {"US": {"default": "0.0083"}, "default": {"default": "5", "MARKETING": "0.06"}},
                "rcs": {"default": {"UTILITY": "0"}},
            },
        })
    )  # fmt: skip
    card = cards.read(file)
    assert (card.name, card.active_contact_micros) == ("ours", 250_000)
    assert card.prices == {
        "sms": {"US": {"default": 8_300}, "default": {"default": 5_000_000, "MARKETING": 60_000}},
        "rcs": {"default": {"UTILITY": 0}},
    }


BAD_TEXTS = ("-0.01", "free", "NaN", "0.00000001", "1e2", " 1", "1_0", "٣", "", "1000000", ".5")


@pytest.mark.parametrize("price", [*BAD_TEXTS, 0.0083, 1, None, True, []])
def test_a_price_is_text_with_a_plain_decimal(price):
    with pytest.raises(CardError, match=r"^channels\.sms\.default\.default: .* is not a price"):
        cards.parse(sms(price))
    with pytest.raises(CardError, match=r"^active_contact_price: .* is not a price"):
        cards.parse({**sms("1"), "active_contact_price": price})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([], "the card must be an object"),
        ({}, "channels must be an object"),
        ({"channels": {}}, "no message could be sent"),
        ({"channels": {"email": {}}}, "channels has an unknown key 'email'; use mms, rcs, sms, whatsapp"),
        ({**sms("1"), "prices": {}}, "the card has an unknown key 'prices'"),
        ({"channels": {"sms": {"usa": {"default": "1"}}}}, "channels.sms has no region 'usa'"),
        ({"channels": {"sms": {"us": {"default": "1"}}}}, "use two capitals such as US"),
        ({"channels": {"sms": {"US": {"marketing": "1"}}}}, "channels.sms.US has an unknown key 'marketing'"),
        ({"channels": {"sms": "0.01"}}, "channels.sms must be an object"),
    ],
)
def test_a_mistake_is_told_by_its_place(content, reason):
    with pytest.raises(CardError, match=f"{reason}"):
        cards.parse(content)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"{", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"channels": {"sms": {"US": {"default": "1"}, "US": {"default": "2"}}}}', "'US' is written twice"),
    ],
)
def test_text_that_is_no_card_is_refused_with_the_name_of_its_file(tmp_path, text, reason):
    file = tmp_path / "card.json"
    file.write_bytes(text)
    with pytest.raises(CardError, match=f"card.json cannot be used: .*{reason}"):
        cards.read(file)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CardError, match=r"cannot read the rate card .*none.json: No such file"):
        cards.read(tmp_path / "none.json")
