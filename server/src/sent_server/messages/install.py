"""Installs the routes that accept and read messages. `delivery` sends them."""

from pathlib import Path

from sent_server.messages import api
from sent_server.messages.accept import AcceptMessages
from sent_server.parts import Installed, Parts
from sent_server.pricing import card as rate_cards
from sent_server.pricing.card import RateCard
from sent_server.settings import Settings, SettingsError


def install(parts: Parts) -> Installed:
    accept = AcceptMessages(_rate_card(parts.settings), parts.bus, parts.reach, parts.settings.sms_max_segments)
    return Installed(routes=api.routes(accept, parts.urls))


def _rate_card(settings: Settings) -> RateCard:
    if not settings.rate_card:
        return rate_cards.load()
    try:
        return rate_cards.read(Path(settings.rate_card))
    except rate_cards.CardError as error:
        raise SettingsError(f"SENT_RATE_CARD: {error}") from error
