"""Renders a template with parameters to message contents. Pure.

A template is compiled once and rendered often. A channel uses its own body, else multiChannel; RCS never uses that of
WhatsApp. SMS and MMS have only a body; an MMS also has attachments and a subject. A security recommendation is a
sentence of the body on every channel. The expiry of a code is a footer line, so SMS does not have it.

A variable uses the parameter of its name. A link or medium without one uses the address in its definition. A variable
that `{{1}}` declared (`var_1`) also uses the parameter `1`, and the medium of a header the parameter `header_image`,
`header_video`, `header_gif` or `header_document`, which must be an https URL. Unknown parameters are ignored.

Every part is measured with its values before it is built, so that excessive text is never built. The result is within
the limits of its channel (`carriers.limits`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sent_server.carriers import limits
from sent_server.carriers.base import Attachment, HeaderMedia, Location, MessageButton, MessageContent
from sent_server.kernel import media, segments, typed_text
from sent_server.kernel.channels import LABELS, MMS, SMS, WHATSAPP
from sent_server.kernel.values import value_object
from sent_server.templates import patterns, placeholders, stored_form
from sent_server.templates.button_nodes import TemplateButton
from sent_server.templates.definition import Definition
from sent_server.templates.nodes import Variable
from sent_server.templates.parts import MEDIA, Header, MmsBody, TemplatePart
from sent_server.templates.patterns import MAX_VALUE_LENGTH, Pattern, UnreadablePattern

MAX_PARAMETER = 1_024
MAX_PROBLEMS = 5  # named; the others are counted, because each failed message stores the sentence
COPY_CODE = "Copy code"
# Channels of a single text, without header, footer and buttons.
PLAIN = frozenset({SMS, MMS})
_BLANK = re.compile(r"\s")


@value_object
class InvalidParameters:
    """Problems of the parameters, for people. Each names its variable."""

    problems: tuple[str, ...]


@value_object
class Slot:
    """A variable's place in a text. `aliases` are other names for its parameter. `is_medium`: the value is an address
    that the carrier fetches."""

    name: str
    aliases: tuple[str, ...]
    default: str | None
    pattern: Pattern | UnreadablePattern | None
    is_medium: bool = False


# A text as literals and the slots between them.
Text = tuple[str | Slot, ...]


@value_object
class CompiledButton:
    type: str
    text: str
    value: Text


@value_object
class MeasuredPart:
    """`fixed` is the length of the literals, `slots` the names that add to it. `limit` is None for SMS."""

    name: str
    fixed: int
    slots: tuple[str, ...]
    limit: int | None


@value_object
class CompiledContent:
    """`constant` is the complete result if no text has a slot. `links` are the buttons with a slot in the URL.

    If no value is longer than `room`, no part is too long, so ordinary values need no further check.
    """

    body: Text
    header: Text | None
    footer: Text | None
    buttons: tuple[CompiledButton, ...]
    slots: tuple[Slot, ...]
    measured: tuple[MeasuredPart, ...]
    room: int
    links: tuple[int, ...]
    constant: MessageContent | None
    header_type: str | None = None
    location: Location | None = None
    media: tuple[Attachment, ...] = ()
    subject: str | None = None


@value_object
class Compiled:
    """The compiled content of each channel that the template may use for sending."""

    contents: Mapping[str, CompiledContent]

    @property
    def channels(self) -> frozenset[str]:
        return frozenset(self.contents)

    @property
    def media(self) -> tuple[Attachment, ...]:
        """The attachments of an MMS."""
        content = self.contents.get(MMS)
        return content.media if content else ()


def compile(definition: Definition) -> Compiled:
    """Accepts what `definition.parse` and `stored_form.load` return."""
    body = definition.body
    bodies = [(channel, part or body.multi_channel) for channel, part in body.own.items()]
    return Compiled({channel: _content(definition, channel, part) for channel, part in bodies if part})


def compile_stored(text: str) -> Compiled:
    return compile(stored_form.load(text))


def render(
    compiled: Compiled, channel: str, parameters: Mapping[str, str], *, sms_max_segments: int = limits.SMS_SEGMENTS
) -> MessageContent | InvalidParameters:
    """`channel` is one of `compiled.channels`."""
    content = compiled.contents[channel]
    values: dict[str, str] = {}
    problems: list[str] = []
    longest = 0
    for slot in content.slots:
        value = parameters.get(slot.name)
        if value is None and slot.aliases:
            value = next((parameters[name] for name in slot.aliases if name in parameters), None)
        problem = _medium_problem(slot, value) if slot.is_medium else None
        if value is None:
            value = slot.default
        problem = problem or _problem(slot, value, channel)
        if problem:
            problems.append(problem)
        values[slot.name] = value = value or ""
        longest = max(longest, len(value))
    if not problems and longest > content.room:
        problems = _too_long(content, channel, values, sms_max_segments)
    if problems:
        return _invalid(problems)
    rendered = content.constant or _filled(content, values)
    problems = _unfit(content, channel, rendered, sms_max_segments)
    return _invalid(problems) if problems else rendered


def _medium_problem(slot: Slot, value: str | None) -> str | None:
    """An address in the template itself may be older than this rule."""
    if value is None or media.url_problem(value) is None:
        return None
    return f"'{slot.aliases[0] if slot.aliases else slot.name}' must be an https URL"


def _problem(slot: Slot, value: str | None, channel: str) -> str | None:
    if value is None:
        return f"'{slot.name}' is missing"
    if len(value) > MAX_PARAMETER:
        return f"'{slot.name}' is longer than {MAX_PARAMETER} characters"
    if channel == WHATSAPP:
        refused = limits.value_problem(value)
        if refused:
            return f"'{slot.name}' {refused}, which WhatsApp does not take"
    if isinstance(slot.pattern, UnreadablePattern):
        return f"'{slot.name}' cannot be checked, change its regex in the template: {slot.pattern.problem}"
    if slot.pattern is None or slot.pattern.matches(value):
        return None
    if len(value) > MAX_VALUE_LENGTH:
        return f"'{slot.name}' is longer than the {MAX_VALUE_LENGTH} characters that a value with a regex may have"
    return f"'{slot.name}' does not match {slot.pattern.text}"


def _too_long(content: CompiledContent, channel: str, values: Mapping[str, str], sms_max_segments: int) -> list[str]:
    """Problems that are visible from the lengths alone."""
    problems: list[str] = []
    for part in content.measured:
        length = part.fixed + sum([len(values[name]) for name in part.slots])
        if part.limit is None:
            problem = limits.too_many_characters_for_sms(length, sms_max_segments)
        else:
            problem = limits.too_long(channel, part.name, length, part.limit) if length > part.limit else None
        if problem:
            problems.append(problem)
    return problems


def _unfit(content: CompiledContent, channel: str, rendered: MessageContent, sms_max_segments: int) -> list[str]:
    """Problems that need the rendered text."""
    text = rendered.content
    if typed_text.is_blank(text):
        if channel == MMS:  # attachments need no text
            return []
        return [f"the text on {LABELS[channel]} is blank"]
    if channel == SMS:
        problem = limits.sms_problem(text, sms_max_segments)
        return [problem] if problem else []
    return [
        f"the URL of button {place + 1} on {LABELS[channel]} has a blank; encode it as %20"
        for place in content.links
        if _BLANK.search(rendered.buttons[place].value)
    ]


def _invalid(problems: Sequence[str]) -> InvalidParameters:
    found = tuple(dict.fromkeys(problems))
    more = len(found) - MAX_PROBLEMS
    return InvalidParameters(found if more <= 0 else (*found[:MAX_PROBLEMS], f"and {more} more"))


def _filled(content: CompiledContent, values: Mapping[str, str]) -> MessageContent:
    header = None if content.header is None else _text(content.header, values)
    return MessageContent(
        content=_text(content.body, values),
        header=header,
        footer=None if content.footer is None else _text(content.footer, values),
        buttons=tuple(
            MessageButton(button.type, button.text, _text(button.value, values)) for button in content.buttons
        ),
        header_media=HeaderMedia(content.header_type, header) if content.header_type and header else None,
        location=content.location,
        media=content.media,
        subject=content.subject,
    )


def _text(text: Text, values: Mapping[str, str]) -> str:
    return "".join([part if isinstance(part, str) else values[part.name] for part in text])


def _content(definition: Definition, channel: str, part: TemplatePart) -> CompiledContent:
    config = definition.authentication_config
    body = _compiled(part.template, part.declared)
    if config and config.recommendation:
        body = (*body, config.recommendation)
    header = footer = None
    buttons: tuple[CompiledButton, ...] = ()
    header_type: str | None = None
    location: Location | None = None
    if channel not in PLAIN:
        if definition.header:
            header_type, location = _header_type(definition.header), _location(definition.header)
            header = (location.name, ", ", location.address) if location else _header(definition.header, header_type)
        footer = _footer(definition)
        code = tuple(piece for piece in body if isinstance(piece, Slot))[:1]
        buttons = tuple(_button(button, code) for button in definition.buttons or [])
    texts: Sequence[Text | None] = (header, body, footer, *(button.value for button in buttons))
    slots = tuple(dict.fromkeys(piece for text in texts for piece in text or () if isinstance(piece, Slot)))
    measured = [_measured("text" if channel in PLAIN else "body", body, limits.TEMPLATE_BODY.get(channel))]
    if header and not location:
        measured.append(_measured("header", header, limits.MEDIA_URL if header_type else limits.HEADER))
    if footer:
        measured.append(_measured("footer", footer, limits.FOOTER))
    links: list[int] = []
    for place, button in enumerate(buttons):
        if not any(isinstance(piece, Slot) for piece in button.value):
            continue  # measured when the template was created
        if button.type == "URL":
            links.append(place)
            measured.append(_measured(f"URL of button {place + 1}", button.value, limits.BUTTON_URL))
        else:
            measured.append(_measured(f"code of button {place + 1}", button.value, limits.COPY_CODE))
    room = min(_room(part) for part in measured)
    own = part if isinstance(part, MmsBody) else None
    compiled = CompiledContent(
        body, header, footer, buttons, slots, tuple(measured), room, tuple(links), None,
        header_type=header_type,
        location=location,
        media=tuple(Attachment(medium.url, medium.media_type) for medium in own.media or []) if own else (),
        subject=own.subject if own else None,
    )  # fmt: skip
    return compiled if slots else replace(compiled, constant=_filled(compiled, {}))


def _measured(name: str, text: Text, limit: int | None) -> MeasuredPart:
    fixed = sum(len(piece) for piece in text if isinstance(piece, str))
    return MeasuredPart(name, fixed, tuple(piece.name for piece in text if isinstance(piece, Slot)), limit)


def _room(part: MeasuredPart) -> int:
    """The allowed length of each value. Negative if even empty values are too long."""
    most = segments.GSM7_SINGLE if part.limit is None else part.limit
    if part.slots:
        return (most - part.fixed) // len(part.slots)
    return most if part.fixed <= most else -1


def _header_type(header: Header) -> str | None:
    """The kind of medium, if the header is an address instead of a line of text."""
    if header.type in MEDIA:
        return header.type
    medium = next((one for one in header.declared if one.type == "media"), None)
    if medium is None:
        return None
    kind = ((medium.props and medium.props.media_type) or "").lower()
    return kind if kind in MEDIA else "image"


def _header(header: Header, kind: str | None) -> Text:
    text = _compiled(header.template, header.declared)
    if kind is None:
        return text
    name = f"header_{kind}"
    return tuple(
        part
        if isinstance(part, str)
        else replace(part, aliases=tuple(dict.fromkeys((name, *part.aliases))), is_medium=True)
        for part in text
    )


def _location(header: Header) -> Location | None:
    pin = header.location
    return Location(pin.latitude, pin.longitude, pin.name, pin.address) if pin else None


def _footer(definition: Definition) -> Text | None:
    config = definition.authentication_config
    lines = _compiled(definition.footer.template, definition.footer.declared) if definition.footer else ()
    if config and config.expiry:
        lines = (*lines, f"\n{config.expiry}") if lines else (config.expiry,)
    return lines or None


def _button(button: TemplateButton, code: Text) -> CompiledButton:
    """`value` is the action of the button. A button that copies the code copies the body's first variable."""
    props = button.props
    text = props.text or (COPY_CODE if button.type == "COPY_CODE" else "")
    match button.type:
        case "URL":
            value = _compiled(props.url or "", props.variables or [])
        case "PHONE_NUMBER":
            value = (_phone(props.country_code, props.phone_number or ""),)
        case "COPY_CODE":
            value = (props.offer_code,) if props.offer_code else code or (text,)
        case "QUICK_REPLY" | "VOICE_CALL":
            value = (text,)
    return CompiledButton(button.type, text, value)


def _phone(country_code: str | None, number: str) -> str:
    """The country calling code may be a separate field."""
    digits = (country_code or "").lstrip("+")
    return number if number.startswith("+") or not digits.isdigit() else f"+{digits}{number}"


def _compiled(text: str, variables: Sequence[Variable]) -> Text:
    by_id = {variable.id: variable for variable in variables}
    return tuple(part if isinstance(part, str) else _slot(by_id[part]) for part in placeholders.split(text))


def _slot(variable: Variable) -> Slot:
    props = variable.props
    number = variable.name.removeprefix("var_")
    address = props.short_url or props.url if props and variable.type != "variable" else None
    regex = props.regex if props else None
    aliases = (number,) if number.isdigit() else ()
    return Slot(variable.name, aliases, address, patterns.load(regex) if regex else None)
