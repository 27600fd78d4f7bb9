"""From a template and its parameters to what a carrier is given. Pure.

Compiled once, rendered often. The body of a channel is its own, else multiChannel; RCS never borrows WhatsApp's. SMS
has a body and nothing else. A security recommendation is a sentence of the body on every channel; the expiry of a code
is a footer line and so is not on SMS.

A variable takes the parameter of its name; a link or medium without one takes the address in its definition. What
`{{1}}` declared (`var_1`) also takes the parameter `1`. Unknown parameters are ignored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sent_server.carriers.base import Button, Content
from sent_server.templates import definition as definitions
from sent_server.templates import placeholders
from sent_server.templates.definition import Definition, Variable
from sent_server.templates.patterns import MAX_VALUE_LENGTH, Pattern

MAX_PARAMETER = 1_024
SECURITY = "For your security, do not share this code."
COPY_CODE = "Copy code"


@dataclass(frozen=True, slots=True)
class InvalidParameters:
    """What is wrong with the parameters, for people; each names its variable."""

    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """A variable's place in a text. `alias` is a second name for its parameter."""

    name: str
    alias: str | None
    default: str | None
    pattern: Pattern | None


# A text as literals and the slots between them.
Text = tuple[str | Slot, ...]


@dataclass(frozen=True, slots=True)
class CompiledButton:
    type: str
    text: str
    value: Text


@dataclass(frozen=True, slots=True)
class CompiledContent:
    """`constant` is the whole result where no text has a slot."""

    body: Text
    header: Text | None
    footer: Text | None
    buttons: tuple[CompiledButton, ...]
    slots: tuple[Slot, ...]
    constant: Content | None


@dataclass(frozen=True, slots=True)
class Compiled:
    """What each channel says that the template may use for sending."""

    contents: Mapping[str, CompiledContent]

    @property
    def channels(self) -> frozenset[str]:
        return frozenset(self.contents)


def compile(definition: Definition) -> Compiled:
    """Accepts what `definition.parse` and `definition.load` return."""
    body = definition.body
    bodies = {
        "sms": body.sms or body.multi_channel,
        "whatsapp": body.whatsapp or body.multi_channel,
        "rcs": body.rcs or body.multi_channel,
    }
    return Compiled({channel: _content(definition, channel, part) for channel, part in bodies.items() if part})


def compile_stored(text: str) -> Compiled:
    return compile(definitions.load(text))


def render(compiled: Compiled, channel: str, parameters: Mapping[str, str]) -> Content | InvalidParameters:
    """`channel` is one of `compiled.channels`."""
    content = compiled.contents[channel]
    if content.constant:
        return content.constant
    values: dict[str, str] = {}
    problems: list[str] = []
    for slot in content.slots:
        value = parameters.get(slot.name)
        if value is None and slot.alias:
            value = parameters.get(slot.alias)
        if value is None:
            value = slot.default
        problem = _problem(slot, value)
        if problem:
            problems.append(problem)
        values[slot.name] = value or ""
    return InvalidParameters(tuple(dict.fromkeys(problems))) if problems else _filled(content, values)


def _problem(slot: Slot, value: str | None) -> str | None:
    if value is None:
        return f"'{slot.name}' is missing"
    if len(value) > MAX_PARAMETER:
        return f"'{slot.name}' is longer than {MAX_PARAMETER} characters"
    if slot.pattern is None or slot.pattern.matches(value):
        return None
    if len(value) > MAX_VALUE_LENGTH:
        return f"'{slot.name}' is longer than the {MAX_VALUE_LENGTH} characters that a value with a regex may have"
    return f"'{slot.name}' does not match {slot.pattern.text}"


def _filled(content: CompiledContent, values: Mapping[str, str]) -> Content:
    return Content(
        content=_text(content.body, values),
        header=None if content.header is None else _text(content.header, values),
        footer=None if content.footer is None else _text(content.footer, values),
        buttons=tuple(Button(button.type, button.text, _text(button.value, values)) for button in content.buttons),
    )


def _text(text: Text, values: Mapping[str, str]) -> str:
    return "".join([part if isinstance(part, str) else values[part.name] for part in text])


def _content(definition: Definition, channel: str, part: definitions.Part) -> CompiledContent:
    config = definition.authentication_config
    body = _compiled(part.template, part.declared)
    if config and config.add_security_recommendation:
        body = (*body, f" {SECURITY}")
    header = footer = None
    buttons: tuple[CompiledButton, ...] = ()
    if channel != "sms":
        header = _compiled(definition.header.template, definition.header.declared) if definition.header else None
        footer = _footer(definition)
        code = tuple(piece for piece in body if isinstance(piece, Slot))[:1]
        buttons = tuple(_button(button, code) for button in definition.buttons or [])
    texts: Sequence[Text | None] = (header, body, footer, *(button.value for button in buttons))
    slots = tuple(dict.fromkeys(piece for text in texts for piece in text or () if isinstance(piece, Slot)))
    compiled = CompiledContent(body, header, footer, buttons, slots, None)
    if slots:
        return compiled
    return CompiledContent(body, header, footer, buttons, slots, _filled(compiled, {}))


def _footer(definition: Definition) -> Text | None:
    config = definition.authentication_config
    minutes = config.code_expiration_minutes if config else None
    lines = _compiled(definition.footer.template, definition.footer.declared) if definition.footer else ()
    if minutes:
        expiry = f"This code expires in {minutes} minute{'' if minutes == 1 else 's'}."
        lines = (*lines, f"\n{expiry}") if lines else (expiry,)
    return lines or None


def _button(button: definitions.Button, code: Text) -> CompiledButton:
    """What pressing it does is its value; a button that copies the code copies the body's first variable."""
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
    """The country's calling code may be given apart."""
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
    alias = number if number.isdigit() else None
    return Slot(variable.name, alias, address, Pattern(regex) if regex else None)
