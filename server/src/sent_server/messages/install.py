"""Installs the routes that accept and read messages, and the release of held ones. `delivery` sends them."""

from pathlib import Path

from sent_server.messages import api, log_api, release
from sent_server.messages.accept import AcceptMessages
from sent_server.messages.rounds import StartRounds
from sent_server.parts import Installed, Parts
from sent_server.pricing import card as rate_cards
from sent_server.pricing.card import RateCard
from sent_server.settings import Settings, SettingsError

OLDER, NEWER = "older", "newer"
REFUSED_AS = (OLDER, NEWER)


def install(parts: Parts) -> Installed:
    settings = parts.settings
    if settings.refused_as not in REFUSED_AS:
        raise SettingsError(f"SENT_REFUSED_AS={settings.refused_as!r} must be one of: {', '.join(REFUSED_AS)}")
    card, sms_max_segments = _rate_card(settings), settings.sms_max_segments
    accept = AcceptMessages(card, parts.bus, parts.reach, sms_max_segments, settings.refused_as == NEWER)
    rounds = StartRounds(card, parts.reach, sms_max_segments)
    routes = [*api.routes(accept, rounds, parts.urls), *log_api.routes()]
    return Installed(routes=routes, kinds=[release.kind(rounds, parts.bus)])


def _rate_card(settings: Settings) -> RateCard:
    if not settings.rate_card:
        return rate_cards.load()
    try:
        return rate_cards.read(Path(settings.rate_card))
    except rate_cards.CardError as error:
        raise SettingsError(f"SENT_RATE_CARD: {error}") from error
