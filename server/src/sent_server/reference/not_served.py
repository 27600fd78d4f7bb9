"""The contract without the parts that this server does not serve yet.

A part is marked where it is defined, and its mark is removed by the change that serves it:

- `x-not-served: true` on an operation, a property, a parameter, a response, an example or one of several forms
- `x-not-served-values`: values of the `enum` beside it
- `x-not-served-codes`: codes of the `x-error-codes` beside it
- `x-not-served-required`: names of the `required` beside it that are optional until then

A marked property is not required. Examples lose what their schema does not have.
"""

from collections.abc import Iterator
from typing import Any, cast

Json = dict[str, Any]
MARK = "x-not-served"
_NARROWED = {f"{MARK}-values": "enum", f"{MARK}-codes": "x-error-codes", f"{MARK}-required": "required"}
_FORMS = ("anyOf", "oneOf")


def served(document: Json) -> Json:
    shown: Json = _without_marked(document)
    shown["paths"] = {path: item for path, item in shown["paths"].items() if item}
    shown["webhooks"] = {name: item for name, item in shown["webhooks"].items() if item}
    _prune_examples(shown, shown)
    _drop_unused(document, shown)
    tags = {tag for item in shown["paths"].values() for operation in item.values() for tag in operation["tags"]}
    shown["tags"] = [tag for tag in shown["tags"] if tag["name"] in tags]
    return shown


def _without_marked(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_marked(inner) for inner in cast("list[Any]", value) if not is_marked(inner)]
    if not isinstance(value, dict):
        return value
    given = cast(Json, value)
    kept = {name: _without_marked(inner) for name, inner in given.items() if not is_marked(inner)}
    for mark, name in _NARROWED.items():
        if unserved := kept.pop(mark, ()):
            kept[name] = [one for one in kept[name] if one not in unserved]
    if isinstance(kept.get("properties"), dict) and "required" in kept:
        gone = given["properties"].keys() - kept["properties"].keys()
        kept["required"] = [name for name in kept["required"] if name not in gone]
    if "examples" in kept and given["examples"] and not kept["examples"]:
        del kept["examples"]
    for forms in _FORMS:
        if forms in kept and len(kept[forms]) == 1 < len(given[forms]):
            kept = _with_only_form(kept, forms)
    return kept


def is_marked(value: Any) -> bool:
    return isinstance(value, dict) and cast(Json, value).get(MARK) is True


def _with_only_form(schema: Json, forms: str) -> Json:
    """A choice with one form left is no choice."""
    rest = {name: value for name, value in schema.items() if name != forms}
    (form,) = schema[forms]
    required = [*rest.get("required", ()), *form.get("required", ())]
    return {**form, **rest, **({"required": required} if required else {})}


def _prune_examples(document: Json, value: Any) -> None:
    if isinstance(value, list):
        for inner in cast("list[Any]", value):
            _prune_examples(document, inner)
    elif isinstance(value, dict):
        part = cast(Json, value)
        if isinstance(part.get("schema"), dict) and ("example" in part or "examples" in part):
            if "example" in part:
                part["example"] = _known(document, part["schema"], part["example"])
            for example in part.get("examples", {}).values():
                if "value" in example:
                    example["value"] = _known(document, part["schema"], example["value"])
            return
        for inner in part.values():
            _prune_examples(document, inner)


def _known(document: Json, schema: Json, value: Any) -> Any:
    """`value` without properties that none of the schema's forms has."""
    forms = list(_forms(document, schema))
    if isinstance(value, list):
        items = [form["items"] for form in forms if "items" in form]
        elements = cast("list[Any]", value)
        return [_known(document, items[0], element) for element in elements] if items else elements
    if not isinstance(value, dict):
        return value
    given = cast(Json, value)
    properties: Json = {}
    for form in forms:
        properties |= form.get("properties", {})
    if not properties:
        return given
    is_open = any("additionalProperties" in form for form in forms)
    return {
        name: _known(document, properties.get(name, {}), inner)
        for name, inner in given.items()
        if is_open or name in properties
    }


def _forms(document: Json, schema: Json) -> Iterator[Json]:
    schema = _resolved(document, schema)
    yield schema
    for name in (*_FORMS, "allOf"):
        for form in schema.get(name, ()):
            yield from _forms(document, form)


def _resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def _drop_unused(whole: Json, shown: Json) -> None:
    """Components that only marked parts refer to."""
    gone = _reached(whole) - _reached(shown)
    for kind, components in shown["components"].items():
        for name in [name for name in components if f"#/components/{kind}/{name}" in gone]:
            del components[name]


def _reached(document: Json) -> set[str]:
    reached: set[str] = set()
    open_ = [document["paths"], document["webhooks"]]
    while open_:
        for reference in _references(open_.pop()):
            if reference not in reached:
                reached.add(reference)
                open_.append(_resolved(document, {"$ref": reference}))
    return reached


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        part = cast(Json, value)
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _references(inner)
