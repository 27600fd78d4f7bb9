"""The stored form of a template's content tree. Pure."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

import orjson

from sent_server.templates.authentication import AuthenticationConfig
from sent_server.templates.button_nodes import ButtonProps, TemplateButton
from sent_server.templates.definition import Definition
from sent_server.templates.nodes import Node, Variable, VariableProps
from sent_server.templates.parts import BodyPart, Footer, Header, LocationPin, MmsBody, MmsMedium, TemplateBody

N = TypeVar("N", bound=Node)
# The nodes inside nodes, by name. `props` has two kinds.
_INNER: Mapping[str, type[Node]] = {
    "header": Header,
    "body": TemplateBody,
    "multi_channel": BodyPart,
    "sms": BodyPart,
    "whatsapp": BodyPart,
    "rcs": BodyPart,
    "mms": MmsBody,
    "media": MmsMedium,
    "location": LocationPin,
    "footer": Footer,
    "buttons": TemplateButton,
    "variables": Variable,
    "authentication_config": AuthenticationConfig,
}
_PROPS: Mapping[type[Node], type[Node]] = {Variable: VariableProps, TemplateButton: ButtonProps}


def dump(definition: Definition) -> str:
    return definition.model_dump_json(by_alias=True)


def load(text: str) -> Definition:
    """Reads the result of `dump` without validation, so that newer rules do not make a stored template unreadable."""
    return _built(Definition, orjson.loads(text))


def _built(node: type[N], stored: Mapping[str, Any]) -> N:
    values: dict[str, Any] = {}
    for name, field in node.model_fields.items():
        value = stored.get(field.alias or name)
        inner = _PROPS.get(node) if name == "props" else _INNER.get(name)
        if inner and isinstance(value, list):
            value = [_built(inner, item) for item in cast(list[Any], value)]
        elif inner and (value is not None or name == "props"):  # responses always have them
            value = _built(inner, value or {})
        values[name] = value
    return node.model_construct(**values)
