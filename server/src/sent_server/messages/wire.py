"""Bodies and responses of the message routes, in every documented form. Source: contract/NOTES.md a1-a6, a15-a24."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, ClassVar, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from sent_server.carriers.base import Attachment, MessageContent
from sent_server.http import unserved
from sent_server.http.fields import Phone, PostUrl, RequestBody, Uuid, fault
from sent_server.http.lengths import AtMost
from sent_server.http.zero_values import Fault, ZeroValues
from sent_server.kernel import media, money, paging, phone, spellings, timestamps, typed_text
from sent_server.kernel.channels import CHANNELS
from sent_server.messages import schedule, sender_pools
from sent_server.messages.model import AUTOMATIC, Batch, Message, MessageEvent, load_contents, load_plans
from sent_server.messages.request import Asked, SendRequest, TemplateAsked, TextAsked
from sent_server.messages.sender_pools import SenderPools
from sent_server.messages.statuses import CANCELLED, QUEUED, RECEIVED, SCHEDULED, WITH_REASON

MAX_RECIPIENTS = 1_000
MAX_CHANNELS = 100
MAX_TEXT = 4_096
SENDABLE = (AUTOMATIC, *CHANNELS)
# Numbers with a larger exponent remain as written, to avoid texts of a thousand zeros.
MAX_EXPONENT = 30
INBOUND, OUTBOUND = "inbound", "outbound"
# Activities that show the time that a message is held until.
_HELD = frozenset({SCHEDULED, CANCELLED})


def _check_channels(value: Any) -> Any:
    """Accepts a list or one name. An empty list means automatic."""
    names: Any = [value] if isinstance(value, str) else value
    if not isinstance(names, list):
        raise fault("VALIDATION_001", "Expected a list of channels")
    if len(names) > MAX_CHANNELS:  # pyright: ignore[reportUnknownArgumentType]
        raise fault("VALIDATION_001", f"At most {MAX_CHANNELS} channels are allowed")
    if len(names) == 1 and names[0] in SENDABLE:  # pyright: ignore[reportUnknownArgumentType]
        return names  # pyright: ignore[reportUnknownVariableType]
    unknown = [name for name in names if name not in SENDABLE]  # pyright: ignore[reportUnknownVariableType]
    if unknown:
        raise fault("VALIDATION_006", f"Value must be one of: {', '.join(SENDABLE)}")
    return list(dict.fromkeys(names)) or None  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _check_newer_channels(value: Any) -> Any:
    """Also accepts the object that newer clients send here: the allowed senders by channel."""
    return sender_pools.read(cast(dict[str, Any], value)) if isinstance(value, dict) else _check_channels(value)


def _check_media_url(value: str) -> str:
    if problem := media.url_problem(value):
        raise fault("VALIDATION_001", problem)
    return value


def _check_subject(value: str) -> str:
    if len(value) > media.MAX_SUBJECT:
        raise fault("VALIDATION_005", f"The subject must have at most {media.MAX_SUBJECT} characters")
    return value


def _text(value: Any) -> str:
    """The text of a number or a boolean: 1.50 is "1.50", as written, but 1e3 is "1000"."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            written = getattr(value, "text", repr(value))
            if "e" not in written.lower():
                return written
            number = Decimal(written)
            return f"{number:f}" if abs(number.adjusted()) <= MAX_EXPONENT else written
        case _:
            raise ValueError


class _AnyText:
    """An annotation that also accepts numbers, booleans and null. Texts, the usual case, need no call into Python."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        others = core_schema.no_info_plain_validator_function(_text)
        return core_schema.union_schema(
            [handler(source), others], custom_error_type="string_type", mode="left_to_right"
        )


_ChannelList = Annotated[list[str] | None, ZeroValues((str, list))]
Channels = Annotated[_ChannelList, BeforeValidator(_check_channels)]
NewerChannels = Annotated[
    list[str] | SenderPools | None, ZeroValues((str, list, dict)), BeforeValidator(_check_newer_channels)
]
MediaUrls = Annotated[
    list[Annotated[str, AfterValidator(_check_media_url)]],
    AtMost(media.MAX_ATTACHMENTS, "attachments", "VALIDATION_005"),
]
# A null value counts as missing.
Parameters = dict[str, Annotated[str, _AnyText()] | None]


def _check_scheduled_at(value: Any) -> Any:
    at_ms = schedule.parse(value) if isinstance(value, str) else None
    if at_ms is None and value is not None:
        raise fault("VALIDATION_001", schedule.BAD_FORM)
    return at_ms


# RFC 3339 text on the wire. The value is epoch milliseconds.
ScheduledAt = Annotated[int | None, ZeroValues((str,)), BeforeValidator(_check_scheduled_at)]


class TemplateRef(BaseModel):
    """`id` takes precedence over `name`."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    id: Uuid | None = None
    name: str | None = Field(default=None, max_length=512)
    parameters: Parameters | None = None


def _who_and_what(body: Mapping[str, Any]) -> Sequence[Fault]:
    """A send requires recipients, up to the limit, and a template or a text, each in one of its forms."""
    faults: list[Fault] = []
    to: Any = body.get("to")
    if to is None:
        if "phone_number" not in body:
            faults.append((("to",), "VALIDATION_004", "'to' must contain at least one recipient"))
    elif type(to) is list and len(to) > MAX_RECIPIENTS:  # pyright: ignore[reportUnknownArgumentType]
        faults.append((("to",), "VALIDATION_005", f"'to' must contain at most {MAX_RECIPIENTS} recipients"))
    template: Any = body.get("template")
    if "text" in body:
        if template or "template_id" in body or "variables" in body:
            faults.append((("text",), "VALIDATION_001", "Exactly one of 'template' and 'text' is allowed"))
    elif template is None:
        if "template_id" not in body:
            faults.append((("template",), "VALIDATION_004", "'template' is required"))
    elif type(template) is dict and not template.keys() & {"id", "name"} and (template or "template_id" not in body):
        faults.append((("template",), "VALIDATION_004", "'template.id' or 'template.name' is required"))
    return faults


def _check_text(value: str) -> str:
    if len(value) > MAX_TEXT:
        raise fault("VALIDATION_005", f"The text must have at most {MAX_TEXT:,} characters; it has {len(value):,}")
    if typed_text.is_blank(value):
        raise fault("VALIDATION_001", "The text must not be blank")
    return value


class SendMessage(RequestBody):
    """The multi-recipient form, and the older single-recipient one (phone_number, template_id, variables)."""

    not_served: ClassVar[frozenset[str]] = unserved.SEND
    together = _who_and_what

    phone_number: Phone | None = None
    to: list[Phone] | None = None
    template_id: Uuid | None = None
    template: TemplateRef | None = None
    text: Annotated[str, AfterValidator(_check_text)] | None = None
    variables: Parameters | None = None
    channel: Channels = None
    channels: NewerChannels = None
    media_urls: MediaUrls | None = None
    subject: Annotated[str, AfterValidator(_check_subject)] | None = None
    webhook_url: PostUrl | None = None
    callback_url: PostUrl | None = None
    scheduled_at: ScheduledAt = None

    @property
    def parameters(self) -> dict[str, str]:
        given = (self.template.parameters if self.template else None) or self.variables or {}
        if None in given.values():
            return {name: value for name, value in given.items() if value is not None}
        return cast(dict[str, str], given)

    @property
    def recipients(self) -> tuple[str, ...]:
        """Each recipient once, with the first spelling of the number."""
        single = [self.phone_number] if self.phone_number else []
        return spellings.distinct([*(self.to or []), *single])

    @property
    def chosen_channels(self) -> tuple[str, ...]:
        older = self.channels if isinstance(self.channels, list) else None
        return tuple(self.channel or older or [AUTOMATIC])

    @property
    def request(self) -> SendRequest:
        """What the recipients are to get. An id takes precedence over a name."""
        pools = self.channels if isinstance(self.channels, dict) else {}
        return SendRequest(
            self._asked,
            self.chosen_channels,
            tuple(self.media_urls or ()),
            self.subject,
            pools,
            scheduled_at_ms=self.scheduled_at,
        )

    @property
    def _asked(self) -> Asked:
        if self.text is not None:
            return TextAsked(self.text)
        template = self.template
        template_id = (template.id if template else None) or self.template_id
        name = None if template_id or template is None else template.name
        return TemplateAsked(template_id, name, self.parameters)


def accepted(
    template_id: str | None,
    template_name: str | None,
    rows: Sequence[tuple[str, str, str | None, str | None, int | None]],
    scheduled_at_ms: int | None = None,
) -> dict[str, Any]:
    """Rows of (message id, phone, channel, text, price in micros). Channel and price are None if automatic."""
    return {
        "status": QUEUED,
        "template_id": template_id,
        "template_name": template_name,
        "recipients": [
            {"message_id": message_id, "to": to, "channel": channel, "body": text}
            for message_id, to, channel, text, _ in rows
        ],
        "messages": [
            {
                "id": message_id,
                "status": QUEUED,
                "to": to,
                "channel": channel,
                "price": None if price is None else money.to_number(price),
            }
            for message_id, to, channel, _, price in rows
        ],
        **({} if scheduled_at_ms is None else {"scheduled_at": timestamps.iso(scheduled_at_ms)}),
    }


def message(found: Message, batch: Batch, events: Sequence[MessageEvent] | None) -> dict[str, Any]:
    """The `data` of GET /v3/messages/{id}, events oldest first. Keys that do not apply to the message are absent.

    In lists there are no events.
    """
    contents = load_contents(batch.contents_json)
    content = contents.get(found.channel or _planned_channel(found, batch))
    if content is None and batch.template_id is None:  # a refused text, which is the same on every channel
        content = next(iter(contents.values()), None)
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
        "events": None if events is None else _events(found, events),
        "direction": INBOUND if found.status == RECEIVED else OUTBOUND,
        "conversation_id": found.contact_id,
        **_scheduled(found),
        **(_reason(found) if found.status in WITH_REASON else {}),
    }


def activities(found: Message, batch: Batch, events: Sequence[MessageEvent]) -> dict[str, Any]:
    """The activities, newest first. Prices are strings with four decimals."""
    reasons = _reasons(found, events)
    senders = _senders(found, batch)
    _, pagination = paging.cut_all(None, events, key=lambda event: str(event.sequence))
    return {
        "message_id": found.id,
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
                "from": senders.get(event.channel),
                **(_scheduled(found) if event.status in _HELD else {}),
                **reasons.get(event.sequence, {}),
            }
            for event in reversed(events)
        ],
        "pagination": pagination,
    }


def _scheduled(found: Message) -> dict[str, str]:
    return {} if found.scheduled_at_ms is None else {"scheduled_at": timestamps.iso(found.scheduled_at_ms)}


def _reason(found: Message) -> dict[str, str]:
    """Messages that ended before migration 17 have no reason in their row."""
    if found.reason_code is None or found.reason is None:
        return {}
    return {"reason_code": found.reason_code, "reason": found.reason}


def _events(found: Message, events: Sequence[MessageEvent]) -> list[dict[str, Any]]:
    reasons = _reasons(found, events)
    return [
        {
            "status": event.status,
            "timestamp": timestamps.iso(event.at_ms),
            "description": event.description,
            **reasons.get(event.sequence, {}),
        }
        for event in events
    ]


def _reasons(found: Message, events: Sequence[MessageEvent]) -> Mapping[int, dict[str, str]]:
    """The row has the newest reason, which belongs to the last event that needs one."""
    ended = [event.sequence for event in events if event.status in WITH_REASON]
    return {ended[-1]: _reason(found)} if ended else {}


def _senders(found: Message, batch: Batch) -> Mapping[str, str]:
    """By channel: who sent it, our number or the contact."""
    if found.status == RECEIVED:
        return dict.fromkeys(CHANNELS, found.phone)
    return {leg.channel: leg.sender for leg in load_plans(batch.plans_json)[found.plan_number].legs}


def _planned_channel(found: Message, batch: Batch) -> str:
    """The first channel of an automatic choice. The message shows its text before it is sent."""
    legs = load_plans(batch.plans_json)[found.plan_number].legs
    return legs[found.leg].channel if legs else ""


def _body(content: MessageContent) -> dict[str, Any]:
    header = content.header_media
    return {
        "header": content.header,
        "content": content.content or None,  # an MMS may be media alone
        "footer": content.footer,
        "buttons": [{"type": button.type, "value": button.value} for button in content.buttons] or None,
        "headerMedia": None if header is None else {"type": header.type, "url": header.url},
        "media": [_medium(medium) for medium in content.media] or None,
        "subject": content.subject,
    }


def _medium(medium: Attachment) -> dict[str, Any]:
    """`sourceHashSha256` is only known of inbound media."""
    return {
        "url": medium.url,
        "mediaType": medium.media_type,
        "mimeType": medium.mime_type,
        "sizeBytes": medium.size_bytes,
        "sourceHashSha256": medium.hash_sha256,
    }
