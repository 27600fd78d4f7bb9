"""The content tree of a template: its shape, its limits, and the one form in which it is stored. Pure.

Source: contract NOTES c and `TemplateDefinition`. Every fault is reported at once, at its place, as VALIDATION_001.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AliasGenerator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    WrapValidator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError

from sent_server.kernel import typed_text
from sent_server.templates import buttons as button_rules
from sent_server.templates import patterns, placeholders
from sent_server.templates.pattern_syntax import PatternError
from sent_server.templates.placeholders import Declared

REQUIRED = "Template definition is required"
VERSION = "1.0"
SECURITY = "For your security, do not share this code."
MAX_BODY = 1_028
MAX_HEADER = 60
MAX_VARIABLES = 100
MAX_BUTTONS = 10
# Regexes are looked at node by node for each character of a value: this bounds what one send can cost.
MAX_PATTERN_COST = patterns.MAX_NODES
# Context of a definition that was accepted once: rules that came later do not lock it away.
_STORED = object()
Location = tuple[int | str, ...]
Fault = tuple[Location, str]
Text = Annotated[str, StringConstraints(max_length=1_024)]
Url = Annotated[str, StringConstraints(max_length=2_048)]


class _Node(BaseModel):
    """camelCase on the wire; what we do not know is dropped."""

    model_config = ConfigDict(
        strict=True, extra="ignore", frozen=True, alias_generator=AliasGenerator(to_camel), hide_input_in_errors=True
    )


class VariableProps(_Node):
    variable_type: Text | None = None
    sample: Text | None = None
    regex: Text | None = None
    url: Url | None = None
    short_url: Url | None = None
    alt: Text | None = None
    media_type: Literal["image", "video", "document"] | None = None


class Variable(_Node):
    """`id` None takes the place in the list."""

    id: int | None = Field(default=None, ge=0, le=999_999_999)
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=100)]
    type: Literal["variable", "link", "media"]
    props: VariableProps | None = None


Variables = Annotated[list[Variable], Field(max_length=MAX_VARIABLES)]


class Part(_Node):
    """A text and the variables in it."""

    template: Annotated[str, StringConstraints(min_length=1, max_length=MAX_BODY)]
    variables: Variables | None = None

    @property
    def declared(self) -> list[Variable]:
        return self.variables or []

    @model_validator(mode="after")
    def _complete(self, info: ValidationInfo) -> Self:
        if info.context is _STORED:
            return self
        text, variables, faults = resolve(self.template, self.variables, field="template")
        _refuse([(("template",), "The text is blank")] if typed_text.is_blank(text) else faults)
        return self.model_copy(update={"template": text, "variables": variables})


class BodyPart(Part):
    type: Text | None = None


class Header(Part):
    """A line of text, or a medium: the variable of type media that has its address."""

    type: Literal["text", "image", "video", "document"] | None = None
    template: Annotated[str, StringConstraints(min_length=1, max_length=MAX_HEADER)]


class Footer(Part):
    type: Text | None = None
    template: Annotated[str, StringConstraints(min_length=1, max_length=MAX_HEADER)]


class Body(_Node):
    """`sms`, `whatsapp` and `rcs` override `multiChannel`."""

    multi_channel: BodyPart | None = None
    sms: BodyPart | None = None
    whatsapp: BodyPart | None = None
    rcs: BodyPart | None = None

    @property
    def parts(self) -> list[BodyPart]:
        return [part for part in (self.multi_channel, self.sms, self.whatsapp, self.rcs) if part]

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.parts:
            _refuse([((), "At least one of multiChannel, sms, whatsapp, rcs is required")])
        return self


class ButtonProps(_Node):
    text: Text | None = None
    quick_reply_type: Text | None = None
    url_type: Literal["static", "dynamic"] | None = None
    url: Url | None = None
    active_for: int | None = Field(default=None, ge=1, le=365)
    country_code: Text | None = None
    phone_number: Text | None = None
    offer_code: Text | None = None
    otp_type: Text | None = None
    autofill_text: Text | None = None
    package_name: Text | None = None
    signature_hash: Text | None = None
    variables: Variables | None = None


class Button(_Node):
    """`id` None takes the place in the list, from 1."""

    id: int | None = Field(default=None, ge=1, le=999_999_999)
    type: Literal["QUICK_REPLY", "URL", "PHONE_NUMBER", "VOICE_CALL", "COPY_CODE"]
    props: ButtonProps

    @model_validator(mode="after")
    def _usable(self, info: ValidationInfo) -> Self:
        if info.context is not _STORED:
            _refuse([(("props", name), text) for name, text in button_rules.problems(self.type, self.props)])
        return self


class AuthenticationConfig(_Node):
    add_security_recommendation: bool | None = None
    code_expiration_minutes: int | None = Field(default=None, ge=1, le=90)

    @property
    def is_active(self) -> bool:
        return bool(self.add_security_recommendation or self.code_expiration_minutes)

    @property
    def recommendation(self) -> str | None:
        """Ends the body on every channel."""
        return f" {SECURITY}" if self.add_security_recommendation else None

    @property
    def expiry(self) -> str | None:
        """The last line of the footer."""
        minutes = self.code_expiration_minutes
        return f"This code expires in {minutes} minute{'' if minutes == 1 else 's'}." if minutes else None


class Definition(_Node):
    header: Header | None = None
    body: Body
    footer: Footer | None = None
    buttons: Annotated[list[Button], Field(max_length=MAX_BUTTONS)] | None = None
    definition_version: Annotated[str, StringConstraints(max_length=20)] | None = None
    authentication_config: AuthenticationConfig | None = None

    @property
    def parts(self) -> list[tuple[Location, Part]]:
        """Every text with its place, in the order in which answers list variables."""
        body = self.body
        found: list[tuple[Location, Part | None]] = [
            (("header",), self.header),
            (("body", "multiChannel"), body.multi_channel),
            (("body", "sms"), body.sms),
            (("body", "whatsapp"), body.whatsapp),
            (("body", "rcs"), body.rcs),
            (("footer",), self.footer),
        ]
        return [(place, part) for place, part in found if part]

    @property
    def variables(self) -> list[Variable]:
        listed = [variable for _, part in self.parts for variable in part.declared]
        return listed + [variable for button in self.buttons or [] for variable in button.props.variables or []]

    @model_validator(mode="after")
    def _complete(self, info: ValidationInfo) -> Self:
        if info.context is _STORED:
            return self
        buttons, faults = _complete_buttons(self)
        _refuse([*faults, *_whole_faults(self)])
        return self.model_copy(update={"buttons": buttons, "definition_version": self.definition_version or VERSION})


def resolve(
    text: str, variables: list[Variable] | None, *, field: str, inherited: Iterable[Variable] = ()
) -> tuple[str, list[Variable], list[Fault]]:
    """The stored form of a text and its variables. A part without variables of its own may use `inherited` ones."""
    listed = [
        variable if variable.id is not None else variable.model_copy(update={"id": place})
        for place, variable in enumerate(variables or inherited)
    ]
    declared = [Declared(variable.id or 0, variable.name, variable.type) for variable in listed]
    found = placeholders.resolve(text, declared)
    if found.problems and not variables and inherited:  # it may also declare its own
        alone = placeholders.resolve(text, [])
        if not alone.problems:
            found, listed = alone, []
    faults: list[Fault] = [((field,), problem) for problem in found.problems]
    seen = [variable.id for variable in listed]
    faults += [
        (("variables", place, "id"), f"The id {number} is taken")
        for place, number in enumerate(seen)
        if number in seen[:place]
    ]
    added = [Variable(id=new.id, name=new.name, type="variable", props=VariableProps()) for new in found.added]
    return found.text, [*listed, *added], faults


def parse(value: Any) -> Definition:
    """Raises pydantic's ValidationError with all faults."""
    return _in_one_code(value, Definition.model_validate)


def load(text: str) -> Definition:
    """What `dump` has written."""
    return Definition.model_validate_json(text, context=_STORED)


def dump(definition: Definition) -> str:
    return definition.model_dump_json(by_alias=True)


def shown(definition: Definition) -> dict[str, Any]:
    """As answers show it: buttons have no list of variables in the contract, so a URL names its variable instead."""
    tree = definition.model_dump(by_alias=True)
    for button, shown_button in zip(definition.buttons or [], tree["buttons"] or [], strict=True):
        props: dict[str, Any] = shown_button["props"]
        del props["variables"]
        names = {variable.id: variable.name for variable in button.props.variables or []}
        if button.props.url and names:
            pieces = placeholders.split(button.props.url)
            props["url"] = "".join(part if isinstance(part, str) else f"{{{{{names[part]}}}}}" for part in pieces)
    return tree


def _complete_buttons(definition: Definition) -> tuple[list[Button] | None, list[Fault]]:
    """A URL's variable may be listed with the button, or be one of the body's (the older clients have no list)."""
    if definition.buttons is None:
        return None, []
    of_body = definition.body.parts[0].declared
    completed: list[Button] = []
    faults: list[Fault] = []
    for place, button in enumerate(definition.buttons):
        props = button.props
        if props.url and "{{" in props.url:
            url, variables, found = resolve(props.url, props.variables, field="url", inherited=of_body)
            used = placeholders.used_ids(url) if not found else []
            kept = [variable for variable in variables if props.variables or variable.id in used]
            props = props.model_copy(update={"url": url, "variables": kept, "url_type": "dynamic"})
            faults += [(("buttons", place, "props", *where), message) for where, message in found]
        completed.append(button.model_copy(update={"id": button.id or place + 1, "props": props}))
    numbers = [button.id for button in completed]
    faults += [
        (("buttons", place, "id"), f"The id {number} is taken")
        for place, number in enumerate(numbers)
        if number in numbers[:place]
    ]
    return completed, faults


def _additions_faults(definition: Definition) -> Iterator[Fault]:
    """Texts that the additions of `authenticationConfig` make too long for every message."""
    config, body = definition.authentication_config, definition.body
    if config is None:
        return
    if config.recommendation:
        for place, part in (("multiChannel", body.multi_channel), ("whatsapp", body.whatsapp)):
            if part and _literals(part) + len(config.recommendation) > MAX_BODY:
                yield ("body", place, "template"), f"With the security recommendation, at most {MAX_BODY} characters"
    if config.expiry and definition.footer and _literals(definition.footer) + 1 + len(config.expiry) > MAX_HEADER:
        yield ("footer", "template"), f"With the expiry of the code, at most {MAX_HEADER} characters"


def _literals(part: Part) -> int:
    return sum(len(piece) for piece in placeholders.split(part.template) if isinstance(piece, str))


def _whole_faults(definition: Definition) -> Iterator[Fault]:
    """What only the parts together can break."""
    yield from _additions_faults(definition)
    if definition.body.multi_channel or definition.body.whatsapp:
        if definition.header and len(set(placeholders.used_ids(definition.header.template))) > 1:
            yield ("header", "template"), "A header may hold one variable"
        if definition.footer and placeholders.used_ids(definition.footer.template):
            yield ("footer", "template"), "A footer cannot hold variables"
        for message in button_rules.mix_problems([button.type for button in definition.buttons or []]):
            yield ("buttons",), message
    cost = 0
    for place, variable in _listed(definition):
        regex = variable.props.regex if variable.props else None
        if not regex:
            continue
        try:
            cost += patterns.Pattern(regex).cost
        except PatternError as error:
            yield (*place, "props", "regex"), str(error)[:1].upper() + str(error)[1:]
            continue
        if cost > MAX_PATTERN_COST:
            yield (*place, "props", "regex"), "The regexes of this template are too large together"
            return


def _listed(definition: Definition) -> Iterator[tuple[Location, Variable]]:
    for place, part in definition.parts:
        for number, variable in enumerate(part.declared):
            yield (*place, "variables", number), variable
    for position, button in enumerate(definition.buttons or []):
        for number, variable in enumerate(button.props.variables or []):
            yield ("buttons", position, "props", "variables", number), variable


def _refuse(faults: Iterable[Fault]) -> None:
    """Raise all of them from one validator; pydantic puts its own place in front of each."""
    found = [_line(where, message) for where, message in faults]
    if found:
        raise ValidationError.from_exception_data("Definition", found)


def _line(where: Location, message: str) -> InitErrorDetails:
    kind = PydanticCustomError("VALIDATION_001", message)  # type: ignore[arg-type]
    return InitErrorDetails(type=kind, loc=where, input=None)


def _in_one_code(value: Any, handler: Callable[[Any], Definition]) -> Definition:
    """The endpoint's example answers VALIDATION_001 where the catalogue has finer codes (NOTES a13)."""
    if value is None:
        _refuse([((), REQUIRED)])
    try:
        return handler(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        lines = [
            _line(one["loc"], f"'{one['loc'][-1]}' is required" if one["type"] == "missing" else one["msg"])
            for one in found
        ]
        raise ValidationError.from_exception_data("Definition", lines) from None


DefinitionField = Annotated[Definition, WrapValidator(_in_one_code)]
