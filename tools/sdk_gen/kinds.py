"""Schemas as Python: annotations of answers and of arguments, encoders of arguments, snake case."""

import re
from collections.abc import Iterator
from typing import Any

from sdk_gen.plan import BY_HAND, DROPPED, LIST_LIKE, Contract

KEYWORDS = frozenset({"from", "class", "import", "global"})


def snake(name: str) -> str:
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    made = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", spaced).lower().replace("-", "_")
    return made + "_" if made in KEYWORDS else made


def without_wrapping(value: Any) -> Any:
    """A choice between null and one form that has no name is that form, nullable. PHP's empty map is no form."""
    if isinstance(value, list):
        return [without_wrapping(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    made = {name: without_wrapping(inner) for name, inner in value.items()}
    for forms in ("anyOf", "oneOf"):
        if forms in made:
            made[forms] = [one for one in made[forms] if one.get("maxItems") != 0]
        options = made.get(forms) or []
        others = [one for one in options if one.get("type") != "null"]
        if len(others) == 1 < len(options) and isinstance(others[0].get("type"), str):
            rest = {name: inner for name, inner in made.items() if name != forms}
            return {**others[0], **rest, "type": [others[0]["type"], "null"]}
    return made


def is_map(schema: dict) -> bool:
    """An object with any keys, and values of one kind."""
    return (
        kind_of(schema) == "object"
        and not schema.get("properties")
        and isinstance(schema.get("additionalProperties"), dict)
    )


def ref(schema: dict) -> str | None:
    """The component that a schema is, or may be besides null."""
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[1]
    options = [o for o in schema.get("anyOf", schema.get("oneOf", ())) if o.get("type") != "null"]
    return ref(options[0]) if len(options) == 1 and "$ref" in options[0] else None


def is_nullable(schema: dict) -> bool:
    kind = schema.get("type")
    if isinstance(kind, list) and "null" in kind:
        return True
    return any(option.get("type") == "null" for option in schema.get("anyOf", schema.get("oneOf", ())))


def kind_of(schema: dict) -> str | None:
    kind = schema.get("type")
    if isinstance(kind, list):
        rest = [one for one in kind if one != "null"]
        return rest[0] if len(rest) == 1 else None
    return kind


def is_enum(contract: Contract, name: str) -> bool:
    return "enum" in contract.schemas[name]


def is_object(schema: dict) -> bool:
    return kind_of(schema) == "object" and "properties" in schema


def singular(name: str) -> str:
    if name.endswith("ies"):
        return name[:-3] + "y"
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def nested_name(owner: str, prop: str, *, many: bool) -> str:
    """The class of an object that has no name in the contract."""
    word = snake(prop)
    return owner + "".join(part.capitalize() for part in (singular(word) if many else word).split("_"))


def objects_within(contract: Contract, name: str) -> Iterator[tuple[str, dict]]:
    """A component and the unnamed objects in it, inner ones first."""
    yield from _within(name, contract.schemas[name])


def _within(name: str, schema: dict) -> Iterator[tuple[str, dict]]:
    for prop, inner in schema.get("properties", {}).items():
        if is_object(inner):
            yield from _within(nested_name(name, prop, many=False), inner)
        elif kind_of(inner) == "array" and is_object(inner["items"]):
            yield from _within(nested_name(name, prop, many=True), inner["items"])
    yield name, schema


def properties(name: str, schema: dict) -> Iterator[tuple[str, dict]]:
    for prop, inner in schema.get("properties", {}).items():
        if prop not in DROPPED.get(name, ()):
            yield prop, inner


def docstring(text: str) -> list[str]:
    """At the depth of a class: one line, or a sentence on each line."""
    if len(text) <= 100:
        return [f'    """{text}"""', ""]
    return ['    """' + text.replace(". ", ".\n    "), '    """', ""]


def literal(values: list) -> str:
    return "Literal[" + ", ".join(f'"{value}"' for value in values if value is not None) + "]"


def plain(schema: dict, *, as_input: bool) -> str | None:
    """The annotation of what is neither object, array nor reference, without null."""
    if "enum" in schema:
        open_ended = " | str" if schema.get("x-extensible") else ""
        return literal(schema["enum"]) + open_ended
    kind = kind_of(schema)
    if kind == "string" and schema.get("format") == "date-time":
        return "str | datetime" if as_input else "datetime"
    if kind is None and isinstance(schema.get("type"), list):
        return " | ".join(sorted({_word(one) for one in schema["type"] if one != "null"}))
    return _word(kind) if isinstance(kind, str) else None


def _word(kind: str) -> str:
    return {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "object": "dict[str, Any]",
            "array": "list[Any]"}[kind]  # fmt: skip


def list_field(name: str, schema: dict) -> str | None:
    """The property that holds the items of a list."""
    if name in LIST_LIKE:
        return LIST_LIKE[name]
    arrays = [prop for prop, inner in schema.get("properties", {}).items() if kind_of(inner) == "array"]
    return arrays[0] if name.endswith("List") and len(arrays) == 1 else None


def references(contract: Contract, schema: dict, *, seen: set[str] | None = None) -> set[str]:
    """Every component that a schema leads to."""
    seen = set() if seen is None else seen
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name not in seen and name in contract.schemas:
            seen.add(name)
            references(contract, contract.schemas[name], seen=seen)
        return seen
    for value in schema.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                references(contract, one, seen=seen)
    return seen


def is_answer_model(name: str) -> bool:
    return name not in BY_HAND and not name.endswith("Envelope")
