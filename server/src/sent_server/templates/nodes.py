"""Shared by all nodes of a template's content tree: variables, text limits and error reports. Pure.

Limits apply to the given form. The stored form is longer (`{{name}}` becomes `{{0:variable}}`) and is read without
validation, so it stays readable if limits change.
"""

from collections.abc import Callable, Container, Iterable
from typing import Annotated, Literal

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError

from sent_server.http.lengths import AtMost
from sent_server.http.zero_values import ZeroValues
from sent_server.templates import placeholders
from sent_server.templates.placeholders import Declared

MAX_VARIABLES = 100
Location = tuple[int | str, ...]
Fault = tuple[Location, str]
Text = Annotated[str, StringConstraints(max_length=1_024)]
Url = Annotated[str, StringConstraints(max_length=2_048)]


class Node(BaseModel):
    """camelCase on the wire. Unknown fields are dropped."""

    model_config = ConfigDict(
        strict=True, extra="ignore", frozen=True, alias_generator=AliasGenerator(to_camel), hide_input_in_errors=True
    )


class VariableProps(Node):
    variable_type: Text | None = None
    sample: Text | None = None
    regex: Text | None = None
    url: Url | None = None
    short_url: Url | None = None
    alt: Text | None = None
    media_type: Text | None = None


class Variable(Node):
    """An omitted `id` is 0."""

    id: Annotated[int | None, ZeroValues()] = Field(default=None, ge=0, le=999_999_999)
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=placeholders.MAX_NAME_LENGTH)]
    type: Literal["variable", "link", "media"]
    props: VariableProps | None = None


Variables = Annotated[list[Variable], AtMost(MAX_VARIABLES, "variables")]


def short(limit: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if placeholders.length(text) > limit:
            raise PydanticCustomError("string_too_long", f"The text may have at most {limit} characters")  # type: ignore[arg-type]
        return text

    return check


def resolve(
    text: str, variables: list[Variable] | None, *, field: str, inherited: Iterable[Variable] = ()
) -> tuple[str, list[Variable], list[Fault]]:
    """The stored form of a text and its variables. A part without variables of its own may use `inherited` ones."""
    listed = [
        variable
        if variable.id is not None and variable.props
        else variable.model_copy(update={"id": variable.id or 0, "props": variable.props or VariableProps()})
        for variable in variables or inherited
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


def with_names(text: str, variables: Iterable[Variable], ambiguous: Container[str] = ()) -> str:
    """The text with `{{name}}` for each variable. A name in `ambiguous` stays in the documented form, with the id."""
    listed = {variable.id: variable for variable in variables}

    def placeholder(variable: Variable) -> str:
        return f"{variable.id}:{variable.type}" if variable.name in ambiguous else variable.name

    pieces = placeholders.split(text)
    return "".join(part if isinstance(part, str) else f"{{{{{placeholder(listed[part])}}}}}" for part in pieces)


def refuse(faults: Iterable[Fault]) -> None:
    """Raise all of them from one validator. Pydantic adds its own location in front of each."""
    found = [fault_line(where, message) for where, message in faults]
    if found:
        raise ValidationError.from_exception_data("Definition", found)


def fault_line(where: Location, message: str) -> InitErrorDetails:
    kind = PydanticCustomError("VALIDATION_001", message)  # type: ignore[arg-type]
    return InitErrorDetails(type=kind, loc=where, input=None)
