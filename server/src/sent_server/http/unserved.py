"""Fields that change the meaning of a request and that this server does not support.

If ignored, such a field would send another message, at another time, from another number or to other people than
requested. So each is refused by name, unless it is empty: typed clients write every field of their types. All other
unknown fields are ignored. A model names its row of this table as its class variable `not_served`.

A name covers its usual spellings: `send_at`, `sendAt`, `SendAt`, `send-at`.
"""

from collections.abc import Iterable
from typing import Any, cast

NOT_SUPPORTED = "Not supported by this server"
_LONGEST = 40


def spelling(name: str) -> str:
    """One form for all usual spellings of a name."""
    return name.replace("_", "").replace("-", "").lower()


def _names(*names: str) -> frozenset[str]:
    return frozenset(map(spelling, names))


# An ignored test flag would send for real. `sandbox` and `test_mode` are supported.
TRIAL = _names(
    "dry_run", "is_dry_run", "test_mode", "is_test", "sandbox_mode", "is_sandbox", "validate_only", "simulate"
)
_TIME = _names(
    "scheduled_at", "schedule_at", "schedule", "scheduled", "scheduled_time", "schedule_time", "scheduled_for",
    "schedule_for", "scheduled_date", "schedule_date", "scheduled_send_time", "send_at", "send_time", "send_date",
    "send_on", "send_after", "send_later", "send_in", "deliver_at", "deliver_on", "deliver_after", "delivery_time",
    "delay", "delay_ms", "delay_seconds", "delay_minutes",
)  # fmt: skip
_SENDER = _names(
    "from", "from_number", "from_phone", "from_phone_number", "from_name", "sender", "sender_id", "sender_name",
    "sender_number", "sender_phone", "sender_phone_number", "sender_profile", "sender_profile_id", "sending_number",
    "sending_phone_number", "profile_id", "originator",
)  # fmt: skip
_RECIPIENTS = _names("recipient", "recipients", "phone_numbers", "contact_id", "contact_ids", "cc", "bcc")
_PRICE = _names("max_price", "price_limit")
_CONTENT = _names(
    "text_body", "message_text", "body", "content", "message", "media", "media_url", "media_urls",
    "attachment", "attachments", "image_url", "video_url", "document_url", "file_url",
    "template_name", "template_parameters", "template_variables", "parameters",
)  # fmt: skip

SEND = TRIAL | _TIME | _SENDER | _RECIPIENTS | _PRICE | _CONTENT
# On other routes `opt_out` is a field: a new contact that is not opted out gets messages.
NEW_CONTACT = TRIAL | _names("opt_out", "opted_out")
NEW_TEMPLATE = TRIAL
# Fixed when a template is created.
TEMPLATE = TRIAL | _names("auto_create_for_sp")
WEBHOOK = TRIAL | _names("event_filter", "sender_profiles")
MARKET = TRIAL | _names("numbers")
MARKET_COMPLIANCE = _names("documents")


def refuses(row: Iterable[str], name: str, value: Any) -> bool:
    return len(name) <= _LONGEST and spelling(name) in row and not is_empty(value)


def is_empty(value: Any) -> bool:
    """null, "", [], {}, false, 0, and what contains only these: the forms of an unset field."""
    if type(value) is dict:
        return all(map(is_empty, cast(dict[str, Any], value).values()))
    if type(value) is list:
        return all(map(is_empty, cast(list[Any], value)))
    return not value
