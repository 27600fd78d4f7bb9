"""Why a message is refused before an attempt: the word, the code and the sentences. Pure."""

from sent_server.carriers.reasons import TABLE, Reason
from sent_server.kernel.values import value_object
from sent_server.messages.statuses import BLOCKED, FILTERED

CONSENT = TABLE[Reason.OPTED_OUT].reason_code


@value_object
class Refusal:
    """`status` is FILTERED (consent) or BLOCKED (a condition of the account). `description` has a prefix, if any."""

    status: str
    reason_code: str
    reason: str
    description: str


def of_plan(reason: Reason, sentence: str, description: str) -> Refusal:
    """The refusal of a plan without legs, for this reason."""
    code = TABLE[reason].reason_code
    return Refusal(FILTERED if code == CONSENT else BLOCKED, code, sentence, description)


def template_gone() -> Refusal:
    return _blocked(Reason.TEMPLATE_PROBLEM, "The template was deleted")


def no_balance() -> Refusal:
    return _blocked(Reason.NO_BALANCE, "The balance is too low")


def quota_used_up() -> Refusal:
    return _blocked(Reason.ACCOUNT_QUOTA, "The account has reached its limit of messages for today")


def account_not_active() -> Refusal:
    return _blocked(Reason.NO_ROUTE, "The account is not active")


def _blocked(reason: Reason, sentence: str) -> Refusal:
    entry = TABLE[reason]
    return Refusal(BLOCKED, entry.reason_code, sentence, f"{entry.prefix}: {sentence}" if entry.prefix else sentence)
