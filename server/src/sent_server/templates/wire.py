"""Bodies of the template routes, with both create forms. Source: contract/NOTES.md a40-a43, c."""

import re
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    ModelWrapValidatorHandler,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from sent_server.http import unserved
from sent_server.http.fields import RequestBody, fault, one_of
from sent_server.http.lengths import AtMost
from sent_server.http.zero_values import ZeroValues, plan_of
from sent_server.kernel import timestamps, typed_text
from sent_server.kernel.channels import CHANNELS
from sent_server.templates import definition as definitions
from sent_server.templates import derive, flat
from sent_server.templates.definition import DefinitionField
from sent_server.templates.model import Template

NO_CATEGORY = f"Category must be one of: {', '.join(derive.CATEGORIES)}"
NO_CHANNEL = f"Channels must be among: {', '.join(CHANNELS)}"
MAX_CHANNELS = 10
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?", re.ASCII)
_DOCUMENTED = {
    "definition": ("VALIDATION_001", definitions.REQUIRED),
    "category": ("VALIDATION_001", NO_CATEGORY),
}


def _check_name(value: str) -> str:
    if typed_text.is_blank(value):
        raise fault("VALIDATION_001", "Name must not be empty")
    return value.strip()


def _check_language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise fault("VALIDATION_001", "Language must look like en or en_US")
    return value


Name = Annotated[str, StringConstraints(max_length=512), AfterValidator(_check_name)]
Category = Annotated[str, one_of(derive.CATEGORIES, code="VALIDATION_001", message=NO_CATEGORY)]
Language = Annotated[str, AfterValidator(_check_language)]
ChannelName = Annotated[str, one_of(CHANNELS, code="VALIDATION_001", message=NO_CHANNEL)]


class _Described(RequestBody):
    """Fields of both create and update. `channels` and the parts of the flat form become `definition`."""

    missing: ClassVar[dict[str, tuple[str, str]]] = _DOCUMENTED
    name: Name | None = None
    category: Category | None = None
    language: Language | None = None
    channels: Annotated[list[ChannelName], AtMost(MAX_CHANNELS, "channels")] | None = None
    submit_for_review: bool | None = None
    body: Any = None
    header: Any = None
    footer: Any = None
    buttons: Any = None

    @model_validator(mode="wrap")
    @classmethod
    def _read_flat_form(cls, value: dict[str, Any], handler: ModelWrapValidatorHandler["_Described"]) -> "_Described":
        if not flat.is_flat(value):
            return handler(value)
        tree = plan_of(definitions.Definition).read(flat.tree(value), (), [])  # every possible field of it is served
        try:
            return handler({**value, "definition": tree})
        except ValidationError as error:
            raise _replaced(error) from None


class CreateTemplate(_Described):
    not_served: ClassVar[frozenset[str]] = unserved.NEW_TEMPLATE

    definition: DefinitionField
    creation_source: Annotated[str, StringConstraints(max_length=100)] | None = None
    auto_create_for_sp: bool | None = None


class UpdateTemplate(_Described):
    """Absent, null and empty fields stay unchanged. In the flat form, so do the omitted parts."""

    not_served: ClassVar[frozenset[str]] = unserved.TEMPLATE

    definition: Annotated[DefinitionField | None, ZeroValues()] = None

    @property
    def parts(self) -> list[str] | None:
        """The parts of the definition that the flat form contains. None for a complete definition."""
        return [name for name in flat.FIELDS if getattr(self, name) is not None] if self.body is not None else None


class DeleteTemplate(RequestBody):
    """Nothing exists at Meta while the reviewer is simulated, so the flag is validated but has no effect."""

    delete_from_meta: bool | None = None


def template(value: Template, viewer_id: str) -> dict[str, Any]:
    """The response of lists and changes. A template of another account than the viewer is inherited."""
    return {
        "id": value.id,
        "name": value.name,
        "category": value.category,
        "language": value.language,
        "status": value.status,
        "channels": value.channels,
        "variables": value.variables,
        "created_at": timestamps.iso(value.created_at_ms),
        "updated_at": timestamps.iso(value.updated_at_ms),
        "is_published": value.is_published,
        "rejection_reason": value.rejection_reason,
        "is_inherited": value.customer_id != viewer_id,
        "customer_id": viewer_id,
    }


def template_with_definition(value: Template, definition: definitions.Definition, viewer_id: str) -> dict[str, Any]:
    return {**template(value, viewer_id), "definition": definitions.shown(definition)}


def _replaced(error: ValidationError) -> ValidationError:
    """The same errors with their fields in the flat form."""
    lines = [
        InitErrorDetails(
            type=PydanticCustomError(found["type"], found["msg"]),  # type: ignore[arg-type]
            loc=flat.place(found["loc"]),
            input=found["input"],
        )
        for found in error.errors(include_url=False, include_context=False)
    ]
    return ValidationError.from_exception_data("Template", lines)
