"""The contract as this server serves it, and as its page shows it."""

import functools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from importlib import resources
from typing import Any, cast

from sent_server.kernel.values import value_object
from sent_server.reference import not_served

Json = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
# Where facts came from is the project's own affair.
NOT_SERVED = re.compile(r"x-(source|seed-doc|amended.*|notes)")
INFO = {
    "title": "Sent API v3",
    "version": "3.0.0",
    "summary": "SMS, WhatsApp and RCS through one call.",
    "description": "Send a template to one or many numbers; the server picks the channel, falls back, charges, obeys "
    "opt-outs and notifies you by signed webhooks. Every answer has the envelope `success`, `data`, `error`, `meta`.",
}


@value_object
class Field:
    """One property of a body, with its place in the object.

    `need` is `required`, `one of these is required`, or empty. A field without a kind is a heading: the fields below
    it, as deep as it is, are one of several forms of their object.
    """

    name: str
    depth: int
    kind: str
    need: str
    description: str
    allowed: Sequence[str]


@value_object
class DocumentBody:
    """One form of a request body. An operation that takes several forms has one of these for each."""

    title: str
    fields: Sequence[Field]
    example: Any


@value_object
class Response:
    status: str
    description: str
    codes: tuple[str, ...]
    example: str | None


@value_object
class Operation:
    id: str
    method: str
    path: str
    summary: str
    description: str
    deprecated: bool
    parameters: Sequence[Json]
    bodies: Sequence[DocumentBody]
    responses: Sequence[Response]
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def example(self) -> Any:
        """That of the first form."""
        return self.bodies[0].example if self.bodies else None


@functools.cache
def contract() -> Json:
    text = resources.files("sent_server.reference").joinpath("contract.json").read_text(encoding="utf-8")
    return _public(not_served.served(json.loads(text)))


@functools.lru_cache(maxsize=16)
def served(base_url: str) -> bytes:
    """OpenAPI 3.1 with this server as its server."""
    shown = {**contract(), "info": INFO, "servers": [{"url": base_url}]}
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()


@functools.cache
def common_responses() -> Sequence[Response]:
    """The errors that most operations answer in the same words; a page shows them once."""
    found = Counter(
        replace(response, example=None)
        for operations in groups().values()
        for operation in operations
        for response in operation.responses
        if not response.status.startswith("2")
    )
    most = sum(len(operations) for operations in groups().values()) / 2
    return sorted((response for response, count in found.items() if count > most), key=lambda one: one.status)


def own_responses(operation: Operation) -> Sequence[Response]:
    """What an operation answers beside `common_responses`."""
    return [response for response in operation.responses if response not in common_responses()]


@functools.cache
def groups() -> Mapping[str, Sequence[Operation]]:
    """By tag, in the order of the contract."""
    found: dict[str, list[Operation]] = {}
    for path, methods in contract()["paths"].items():
        for method in METHODS:
            if method in methods:
                found.setdefault(methods[method]["tags"][0], []).append(_operation(path, method, methods[method]))
    return found


def resolve(value: Json) -> Json:
    """Follow `$ref` to the end."""
    while "$ref" in value:
        target: Any = contract()
        for part in value["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        value = target
    return value


def _operation(path: str, method: str, raw: Json) -> Operation:
    content = raw.get("requestBody", {}).get("content", {}).get("application/json", {})
    return Operation(
        id=raw["operationId"],
        method=method.upper(),
        path=path,
        summary=raw.get("summary", ""),
        description=raw.get("description", ""),
        deprecated=raw.get("deprecated", False),
        parameters=[resolve(parameter) for parameter in raw.get("parameters", ())],
        bodies=_bodies(content),
        responses=[_response(status, resolve(found)) for status, found in raw["responses"].items()],
        notes=list(_notes(raw)),
    )


def _notes(raw: Json) -> Iterator[str]:
    if role := raw.get("x-min-role"):
        yield f"needs the role {role}"
    if raw.get("x-sandbox"):
        yield "takes sandbox"
    limit: Json = raw.get("x-rate-limit") or {}
    if isinstance(limit.get("per_minute"), int):
        yield f"{limit['per_minute']} a minute"


def _response(status: str, raw: Json) -> Response:
    content = raw.get("content", {}).get("application/json", {})
    example = _example(content) if status.startswith("2") else None
    text = None if example is None else json.dumps(example, indent=2, ensure_ascii=False)
    return Response(status, raw.get("description", ""), tuple(raw.get("x-error-codes", ())), text)


def _example(content: Json) -> Any:
    if "example" in content:
        return content["example"]
    for example in content.get("examples", {}).values():
        return resolve(example).get("value")
    return None


def _bodies(content: Json) -> Sequence[DocumentBody]:
    """A body per form. The examples of the contract have the order of the forms."""
    if "schema" not in content:
        return []
    schema = resolve(content["schema"])
    forms = _objects(schema)
    examples = [_example({"examples": {name: example}}) for name, example in content.get("examples", {}).items()]
    examples = [content["example"]] if "example" in content else examples
    if len(forms) < 2:
        return [DocumentBody("DocumentBody", list(_fields(schema, 0, set())), _example(content))]
    return [
        DocumentBody(
            f"Body: {_title(form)}",
            list(_fields(form, 0, set())),
            examples[number] if number < len(examples) else next(iter(form.get("examples", ())), None),
        )
        for number, form in enumerate(forms)
    ]


def _objects(schema: Json) -> list[Json]:
    """The forms of an object that are alternatives: those with properties of their own, null and bare rules aside."""
    parts = (resolve(part) for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ())))
    return [part for part in parts if "properties" in part]


def _title(form: Json) -> str:
    return form.get("title") or form.get("description", "")


def _fields(schema: Json, depth: int, shown: set[str]) -> Iterator[Field]:
    """`shown` are the schemas that this body has spelled out already; nobody reads the same table five times."""
    if reference := schema.get("$ref"):
        if reference in shown:
            return
        shown.add(reference)
    schema = resolve(schema)
    for part in schema.get("allOf", ()):
        yield from _fields(part, depth, shown)
    parts = [part for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ())) if "properties" in resolve(part)]
    for number, part in enumerate(parts, 1):
        if len(parts) > 1:
            yield Field("", depth, "", "", f"Form {number} of {len(parts)}: {_title(resolve(part))}", ())
        yield from _fields(part, depth, shown)
    for name, raw in schema.get("properties", {}).items():
        inner = resolve(raw)
        items = resolve(inner["items"]) if "items" in inner else {}
        allowed = list(dict.fromkeys(str(value) for value in _values(inner) if value is not None))
        description = raw.get("description") or inner.get("description", "")
        if _references(raw) & shown:
            description += " Its fields are those above."
        yield Field(name, depth, _kind(inner), _need(schema, name), description.strip(), allowed)
        yield from _fields(raw.get("items", raw) if items else raw, depth + 1, shown)


def _values(schema: Json) -> Iterator[Any]:
    """The values that a property may have, alone or in a list, in any of its forms."""
    schema = resolve(schema)
    yield from schema.get("enum", ())
    if "items" in schema:
        yield from _values(schema["items"])
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _values(part)


def _references(raw: Json) -> set[str]:
    """The object schemas that a property leads to, directly, as a list or as one of several."""
    parts = [raw, raw.get("items", {}), *raw.get("anyOf", ()), *raw.get("oneOf", ())]
    return {part["$ref"] for part in parts if "$ref" in part and "properties" in resolve(part)}


def _need(schema: Json, name: str) -> str:
    if name in schema.get("required", ()):
        return "required"
    choices = [part.get("required", ()) for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ()))]
    return "one of these is required" if any(name in choice for choice in choices) else ""


def _kind(schema: Json) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = " or ".join(str(one) for one in cast("list[str]", kind) if one != "null")
    if kind is None:
        several = [_kind(resolve(part)) for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ()))]
        kind = " or ".join(dict.fromkeys(one for one in several if one != "null")) or "any"
    if kind == "array":
        return f"list of {_kind(resolve(schema.get('items', {})))}"
    return f"{kind}, {schema['format']}" if "format" in schema else str(kind)


def _public(value: Any) -> Any:
    if isinstance(value, dict):
        named = cast(Json, value)
        return {name: _public(inner) for name, inner in named.items() if not NOT_SERVED.fullmatch(name)}
    return [_public(inner) for inner in cast("list[Any]", value)] if isinstance(value, list) else value
