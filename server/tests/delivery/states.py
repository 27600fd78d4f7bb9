"""Messages as the engine works on them, made up for tests of its pure rules."""

from collections.abc import Sequence

from sent_server.delivery.message_state import MessageState
from sent_server.messages.model import PlannedLeg, StoredPlan, dump_plan, join_plans

CHANNELS = ("rcs", "whatsapp", "sms")


def message(
    *,
    prices: Sequence[int] = (4_000, 8_300),
    active_micros: int = 0,
    category: str | None = "UTILITY",
    is_newer: bool = False,
    is_text: bool = False,
) -> MessageState:
    """An accepted message with a leg per price; the dearest one is held."""
    channels = CHANNELS[-len(prices) :]
    legs = [PlannedLeg(channel, price, "simulator", "+1500") for channel, price in zip(channels, prices, strict=True)]
    plan = StoredPlan(tuple(legs), is_text=is_text, is_newer=is_newer)
    return MessageState(
        customer_id="c", id="m", contact_id="p", phone="+14155550100", status="QUEUED", channel=legs[0].channel, leg=0,
        legs=len(legs), plan_number=0, held_micros=max(prices) + active_micros, settled_at_ms=None, price_micros=None,
        active_contact_price_micros=active_micros or None, refunded_micros=0, round=0, last_sequence=0,
        created_at_ms=0, ledger_id="c", template_id=None, template_name=None, template_category=category,
        contents_json="{}", plans_json=join_plans([dump_plan(plan)]), callback_url=None,
    )  # fmt: skip
