"""Bodies and answers of the message routes, in every documented form. Source: contract NOTES a1-a6, a15-a24."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from sent_server.carriers.base import Content
from sent_server.http.fields import Body, Phone, Uuid, fault
from sent_server.kernel import money, phone, spellings, timestamps
from sent_server.messages.model import AUTOMATIC, Batch, Message, MessageEvent, load_contents, load_plans

MAX_RECIPIENTS = 1_000
CHANNELS = (AUTOMATIC, "sms", "whatsapp", "rcs")


def _check_channels(value: Any) -> Any:
    """A list or one name; an empty list is automatic."""
    if value is None:
        return None
    names: Any = [value] if isinstance(value, str) else value
    if not isinstance(names, list):
        raise fault("VALIDATION_001", "Expected a list of channels")
    if any(name not in CHANNELS for name in names):  # pyright: ignore[reportUnknownVariableType]
        raise fault("VALIDATION_006", f"Value must be one of: {', '.join(CHANNELS)}")
    return list(dict.fromkeys(names)) or None  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _check_newer_channels(value: Any) -> Any:
    """The same, or the object that newer clients send here: ignored."""
    return None if isinstance(value, dict) else _check_channels(value)


def _check_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and len(value) <= 2_048
    except ValueError:
        valid = False
    if not valid:
        raise fault("VALIDATION_001", "Must be a valid HTTP or HTTPS URL")
    return value


Channels = Annotated[list[str] | None, BeforeValidator(_check_channels)]
NewerChannels = Annotated[list[str] | None, BeforeValidator(_check_newer_channels)]
Url = Annotated[str, AfterValidator(_check_url)]


class TemplateRef(BaseModel):
    """`id` wins over `name`."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    id: Uuid | None = None
    name: str | None = Field(default=None, max_length=512)
    parameters: dict[str, str] | None = None


class SendMessage(Body):
    """The multi-recipient form, and the older single-recipient one (phone_number, template_id, variables)."""

    missing: ClassVar[dict[str, tuple[str, str]]] = {}

    phone_number: Phone | None = None
    to: list[Phone] | None = Field(default=None, validate_default=True)
    template_id: Uuid | None = None
    template: TemplateRef | None = Field(default=None, validate_default=True)
    variables: dict[str, str] | None = None
    channel: Channels = None
    channels: NewerChannels = None
    webhook_url: Url | None = None
    callback_url: Url | None = None

    @field_validator("to", mode="after")
    @classmethod
    def _has_recipients(cls, value: list[str] | None, info: ValidationInfo) -> list[str] | None:
        if not value and info.data.get("phone_number", "refused") is None:
            raise fault("VALIDATION_004", "'to' must contain at least one recipient")
        if value and len(value) > MAX_RECIPIENTS:
            raise fault("VALIDATION_005", f"'to' must contain at most {MAX_RECIPIENTS} recipients")
        return value

    @field_validator("template", mode="after")
    @classmethod
    def _names_a_template(cls, value: TemplateRef | None, info: ValidationInfo) -> TemplateRef | None:
        if value is None and info.data.get("template_id", "refused") is None:
            raise fault("VALIDATION_004", "'template' is required")
        if value is not None and value.id is None and not value.name:
            raise fault("VALIDATION_004", "'template.id' or 'template.name' is required")
        return value

    @property
    def recipients(self) -> tuple[str, ...]:
        """Each person once, in the spelling of the number that comes first."""
        single = [self.phone_number] if self.phone_number else []
        return spellings.distinct([*(self.to or []), *single])

    @property
    def chosen_channels(self) -> tuple[str, ...]:
        return tuple(self.channel or self.channels or [AUTOMATIC])


def accepted(
    template_id: str, template_name: str, rows: Sequence[tuple[str, str, str | None, str | None, int | None]]
) -> dict[str, Any]:
    """Rows of (message id, phone, channel, text, price in micros); an automatic choice has no channel and price yet."""
    return {
        "status": "QUEUED",
        "template_id": template_id,
        "template_name": template_name,
        "recipients": [
            {"message_id": message_id, "to": to, "channel": channel, "body": text}
            for message_id, to, channel, text, _ in rows
        ],
        "messages": [
            {
                "id": message_id,
                "status": "QUEUED",
                "to": to,
                "channel": channel,
                "price": None if price is None else money.to_number(price),
            }
            for message_id, to, channel, _, price in rows
        ],
    }


def message(found: Message, batch: Batch, events: Sequence[MessageEvent]) -> dict[str, Any]:
    """The `data` of GET /v3/messages/{id}; events oldest first."""
    content = load_contents(batch.contents_json).get(found.channel or _planned_channel(found, batch))
    return {
        "id": found.id,
        "customer_id": found.customer_id,
        "contact_id": found.contact_id,
        "phone": found.phone,
        "phone_international": phone.formats(found.phone).international,
        "region_code": found.region_code,
        "template_id": batch.template_id,
        "template_name": batch.template_name,
        "template_category": batch.template_category,
        "channel": found.channel,
        "message_body": _body(content) if content else None,
        "status": found.status,
        "created_at": timestamps.iso(found.created_at_ms),
        "price": None if found.price_micros is None else money.to_number(found.price_micros),
        "active_contact_price": (
            None if found.active_contact_price_micros is None else money.to_number(found.active_contact_price_micros)
        ),
        "events": [
            {"status": event.status, "timestamp": timestamps.iso(event.at_ms), "description": event.description}
            for event in events
        ],
    }


def activities(message_id: str, events: Sequence[MessageEvent]) -> dict[str, Any]:
    """Newest first; prices are strings of four decimals."""
    return {
        "message_id": message_id,
        "activities": [
            {
                "status": event.status,
                "description": event.description,
                "timestamp": timestamps.iso(event.at_ms),
                "price": None if event.price_micros is None else money.to_text(event.price_micros),
                "active_contact_price": (
                    None
                    if event.active_contact_price_micros is None
                    else money.to_text(event.active_contact_price_micros)
                ),
            }
            for event in reversed(events)
        ],
    }


def _planned_channel(found: Message, batch: Batch) -> str:
    """Where an automatic choice goes first; before it goes, the message shows that text."""
    legs = load_plans(batch.plans_json)[found.plan_number].legs
    return legs[found.leg].channel if legs else ""


def _body(content: Content) -> dict[str, Any]:
    return {
        "header": content.header,
        "content": content.content,
        "footer": content.footer,
        "buttons": [{"type": button.type, "value": button.value} for button in content.buttons] or None,
    }
