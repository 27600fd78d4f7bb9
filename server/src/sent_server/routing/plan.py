"""Channel choice. Source: docs/decisions/0031; contract/NOTES.md a4, b."""

from collections.abc import Sequence

from sent_server.carriers.reasons import Reason
from sent_server.kernel.channels import MMS
from sent_server.routing.model import NEEDS_APPROVAL, PREFERENCE, WITH_MEDIA, Judgement, Leg, Reach, RoutePlan

CONSENT_BLOCKED = "ERR_CONSENT_BLOCKED"
ROUTE_DENIED = "ERR_ROUTE_DENIED"
PARAMETERS_INVALID = "ERR_TEMPLATE_PARAMS_INVALID"
UNAPPROVED = "the template is not approved for this channel"
NOT_CONFIGURED = "the account has not configured this channel"
NOT_WRITTEN = "the template has no text for this channel"
NOT_RECEIVABLE = "the contact cannot receive on this channel"
NOT_PRICED = "the rate card has no price for this channel"
WINDOW_CLOSED = "the contact has not written here within the last 24 hours, so only a template may be sent"
NO_MMS = "the account does not send MMS"
NO_SENDER = "a listed sender is not an active sender of this account"
# All other reasons are about the text or a value.
_STANDING = frozenset(
    {UNAPPROVED, NOT_CONFIGURED, NOT_WRITTEN, NOT_RECEIVABLE, NOT_PRICED, WINDOW_CLOSED, NO_MMS, NO_SENDER}
)


def plan(reach: Reach, requested: str | None) -> RoutePlan:
    """Order the legs of one message: only `requested`, or every open channel by preference if that is None."""
    if reach.opted_out:
        return RoutePlan((), (), CONSENT_BLOCKED, "BUSINESS_004", "the contact has opted out", Reason.OPTED_OUT)
    automatic = WITH_MEDIA if MMS in reach.written else PREFERENCE
    looked_at = automatic if requested is None else (requested,)
    judgements = tuple(_judge(reach, channel) for channel in looked_at)
    prices = dict(reach.prices)
    legs = tuple(Leg(judged.channel, prices[judged.channel]) for judged in judgements if judged.chosen)
    if legs:
        return RoutePlan(legs, judgements)
    problems = _text_problems(reach, looked_at)
    if problems:
        reason = Reason.TOO_LONG if reach.is_text else Reason.PARAMETERS
        return RoutePlan((), judgements, PARAMETERS_INVALID, None, "; ".join(problems), reason)
    obstacles = {_obstacle(reach, channel) for channel in looked_at}
    # Conditions of the account, which a client sees in the message instead of a 422.
    if NO_SENDER in obstacles:
        return RoutePlan((), judgements, None, None, NO_SENDER, Reason.SENDER_NOT_ALLOWED)
    if obstacles == {NO_MMS}:
        return RoutePlan((), judgements, None, None, NO_MMS, Reason.CHANNEL_NOT_CONFIGURED)
    if requested is not None and obstacles == {WINDOW_CLOSED}:
        # Not a 422: a client that names the channel sees it in the message.
        return RoutePlan((), judgements, None, None, WINDOW_CLOSED, Reason.WINDOW_CLOSED)
    if UNAPPROVED in obstacles:
        return RoutePlan((), judgements, ROUTE_DENIED, "BUSINESS_005", None, Reason.TEMPLATE_PROBLEM)
    reason = Reason.WINDOW_CLOSED if WINDOW_CLOSED in obstacles else Reason.NO_ROUTE
    return RoutePlan((), judgements, ROUTE_DENIED, "BUSINESS_007", None, reason)


def passed_over(judgements: Sequence[Judgement]) -> tuple[Judgement, ...]:
    """Channels that automatic choice skipped because of their text."""
    found: list[Judgement] = []
    for judged in judgements:
        if judged.chosen:
            return tuple(found)
        if judged.reason not in _STANDING:
            found.append(judged)
    return ()


def _text_problems(reach: Reach, looked_at: Sequence[str]) -> Sequence[str]:
    """Why the text prevents the message: if nothing else does, or if it fits no channel."""
    unfit = {channel: problems for channel, problems in reach.unfit if channel in looked_at}
    fits_somewhere = any(channel in reach.written and channel not in unfit for channel in looked_at)
    found: dict[str, None] = {}
    for channel, problems in unfit.items():
        if not fits_somewhere or _obstacle(reach, channel) == "; ".join(problems):
            found.update(dict.fromkeys(problems))
    return list(found)


def _judge(reach: Reach, channel: str) -> Judgement:
    reason = _obstacle(reach, channel)
    return Judgement(channel, reason is None, reason or "available, configured and priced")


def _obstacle(reach: Reach, channel: str) -> str | None:
    if channel not in reach.configured:
        return NO_MMS if channel == MMS else NOT_CONFIGURED
    if channel not in reach.written:
        return NOT_WRITTEN
    if channel not in reach.receivable:
        return NOT_RECEIVABLE
    if channel in NEEDS_APPROVAL and not reach.approved:
        return UNAPPROVED
    if channel in reach.closed:
        return WINDOW_CLOSED
    if channel in reach.senderless:
        return NO_SENDER
    problems = dict(reach.unfit).get(channel)
    if problems:
        return "; ".join(problems)
    if all(channel != priced for priced, _ in reach.prices):
        return NOT_PRICED
    return None
