"""The complete content tree of a template: parse, validate and show it. Pure.

Source: contract/NOTES.md c and `TemplateDefinition`. All errors are reported at once, with fields, as VALIDATION_001.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import StringConstraints, ValidationError, WrapValidator, model_validator

from sent_server.http.lengths import AtMost
from sent_server.templates import button_nodes, combined_rules
from sent_server.templates.authentication import AuthenticationConfig
from sent_server.templates.button_nodes import TemplateButton
from sent_server.templates.nodes import Fault, Location, Node, Variable, fault_line, refuse, with_names
from sent_server.templates.parts import Footer, Header, TemplateBody, TemplatePart

REQUIRED = "Template definition is required"
VERSION = "1.0"
MAX_BUTTONS = 10


class Definition(Node):
    header: Header | None = None
    body: TemplateBody
    footer: Footer | None = None
    buttons: Annotated[list[TemplateButton], AtMost(MAX_BUTTONS, "buttons")] | None = None
    definition_version: Annotated[str, StringConstraints(max_length=20)] | None = None
    authentication_config: AuthenticationConfig | None = None

    @property
    def parts(self) -> list[tuple[Location, TemplatePart]]:
        """Every text with its place, in the order in which responses list variables."""
        body = self.body
        found: list[tuple[Location, TemplatePart | None]] = [
            (("header",), self.header),
            (("body", "multiChannel"), body.multi_channel),
            (("body", "sms"), body.sms),
            (("body", "whatsapp"), body.whatsapp),
            (("body", "rcs"), body.rcs),
            (("body", "mms"), body.mms),
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
        buttons, faults = button_nodes.complete(self.buttons, self.body.parts[0].declared)
        refuse([*faults, *self._combined_faults()])
        return self.model_copy(update={"buttons": buttons, "definition_version": self.definition_version or VERSION})

    def merged(self, given: Mapping[str, Any]) -> Self:
        """Combine valid parts. Raises ValidationError if the combination is invalid."""
        return self.model_copy(update=given)._completed()

    def _combined_faults(self) -> Iterator[Fault]:
        yield from combined_rules.additions(self.authentication_config, self.body, self.footer)
        kinds = [button.type for button in self.buttons or []]
        yield from combined_rules.mix(self.header, self.body, self.footer, kinds)
        yield from combined_rules.regexes(self._listed())

    def _listed(self) -> Iterator[tuple[Location, Variable]]:
        """Every variable with its place."""
        for place, part in self.parts:
            for number, variable in enumerate(part.declared):
                yield (*place, "variables", number), variable
        for position, button in enumerate(self.buttons or []):
            for number, variable in enumerate(button.props.variables or []):
                yield ("buttons", position, "props", "variables", number), variable


def parse(value: Any) -> Definition:
    """Raises pydantic's ValidationError with all errors."""
    return _in_one_code(value, Definition.model_validate)


def shown(definition: Definition) -> dict[str, Any]:
    """The form in responses. A button's URL names its variable, for older clients, which drop the list of variables."""
    tree = definition.model_dump(by_alias=True)
    uses = Counter(variable.name for variable in definition.body.parts[0].declared)
    ambiguous = {name for name, count in uses.items() if count > 1}
    for button, shown_button in zip(definition.buttons or [], tree["buttons"] or [], strict=True):
        props: dict[str, Any] = shown_button["props"]
        if button.props.url and button.props.variables:
            props["url"] = with_names(button.props.url, button.props.variables, ambiguous)
    for name in ("static_resource", "location"):
        if tree["header"] and tree["header"][name] is None:
            del tree["header"][name]
    return tree


def _in_one_code(value: Any, handler: Callable[[Any], Definition]) -> Definition:
    """The endpoint's example uses VALIDATION_001 although more specific codes exist (contract/NOTES.md a13)."""
    if value is None:
        refuse([((), REQUIRED)])
    try:
        return handler(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        lines = [
            fault_line(one["loc"], f"'{one['loc'][-1]}' is required" if one["type"] == "missing" else one["msg"])
            for one in found
        ]
        raise ValidationError.from_exception_data("Definition", lines) from None


DefinitionField = Annotated[Definition, WrapValidator(_in_one_code)]
