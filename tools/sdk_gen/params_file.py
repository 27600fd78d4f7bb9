"""params.py: what bodies and their parts look like, as TypedDicts; and shapes.py: how they are checked and written."""

import re

from sdk_gen import kinds
from sdk_gen.plan import FIRST_LINE, PARAMS_NAMES, Contract


def params_name(component: str) -> str:
    """SendMessageRequest -> SendMessageParams; parts of a body -> TemplateBodyParam."""
    if component in PARAMS_NAMES:
        return PARAMS_NAMES[component]
    if component.endswith("Request"):
        return component.removesuffix("Request") + "Params"
    return component.removesuffix("Input") + "Param"


def shape_name(component: str) -> str:
    return kinds.snake(component).upper()


class Inputs:
    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    def annotation(self, owner: str, prop: str, schema: dict, *, module: str = "", more: str = "") -> str:
        """What an argument may be, and `more`; None when the contract allows null."""
        made = self._bare(owner, prop, schema, module) + more
        return f"{made} | None" if kinds.is_nullable(schema) else made

    def _bare(self, owner: str, prop: str, schema: dict, module: str) -> str:
        name = kinds.ref(schema)
        if name is not None:
            if kinds.is_enum(self._contract, name):
                return kinds.literal(self._contract.schemas[name]["enum"])
            return module + params_name(name)
        options = [o for o in schema.get("anyOf", schema.get("oneOf", ())) if o.get("type") != "null"]
        if options:
            return " | ".join(dict.fromkeys(self._bare(owner, prop, option, module) for option in options))
        if kinds.kind_of(schema) == "array":
            inner = schema["items"]
            if kinds.is_object(inner):
                return f"Sequence[{module}{kinds.nested_name(owner, prop, many=True)}Param]"
            # Any string, so that a list[str] fits; the API names the values it does not take.
            item = "str" if "enum" in inner else self.annotation(owner, prop, inner, module=module)
            return f"Sequence[{item}]"
        if kinds.is_object(schema):
            return f"{module}{kinds.nested_name(owner, prop, many=False)}Param"
        if kinds.is_map(schema) and kinds.kind_of(schema["additionalProperties"]) == "array":
            values = self.annotation(owner, prop, schema["additionalProperties"], module=module)
            return f"Mapping[str, {values}]"
        if kinds.kind_of(schema) == "object":
            return "Mapping[str, object]"
        return kinds.plain(schema, as_input=True) or "object"

    def encoder(self, owner: str, prop: str, schema: dict) -> str:
        made = self._bare_encoder(owner, prop, schema)
        return f"nullable({made})" if kinds.is_nullable(schema) else made

    def _bare_encoder(self, owner: str, prop: str, schema: dict) -> str:
        name = kinds.ref(schema)
        if name is not None:
            return "text" if kinds.is_enum(self._contract, name) else shape_name(name)
        options = [o for o in schema.get("anyOf", schema.get("oneOf", ())) if o.get("type") != "null"]
        if options:
            return self._of_several(owner, prop, options)
        kind = kinds.kind_of(schema)
        if kind == "array":
            inner = schema["items"]
            if kinds.is_object(inner):
                return f"array({shape_name(kinds.nested_name(owner, prop, many=True))})"
            return f"array({self.encoder(owner, prop, inner)})"
        if kinds.is_object(schema):
            return shape_name(kinds.nested_name(owner, prop, many=False))
        if kind == "object":
            if not kinds.is_map(schema):
                return "anything"
            values = schema["additionalProperties"]
            is_text = kinds.kind_of(values) == "string" or isinstance(values.get("type"), list)
            return "texts_by_name" if is_text else f"by_name({self.encoder(owner, prop, values)})"
        return {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean"}.get(
            kind or "", "anything"
        )

    def _of_several(self, owner: str, prop: str, options: list[dict]) -> str:
        encoders = [self.encoder(owner, prop, option) for option in options]
        lists = [one for one in encoders if one.startswith("array(")]
        single = next((one for one in encoders if one not in lists), "")
        if len(encoders) == 2 and len(lists) == 1 and single == "text":
            return f"either({lists[0]}, {single})"
        return f"first_fitting({', '.join(encoders)})"

    def shape(self, owner: str, schema: dict) -> str:
        return self.merged_shape([(owner, schema)])

    def merged_shape(self, sources: list[tuple[str, dict]]) -> str:
        """One Shape for bodies of which one must be complete."""
        fields: dict[str, str] = {}
        wire: dict[str, str] = {}
        not_null: list[str] = []
        forms: list[tuple[str, ...]] = []
        for owner, schema in sources:
            for prop, inner in kinds.properties(owner, schema):
                name = kinds.snake(prop)
                fields.setdefault(name, self.encoder(owner, prop, inner))
                if name != prop:
                    wire[name] = prop
                if not kinds.is_nullable(inner) and prop not in schema.get("required", ()) and name not in not_null:
                    not_null.append(name)
            # Of the alternatives in the contract (id or name) any will do, on top of what is required.
            for option in schema.get("anyOf", [{}]):
                names = [*schema.get("required", ()), *option.get("required", ())]
                forms.append(tuple(kinds.snake(name) for name in names))
        text = "Shape({" + ", ".join(f'"{name}": {encoder}' for name, encoder in fields.items()) + "}"
        if any(forms):
            text += ", forms=[" + ", ".join("[" + ", ".join(f'"{n}"' for n in form) + "]" for form in forms) + "]"
        if wire:
            text += ", wire={" + ", ".join(f'"{name}": "{prop}"' for name, prop in wire.items()) + "}"
        if not_null:
            text += ", not_null=[" + ", ".join(f'"{name}"' for name in not_null) + "]"
        return text + ")"

    def alias(self, name: str, schema: dict) -> str:
        """A component that is a map."""
        return f"{params_name(name)}: TypeAlias = {self._bare(name, '', schema, '')}"

    def typed_dict(self, name: str, schema: dict) -> str:
        owner, required = name, set(schema.get("required", ()))
        made = params_name(name) if name in self._contract.schemas else name + "Param"
        lines = [f"class {made}(TypedDict, total=False):"]
        if schema.get("description"):
            lines += kinds.docstring(schema["description"])
        for prop, inner in kinds.properties(owner, schema):
            annotation = self.annotation(owner, prop, inner)
            lines.append(f"    {kinds.snake(prop)}: " + (f"Required[{annotation}]" if prop in required else annotation))
        return "\n".join(lines)


def render_params(contract: Contract, components: list[str]) -> tuple[str, list[str]]:
    inputs = Inputs(contract)
    body = [
        inputs.typed_dict(inner, schema) if not kinds.is_map(schema) else inputs.alias(inner, schema)
        for name in components
        if "enum" not in contract.schemas[name]
        for inner, schema in kinds.objects_within(contract, name)
    ]
    text = "\n\n\n".join(body)
    head = (
        FIRST_LINE
        + '"""What can be passed, as TypedDicts: bodies (XParams, for `method(**params)`) and parts (XParam)."""\n\n'
        + "from __future__ import annotations\n\nfrom collections.abc import Mapping, Sequence\n"
        + "from datetime import datetime\nfrom typing import Literal, Required, TypeAlias, TypedDict\n\n\n"
    )
    names = [line.split("(")[0].removeprefix("class ") for line in text.splitlines() if line.startswith("class ")]
    return head + text + "\n", names


def render_shapes(contract: Contract, components: list[str]) -> str:
    inputs = Inputs(contract)
    lines = []
    parts = set().union(*(kinds.references(contract, contract.schemas[name]) for name in components))
    for name in components:
        if "enum" in contract.schemas[name] or (name.endswith("Request") and name not in parts):
            continue
        for inner, schema in kinds.objects_within(contract, name):
            made = inputs.encoder(inner, "", schema) if kinds.is_map(schema) else inputs.shape(inner, schema)
            lines.append(f"{shape_name(inner)} = {made}")
    for name in components:
        if name.endswith("Request") and name not in parts:
            for inner, schema in list(kinds.objects_within(contract, name))[:-1]:
                lines.append(f"{shape_name(inner)} = {inputs.shape(inner, schema)}")
    text = "\n".join(lines)
    head = '"""How the parts of bodies are checked and written."""\n\n'
    return f"{FIRST_LINE}{head}from sent_dm.core.shapes import {', '.join(used_encoders(text))}\n\n{text}\n"


ENCODERS = ("Shape", "anything", "array", "boolean", "by_name", "either", "first_fitting", "integer", "nullable",
            "number", "text", "texts_by_name")  # fmt: skip


def used_encoders(text: str) -> list[str]:
    unquoted = re.sub(r'"[^"]*"', "", text)
    return [name for name in ENCODERS if re.search(rf"\b{name}\b", unquoted)]
