"""Values derived from a template's content: lists in responses, and defaults for a create request. Pure."""

import re

import orjson

from sent_server.templates import placeholders
from sent_server.templates.definition import Definition

CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
DEFAULT_LANGUAGE = "en_US"
RESERVED = "sent_"
_NAME_WORDS = 5
_NAME_LENGTH = 60
_WORD = re.compile(r"[a-z0-9]+", re.ASCII)
# A code together with its purpose. A code alone may be a voucher.
_CODE = re.compile(r"\b(code|pin|otp|passcode)\b", re.IGNORECASE)
_PROOF = re.compile(
    r"\b(otp|passcode|verif\w*|authenticat\w*|log[ -]?in|sign[ -]?in|one[ -]time|security code)\b", re.IGNORECASE
)
_OFFER = re.compile(
    r"\b(offers?|sale|discounts?|deals?|coupon|promo\w*|voucher|shop now|% off|save \d+|free)\b", re.IGNORECASE
)
_SERVICE = re.compile(
    r"\b(orders?|appointments?|deliver\w*|shipp\w*|shipment|parcel|invoices?|payments?|paid|receipts?|remind\w*|"
    r"bookings?|reservations?|account|ticket|subscription|confirm\w*|refund\w*|due)\b",
    re.IGNORECASE,
)


def variables_json(definition: Definition) -> str:
    """Distinct names in the order header, body (multiChannel, sms, whatsapp, rcs, mms), footer, buttons."""
    return orjson.dumps(list(dict.fromkeys(variable.name for variable in definition.variables))).decode()


def channels_text(definition: Definition) -> str:
    """The comma-separated list in responses: the channels with a body. A multiChannel body is one for each of them."""
    body = definition.body
    return ",".join(channel for channel, part in body.own.items() if part or body.multi_channel)


def texts(definition: Definition) -> str:
    """All text that a recipient could see, one part per line, without placeholders."""
    lines = [placeholders.plain(part.template) for _, part in definition.parts]
    lines += [button.props.text for button in definition.buttons or [] if button.props.text]
    return "\n".join(lines)


def name(definition: Definition) -> str:
    """The first words of the body in WhatsApp's form for names: `hello_welcome_to`."""
    words = _WORD.findall(placeholders.plain(definition.body.parts[0].template).lower())
    made = "_".join(words[:_NAME_WORDS])[:_NAME_LENGTH].strip("_")
    return made if made[:1].isalpha() and not is_reserved(made) else f"template_{made}".rstrip("_")


def is_reserved(name: str) -> bool:
    """Names of the provider's own templates."""
    return name.lower().startswith(RESERVED)


def category(definition: Definition) -> str:
    """AUTHENTICATION for verification codes, UTILITY for requested services, else MARKETING.

    An offer outweighs words of a service, as reviewers decide.
    """
    text = texts(definition)
    is_one_tap = any(button.props.otp_type for button in definition.buttons or [])
    config = definition.authentication_config
    if is_one_tap or (config and config.is_active) or (_CODE.search(text) and _PROOF.search(text)):
        return "AUTHENTICATION"
    return "UTILITY" if _SERVICE.search(text) and not _OFFER.search(text) else "MARKETING"
