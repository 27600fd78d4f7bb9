"""The contract as this server serves it, and as its page shows it."""

import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, cast

Json = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
# Where facts came from is the project's own affair.
NOT_SERVED = re.compile(r"x-(source|seed-doc|amended.*|notes)")
INFO = {
    "title": "Sent API v3",
    "version": "3.0.0",
    "summary": "SMS, WhatsApp and RCS through one call.",
    "description": "Send a template to one or many numbers; the server picks the channel, falls back, charges, obeys "
    "opt-outs and tells you by signed webhooks. Every answer has the envelope `success`, `data`, `error`, `meta`.",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a body, with its place in the object."""

    name: str
    depth: int
    kind: str
    required: bool
    description: str
    allowed: Sequence[str]


@dataclass(frozen=True, slots=True)
class Response:
    status: str
    description: str
    codes: Sequence[str]
    example: str | None


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    description: str
    deprecated: bool
    parameters: Sequence[Json]
    fields: Sequence[Field]
    example: Any
    responses: Sequence[Response]
    notes: Sequence[str] = field(default_factory=tuple)


@functools.cache
def contract() -> Json:
    text = resources.files("sent_server.reference").joinpath("contract.json").read_text(encoding="utf-8")
    return _public(json.loads(text))


@functools.lru_cache(maxsize=16)
def served(base_url: str) -> bytes:
    """OpenAPI 3.1 with this server as its server."""
    shown = {**contract(), "info": INFO, "servers": [{"url": base_url}]}
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()


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
    schema = content.get("schema")
    return Operation(
        id=raw["operationId"],
        method=method.upper(),
        path=path,
        summary=raw.get("summary", ""),
        description=raw.get("description", ""),
        deprecated=raw.get("deprecated", False),
        parameters=[resolve(parameter) for parameter in raw.get("parameters", ())],
        fields=list(_fields(schema, 0)) if schema else [],
        example=_example(content),
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
    return Response(status, raw.get("description", ""), raw.get("x-error-codes", ()), text)


def _example(content: Json) -> Any:
    if "example" in content:
        return content["example"]
    for example in content.get("examples", {}).values():
        return resolve(example).get("value")
    return None


def _fields(schema: Json, depth: int, seen: tuple[str, ...] = ()) -> Iterator[Field]:
    reference = schema.get("$ref", "")
    if reference in seen or depth > 6:
        return
    seen = (*seen, reference) if reference else seen
    schema = resolve(schema)
    for part in (*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _fields(part, depth, seen)
    required = schema.get("required", ())
    for name, raw in schema.get("properties", {}).items():
        inner = resolve(raw)
        items = resolve(inner["items"]) if "items" in inner else {}
        allowed = [str(value) for value in (inner.get("enum") or items.get("enum") or ()) if value is not None]
        yield Field(name, depth, _kind(inner), name in required, inner.get("description", ""), allowed)
        yield from _fields(raw.get("items", raw) if items else raw, depth + 1, seen)


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
