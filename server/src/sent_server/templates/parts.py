"""The texts of a template: header, body and footer, each with the variables in it. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, cast

from pydantic import AfterValidator, BeforeValidator, StringConstraints, model_validator

from sent_server.http import unserved
from sent_server.http.fields import not_supported
from sent_server.kernel import typed_text
from sent_server.kernel.channels import CHANNELS
from sent_server.templates.nodes import Node, Text, Variable, Variables, refuse, resolve, short

MAX_BODY = 1_028
MAX_HEADER = 60


def _check_header_type(value: Any) -> Any:
    if isinstance(value, str) and value.lower() in unserved.HEADER_TYPES:
        raise not_supported()
    return value


class TemplatePart(Node):
    """A text and the variables in it."""

    template: Annotated[str, StringConstraints(min_length=1), AfterValidator(short(MAX_BODY))]
    variables: Variables | None = None

    @property
    def declared(self) -> list[Variable]:
        return self.variables or []

    @model_validator(mode="after")
    def _complete(self) -> Self:
        text, variables, faults = resolve(self.template, self.variables, field="template")
        refuse([(("template",), "The text is blank")] if typed_text.is_blank(text) else faults)
        return self.model_copy(update={"template": text, "variables": variables})


class BodyPart(TemplatePart):
    type: Text | None = None

    @classmethod
    def is_absent(cls, value: Mapping[str, Any]) -> bool:
        return value.get("template") == "" and not (value.get("type") or value.get("variables"))


class Header(TemplatePart):
    """A line of text, or a medium: the variable of type media with its address.

    Newer clients send a medium without a text. Then its first variable of type media is used, or a new one with the
    name `header_image`, `header_video` or `header_document`.
    """

    not_served: ClassVar[frozenset[str]] = unserved.TEMPLATE_HEADER

    type: Annotated[Literal["text", "image", "video", "document"] | None, BeforeValidator(_check_header_type)] = None
    template: Annotated[str, StringConstraints(min_length=1), AfterValidator(short(MAX_HEADER))]

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
    template: Annotated[str, StringConstraints(min_length=1), AfterValidator(short(MAX_HEADER))]

    @classmethod
    def is_absent(cls, value: Mapping[str, Any]) -> bool:
        return value.get("template") == "" and not value.get("type")


class TemplateBody(Node):
    """`sms`, `whatsapp` and `rcs` override `multiChannel`."""

    not_served: ClassVar[frozenset[str]] = unserved.TEMPLATE_BODY

    multi_channel: BodyPart | None = None
    sms: BodyPart | None = None
    whatsapp: BodyPart | None = None
    rcs: BodyPart | None = None

    @property
    def own(self) -> dict[str, BodyPart | None]:
        """The text of each channel that overrides `multi_channel`."""
        return dict(zip(CHANNELS, (self.sms, self.whatsapp, self.rcs), strict=True))

    @property
    def parts(self) -> list[BodyPart]:
        return [part for part in (self.multi_channel, *self.own.values()) if part]

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.parts:
            refuse([((), "At least one of multiChannel, sms, whatsapp, rcs is required")])
        return self


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
