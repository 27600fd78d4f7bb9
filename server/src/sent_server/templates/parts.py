"""The texts of a template: header, body and footer, each with the variables in it. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, cast

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from sent_server.http.lengths import AtMost
from sent_server.http.zero_values import ZeroValues
from sent_server.kernel import typed_text
from sent_server.kernel.channels import CHANNELS
from sent_server.kernel.media import MAX_ATTACHMENTS, MAX_SUBJECT, url_problem
from sent_server.templates.nodes import Node, Text, Variable, Variables, refuse, resolve, short

MAX_BODY = 1_028
MAX_HEADER = 60

MEDIA = ("image", "video", "gif", "document")
LOCATION = "location"


def _check_media_url(value: str) -> str:
    if problem := url_problem(value):
        raise PydanticCustomError("VALIDATION_001", problem)  # type: ignore[arg-type]
    return value


def _between(lowest: int, highest: int) -> AfterValidator:
    def check(value: str) -> str:
        try:
            valid = lowest <= float(value) <= highest
        except ValueError:
            valid = False
        if not valid:
            message = f"Must be a decimal number between {lowest} and {highest}"
            raise PydanticCustomError("VALIDATION_001", message)  # type: ignore[arg-type]
        return value

    return AfterValidator(check)


class TemplatePart(Node):
    """A text and the variables in it."""

    template: Annotated[str, StringConstraints(min_length=1), AfterValidator(short(MAX_BODY))]
    variables: Variables | None = None

    @property
    def declared(self) -> list[Variable]:
        return self.variables or []

    @model_validator(mode="after")
    def _complete(self) -> Self:
        return self._resolved()

    def _resolved(self) -> Self:
        text, variables, faults = resolve(self.template, self.variables, field="template")
        refuse([(("template",), "The text is blank")] if typed_text.is_blank(text) else faults)
        return self.model_copy(update={"template": text, "variables": variables})


class BodyPart(TemplatePart):
    type: Text | None = None

    @classmethod
    def is_absent(cls, value: Mapping[str, Any]) -> bool:
        return value.get("template") == "" and not (value.get("type") or value.get("variables"))


class LocationPin(Node):
    latitude: Annotated[str, StringConstraints(max_length=20), _between(-90, 90)]
    longitude: Annotated[str, StringConstraints(max_length=20), _between(-180, 180)]
    name: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
    address: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]


class Header(TemplatePart):
    """A line of text, a place on the map, or a medium: the variable of type media with its address.

    Newer clients send a medium without a text. Then its first variable of type media is used, or a new one with the
    name `header_image`, `header_video`, `header_gif` or `header_document`.
    """

    type: Literal["text", "image", "video", "gif", "document", "location"] | None = None
    template: Annotated[str, ZeroValues(), AfterValidator(short(MAX_HEADER))] = ""
    location: LocationPin | None = None
    # The provider reuses a registered file when a send names none. Stored, without effect.
    static_resource: bool | None = Field(default=None, alias="static_resource")

    @model_validator(mode="before")
    @classmethod
    def _name_its_medium(cls, value: Any) -> Any:
        match value:
            case {"type": "image" | "video" | "gif" | "document" as kind} if not value.get("template"):
                return _with_medium(cast(dict[str, Any], value), kind)
            case _:
                return value  # pyright: ignore[reportUnknownVariableType]

    def _resolved(self) -> Self:
        if self.location and self.type != LOCATION:
            refuse([(("location",), "Only a header of type location has a location")])
        if self.type != LOCATION:
            if not self.template:
                refuse([(("template",), "'template' is required")])
            return super()._resolved()
        if self.location is None:
            refuse([(("location",), "'location' is required for a header of type location")])
        return self.model_copy(update={"template": "", "variables": []})

    @classmethod
    def is_absent(cls, value: Mapping[str, Any]) -> bool:
        return value.get("template") == "" and not any(value.get(name) for name in ("type", "variables", "location"))


class Footer(TemplatePart):
    type: Text | None = None
    template: Annotated[str, StringConstraints(min_length=1), AfterValidator(short(MAX_HEADER))]

    @classmethod
    def is_absent(cls, value: Mapping[str, Any]) -> bool:
        return value.get("template") == "" and not value.get("type")


class MmsMedium(Node):
    url: Annotated[str, AfterValidator(_check_media_url)]
    media_type: Text | None = None


class MmsBody(TemplatePart):
    """The text may be empty when there are attachments."""

    template: Annotated[str, ZeroValues(), AfterValidator(short(MAX_BODY))] = ""
    type: Text | None = None
    subject: Annotated[str, StringConstraints(max_length=MAX_SUBJECT)] | None = None
    media: Annotated[list[MmsMedium], AtMost(MAX_ATTACHMENTS, "media")] | None = None

    def _resolved(self) -> Self:
        if self.template:
            return super()._resolved()
        if not self.media:
            refuse([(("template",), "'template' is required without media")])
        return self.model_copy(update={"variables": []})

    @classmethod
    def is_absent(cls, value: Mapping[str, Any]) -> bool:
        others = ("type", "variables", "subject", "media")
        return value.get("template") == "" and not any(value.get(name) for name in others)


class TemplateBody(Node):
    """`sms`, `whatsapp`, `rcs` and `mms` override `multiChannel`."""

    multi_channel: BodyPart | None = None
    sms: BodyPart | None = None
    whatsapp: BodyPart | None = None
    rcs: BodyPart | None = None
    mms: MmsBody | None = None

    @property
    def own(self) -> dict[str, TemplatePart | None]:
        """The text of each channel that overrides `multi_channel`."""
        return dict(zip(CHANNELS, (self.sms, self.whatsapp, self.rcs, self.mms), strict=True))

    @property
    def parts(self) -> list[TemplatePart]:
        return [part for part in (self.multi_channel, *self.own.values()) if part]

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if all(part is self.mms for part in self.parts):
            refuse([((), "At least one of multiChannel, sms, whatsapp, rcs is required")])
        return self


def _with_medium(header: dict[str, Any], kind: str) -> dict[str, Any]:
    listed: Any = header.get("variables") or []
    if not isinstance(listed, list):
        return header
    variables = cast(list[Any], listed)
    for variable in variables:
        match variable:
            case {"type": "media"}:
                return {**header, "template": f"{{{{{_id_of(variable)}:media}}}}"}
            case _:
                pass
    taken = {_id_of(variable) for variable in variables}
    number = next(number for number in range(len(variables) + 1) if number not in taken)
    added: Any = {"id": number, "name": f"header_{kind}", "type": "media", "props": {}}
    return {**header, "template": f"{{{{{number}:media}}}}", "variables": [*variables, added]}


def _id_of(variable: Any) -> Any:
    return (cast(dict[str, Any], variable).get("id") or 0) if isinstance(variable, dict) else 0
