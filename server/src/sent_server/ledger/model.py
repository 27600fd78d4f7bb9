"""Accounts of a customer's ledger, and its balance."""

from sent_server.kernel.values import value_object

# deposits -> available -> held -> revenue. Money enters at deposits, so its balance is negative.
DEPOSITS = "deposits"
AVAILABLE = "available"
HELD = "held"
REVENUE = "revenue"
ACCOUNTS = (DEPOSITS, AVAILABLE, HELD, REVENUE)


@value_object
class Balances:
    available_micros: int
    held_micros: int


@value_object
class Transfer:
    """One entry: `amount_micros` of `ledger_id` moves between two of its accounts. (ref, kind) happens once."""

    ledger_id: str
    ref: str
    kind: str
    from_account: str
    to_account: str
    amount_micros: int


def round_ref(message_id: str, round: int = 1) -> str:
    """The reference of the entries of a message's round: the message id, with the round number from the second on."""
    return message_id if round == 1 else f"{message_id}#{round}"


def hold(ledger_id: str, ref: str, amount_micros: int) -> Transfer:
    return Transfer(ledger_id, ref, "hold", AVAILABLE, HELD, amount_micros)


def capture(ledger_id: str, ref: str, amount_micros: int) -> Transfer:
    return Transfer(ledger_id, ref, "capture", HELD, REVENUE, amount_micros)


def release(ledger_id: str, ref: str, amount_micros: int) -> Transfer:
    return Transfer(ledger_id, ref, "release", HELD, AVAILABLE, amount_micros)


def refund(ledger_id: str, ref: str, amount_micros: int) -> Transfer:
    """Return part of a captured amount."""
    return Transfer(ledger_id, ref, "refund", REVENUE, AVAILABLE, amount_micros)
