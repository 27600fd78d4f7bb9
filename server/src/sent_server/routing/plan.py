"""Channel choice. Source: DECISIONS "Channels, templates, prices"; contract NOTES a4, b."""

import functools

from sent_server.routing.model import NEEDS_APPROVAL, PREFERENCE, Judgement, Leg, Plan, Reach

CONSENT_BLOCKED = "ERR_CONSENT_BLOCKED"
ROUTE_DENIED = "ERR_ROUTE_DENIED"
PARAMETERS_INVALID = "ERR_TEMPLATE_PARAMS_INVALID"


@functools.lru_cache(maxsize=10_000)
def plan(reach: Reach, requested: str | None) -> Plan:
    """Order the legs of one message: `requested` alone, or, when None, every open channel by preference."""
    if reach.opted_out:
        return Plan((), (), CONSENT_BLOCKED, "BUSINESS_004", "the contact has opted out")
    if reach.invalid_parameters:
        return Plan((), (), PARAMETERS_INVALID, None, reach.invalid_parameters)
    looked_at = PREFERENCE if requested is None else (requested,)
    judgements = tuple(_judge(reach, channel) for channel in looked_at)
    prices = dict(reach.prices)
    legs = tuple(Leg(judged.channel, prices[judged.channel]) for judged in judgements if judged.chosen)
    if legs:
        return Plan(legs, judgements)
    unapproved = any(_lacks_approval_only(reach, channel) for channel in looked_at)
    return Plan((), judgements, ROUTE_DENIED, "BUSINESS_005" if unapproved else "BUSINESS_007")


def _judge(reach: Reach, channel: str) -> Judgement:
    reason = _obstacle(reach, channel)
    return Judgement(channel, reason is None, reason or "available, configured and priced")


def _obstacle(reach: Reach, channel: str) -> str | None:
    if channel not in reach.configured:
        return "the account has not configured this channel"
    if channel not in reach.written:
        return "the template has no text for this channel"
    if channel not in reach.receivable:
        return "the contact cannot receive on this channel"
    if channel in NEEDS_APPROVAL and not reach.approved:
        return "the template is not approved for this channel"
    if all(channel != priced for priced, _ in reach.prices):
        return "the rate card has no price for this channel"
    return None


def _lacks_approval_only(reach: Reach, channel: str) -> bool:
    return _obstacle(reach, channel) == "the template is not approved for this channel"
