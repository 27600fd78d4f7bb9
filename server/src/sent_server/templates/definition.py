"""The content tree of a template: its shape, its limits, and the one form in which it is stored. Pure.

Limits belong to the form that is given. The stored form is longer (`{{name}}` becomes `{{0:variable}}`), is read back
without any check, and so stays readable whatever limits become later.

Source: contract/NOTES.md c and `TemplateDefinition`. Every fault is reported at once, at its place, as VALIDATION_001.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar, cast

import orjson
from pydantic import (
    AfterValidator,
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WrapValidator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError

from sent_server.http import unserved
from sent_server.http.fields import not_supported
from sent_server.http.lengths import AtMost
from sent_server.http.zero_values import ZeroValues
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
Location = tuple[int | str, ...]
Fault = tuple[Location, str]
N = TypeVar("N", bound="_Node")


def _short(limit: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if placeholders.length(text) > limit:
            raise PydanticCustomError("string_too_long", f"The text may have at most {limit} characters")  # type: ignore[arg-type]
        return text

    return check


def _check_header_type(value: Any) -> Any:
    if isinstance(value, str) and value.lower() in unserved.HEADER_TYPES:
        raise not_supported()
    return value


Text = Annotated[str, StringConstraints(max_length=1_024)]
Url = Annotated[str, StringConstraints(max_length=2_048)]
# A button's URL has its limit in `buttons`, which knows that a placeholder is longer than what it stands for.
ButtonUrl = Annotated[str, AfterValidator(_short(2_048))]


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
    media_type: Text | None = None


class Variable(_Node):
    """`id` None takes the place in the list."""

    id: Annotated[int | None, ZeroValues()] = Field(default=None, ge=0, le=999_999_999)
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=placeholders.MAX_NAME_LENGTH)]
    type: Literal["variable", "link", "media"]
    props: VariableProps | None = None


Variables = Annotated[list[Variable], AtMost(MAX_VARIABLES, "variables")]


class TemplatePart(_Node):
    """A text and the variables in it."""

    template: Annotated[str, StringConstraints(min_length=1), AfterValidator(_short(MAX_BODY))]
    variables: Variables | None = None

    @property
    def declared(self) -> list[Variable]:
        return self.variables or []

    @model_validator(mode="after")
    def _complete(self) -> Self:
        text, variables, faults = resolve(self.template, self.variables, field="template")
        _refuse([(("template",), "The text is blank")] if typed_text.is_blank(text) else faults)
        return self.model_copy(update={"template": text, "variables": variables})


class BodyPart(TemplatePart):
    type: Text | None = None

    @classmethod
    def is_absent(cls, value: Mapping[str, Any]) -> bool:
        return value.get("template") == "" and not (value.get("type") or value.get("variables"))


class Header(TemplatePart):
    """A line of text, or a medium: the variable of type media that has its address.

    Newer clients send a medium without a text; then its first variable of type media is meant, or a new one that is
    called `header_image`, `header_video` or `header_document`.
    """

    not_served: ClassVar[frozenset[str]] = unserved.TEMPLATE_HEADER

    type: Annotated[Literal["text", "image", "video", "document"] | None, BeforeValidator(_check_header_type)] = None
    template: Annotated[str, StringConstraints(min_length=1), AfterValidator(_short(MAX_HEADER))]

    @model_validator(mode="before")
    @classmethod
    def _name_its_medium(cls, value: Any) -> Any:
        match value:
            case {"type": "image" | "video" | "document" as kind} if not value.get("template"):
                return _with_medium(cast(dict[str, Any], value), kind)
            case _:
                return value  # pyright: ignore[reportUnknownVariableType]

    @classmethod
    def is_absent(cls, value: Mapping[str, Any]) -> bool:
        return value.get("template") == "" and not (value.get("type") or value.get("variables"))


class Footer(TemplatePart):
    type: Text | None = None
    template: Annotated[str, StringConstraints(min_length=1), AfterValidator(_short(MAX_HEADER))]

    @classmethod
    def is_absent(cls, value: Mapping[str, Any]) -> bool:
        return value.get("template") == "" and not value.get("type")


class TemplateBody(_Node):
    """`sms`, `whatsapp` and `rcs` override `multiChannel`."""

    not_served: ClassVar[frozenset[str]] = unserved.TEMPLATE_BODY

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
    url: ButtonUrl | None = None
    active_for: int | None = Field(default=None, ge=1, le=365)
    country_code: Text | None = None
    phone_number: Text | None = None
    offer_code: Text | None = None
    otp_type: Text | None = None
    autofill_text: Text | None = None
    package_name: Text | None = None
    signature_hash: Text | None = None
    variables: Variables | None = None


class TemplateButton(_Node):
    """`id` None takes the place in the list, from 1."""

    id: int | None = Field(default=None, ge=1, le=999_999_999)
    type: Literal["QUICK_REPLY", "URL", "PHONE_NUMBER", "VOICE_CALL", "COPY_CODE"]
    props: ButtonProps

    @model_validator(mode="after")
    def _usable(self) -> Self:
        faults = [(("props", name), text) for name, text in button_rules.problems(self.type, self.props)]
        if self.props.variables and self.type != "URL":
            faults.append((("props", "variables"), unserved.NOT_SUPPORTED))
        _refuse(faults)
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
    body: TemplateBody
    footer: Footer | None = None
    buttons: Annotated[list[TemplateButton], AtMost(MAX_BUTTONS, "buttons")] | None = None
    definition_version: Annotated[str, StringConstraints(max_length=20)] | None = None
    authentication_config: AuthenticationConfig | None = None

    @property
    def parts(self) -> list[tuple[Location, TemplatePart]]:
        """Every text with its place, in the order in which answers list variables."""
        body = self.body
        found: list[tuple[Location, TemplatePart | None]] = [
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
    def _complete(self) -> Self:
        return self._completed()

    def _completed(self) -> Self:
        buttons, faults = _complete_buttons(self)
        _refuse([*faults, *_whole_faults(self)])
        return self.model_copy(update={"buttons": buttons, "definition_version": self.definition_version or VERSION})

    def merged(self, given: Mapping[str, Any]) -> Self:
        """With other parts, each accepted by itself. Raises ValidationError where they do not go together."""
        return self.model_copy(update=given)._completed()


def resolve(
    text: str, variables: list[Variable] | None, *, field: str, inherited: Iterable[Variable] = ()
) -> tuple[str, list[Variable], list[Fault]]:
    """The stored form of a text and its variables. A part without variables of its own may use `inherited` ones."""
    listed = [
        variable
        if variable.id is not None and variable.props
        else variable.model_copy(
            update={"id": place if variable.id is None else variable.id, "props": variable.props or VariableProps()}
        )
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
    if len(listed) + len(found.added) > MAX_VARIABLES:
        faults.append(((field,), f"At most {MAX_VARIABLES} variables are allowed"))
        return found.text, listed, faults
    added = [Variable(id=new.id, name=new.name, type="variable", props=VariableProps()) for new in found.added]
    return found.text, [*listed, *added], faults


def parse(value: Any) -> Definition:
    """Raises pydantic's ValidationError with all faults."""
    return _in_one_code(value, Definition.model_validate)


def load(text: str) -> Definition:
    """What `dump` has written, unchecked: rules that came later do not lock a template away."""
    return _built(Definition, orjson.loads(text))


def dump(definition: Definition) -> str:
    return definition.model_dump_json(by_alias=True)


def shown(definition: Definition) -> dict[str, Any]:
    """As answers show it: buttons have no list of variables in the contract, so a URL names its variable instead."""
    tree = definition.model_dump(by_alias=True)
    for button, shown_button in zip(definition.buttons or [], tree["buttons"] or [], strict=True):
        props: dict[str, Any] = shown_button["props"]
        del props["variables"]
        if button.props.url and button.props.variables:
            props["url"] = _with_names(button.props.url, button.props.variables)
    return tree


def _with_names(text: str, variables: Iterable[Variable]) -> str:
    names = {variable.id: variable.name for variable in variables}
    pieces = placeholders.split(text)
    return "".join(part if isinstance(part, str) else f"{{{{{names[part]}}}}}" for part in pieces)


# The nodes inside nodes, by name; `props` are of two kinds.
_INNER: Mapping[str, type[_Node]] = {
    "header": Header,
    "body": TemplateBody,
    "multi_channel": BodyPart,
    "sms": BodyPart,
    "whatsapp": BodyPart,
    "rcs": BodyPart,
    "footer": Footer,
    "buttons": TemplateButton,
    "variables": Variable,
    "authentication_config": AuthenticationConfig,
}
_PROPS: Mapping[type[_Node], type[_Node]] = {Variable: VariableProps, TemplateButton: ButtonProps}


def _built(node: type[N], stored: Mapping[str, Any]) -> N:
    values: dict[str, Any] = {}
    for name, field in node.model_fields.items():
        value = stored.get(field.alias or name)
        inner = _PROPS.get(node) if name == "props" else _INNER.get(name)
        if inner and isinstance(value, list):
            value = [_built(inner, item) for item in cast(list[Any], value)]
        elif inner and (value is not None or name == "props"):  # answers always have them
            value = _built(inner, value or {})
        values[name] = value
    return node.model_construct(**values)


def _with_medium(header: dict[str, Any], kind: str) -> dict[str, Any]:
    listed: Any = header.get("variables") or []
    if not isinstance(listed, list):
        return header
    variables = cast(list[Any], listed)
    for place, variable in enumerate(variables):
        match variable:
            case {"type": "media"}:
                number: Any = cast(dict[str, Any], variable).get("id")
                return {**header, "template": f"{{{{{place if number is None else number}:media}}}}"}
            case _:
                pass
    number = len(variables)
    added: Any = {"id": number, "name": f"header_{kind}", "type": "media", "props": {}}
    return {**header, "template": f"{{{{{number}:media}}}}", "variables": [*variables, added]}


def _complete_buttons(definition: Definition) -> tuple[list[TemplateButton] | None, list[Fault]]:
    """A URL's variable may be listed with the button, or be one of the body's (the older clients have no list)."""
    if definition.buttons is None:
        return None, []
    of_body = definition.body.parts[0].declared
    completed: list[TemplateButton] = []
    taken = {button.id for button in definition.buttons}
    faults: list[Fault] = []
    for place, button in enumerate(definition.buttons):
        props = button.props
        if props.url and "{{" in props.url:
            url, variables, found = resolve(props.url, props.variables, field="url", inherited=of_body)
            used = placeholders.used_ids(url) if not found else []
            kept = [variable for variable in variables if props.variables or variable.id in used]
            props = props.model_copy(update={"url": url, "variables": kept, "url_type": "dynamic"})
            if not found and len(_with_names(url, variables)) > button_rules.MAX_URL:  # answers could not be sent back
                found = [(("url",), button_rules.URL_TOO_LONG)]
            faults += [(("buttons", place, "props", *where), message) for where, message in found]
        number = button.id or next(number for number in itertools.count(place + 1) if number not in taken)
        taken.add(number)
        completed.append(button.model_copy(update={"id": number, "props": props}))
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


def _literals(part: TemplatePart) -> int:
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
