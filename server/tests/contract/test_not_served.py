"""The marks of what is not served yet: each is true, and each part without a mark is served."""

import copy
from collections.abc import Iterator
from typing import Any, cast

import pytest

from harness import contract, samples
from harness.faults import whole_bodies
from harness.routes import Entry, entries, open_paths, served
from harness.server import Server
from sent_server.http.unserved import NOT_SUPPORTED
from sent_server.reference import not_served

Json = dict[str, Any]
VERBS = ("get", "post", "put", "patch", "delete")
# Marked fields that are accepted today, and have no effect.
WITHOUT_EFFECT = {"example_url", "static_resource"}


def _definitions() -> Iterator[tuple[str, Json]]:
    for path, item in contract.whole()["paths"].items():
        yield from ((f"{verb.upper()} {path}", item[verb]) for verb in VERBS if verb in item)


def test_an_operation_is_marked_exactly_when_it_has_no_route() -> None:
    routed = {route.name for route in served()}
    for name, definition in _definitions():
        has_route = name in routed or name.partition(" ")[2] in open_paths()
        mark = "remove its mark x-not-served" if has_route else "mark it with x-not-served"
        assert has_route is not not_served.is_marked(definition), f"{name}: {mark}"


def _marked(schema: Json, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Marked properties of a request, with the names that lead to them."""
    schema = _resolved(schema)
    for form in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if not not_served.is_marked(form):
            yield from _marked(form, at)
    for name, inner in schema.get("properties", {}).items():
        if not_served.is_marked(inner):
            yield (*at, name), inner
        elif len(at) < 6:
            yield from _marked(inner, (*at, name))


def _resolved(schema: Json) -> Json:
    while "$ref" in schema:
        schema = contract.whole()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _some(schema: Json) -> Any:
    """A value that is not empty and fits, so that only its name is wrong."""
    schema = _resolved(schema)
    for form in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if _resolved(form).get("type") != "null":
            return _some(form)
    if "enum" in schema:
        return schema["enum"][0]
    kinds = schema.get("type", "object")
    match kinds if isinstance(kinds, str) else next(kind for kind in kinds if kind != "null"):
        case "array":
            return [_some(schema["items"])]
        case "boolean":
            return True
        case "object":
            required = {name: _some(schema["properties"][name]) for name in schema.get("required", ())}
            return required or {"message": ["delivered"]}
        case _:
            return "https://example.com/1" if schema.get("format") == "uri" else "2000"


def _cases() -> list[tuple[Entry, tuple[str, ...], Json]]:
    known = {entry.name: entry for entry in entries()}
    found: list[tuple[Entry, tuple[str, ...], Json]] = []
    for name, definition in _definitions():
        content = definition.get("requestBody", {}).get("content", {}).get("application/json")
        if name in known and content:
            found += [
                (known[name], at, inner) for at, inner in _marked(content["schema"]) if at[-1] not in WITHOUT_EFFECT
            ]
    return found


def _with(body: Any, at: tuple[str, ...], value: Any) -> Any:
    name, *rest = at
    if isinstance(body, list):
        items = cast("list[Any]", body)
        return [_with(items[0] if items else {}, at, value)]
    inner = body.get(name) if isinstance(body, dict) else None
    return {**body, name: _with(copy.deepcopy(inner or {}), tuple(rest), value) if rest else value}


@pytest.mark.parametrize(("entry", "at", "schema"), _cases(), ids=lambda value: getattr(value, "name", None))
def test_a_marked_field_is_refused_by_its_name(server: Server, entry: Entry, at: tuple[str, ...], schema: Json) -> None:
    assert entry.body is not None
    body = _with(whole_bodies().get(entry.name) or entry.body(), at, _some(schema))
    path = entry.path_for(entry.make(server) if entry.owned else samples.UNKNOWN_ID)
    answer = server.http.request(entry.method, path, json=body)
    assert (answer.status, answer.code) == (400, "VALIDATION_001"), answer.body
    assert any(NOT_SUPPORTED in reasons for name, reasons in answer.details.items() if at[-1] in name), answer.details


def test_what_is_served_has_no_mark() -> None:
    assert f"'{not_served.MARK}" not in str(contract.document())


def test_a_marked_part_leaves_no_trace() -> None:
    document: Json = {
        "tags": [{"name": "Kept"}, {"name": "Gone"}],
        "webhooks": {},
        "paths": {
            "/kept": {
                "post": {
                    "tags": ["Kept"],
                    "content": {
                        "schema": {"$ref": "#/components/schemas/Body"},
                        "examples": {"old": {"value": {"a": 1, "b": 2}}, "new": {"x-not-served": True, "value": {}}},
                    },
                    "x-not-served-codes": ["NEW_001"],
                    "x-error-codes": ["OLD_001", "NEW_001"],
                }
            },
            "/gone": {"get": {"x-not-served": True, "tags": ["Gone"]}},
        },
        "components": {
            "schemas": {
                "Body": {
                    "required": ["a", "b"],
                    "properties": {
                        "a": {"x-not-served-values": ["y"], "enum": ["x", "y"]},
                        "b": {"x-not-served": True, "$ref": "#/components/schemas/Inner"},
                    },
                    "anyOf": [{"required": ["c"]}, {"x-not-served": True, "required": ["b"]}],
                },
                "Inner": {"type": "object"},
            }
        },
    }
    operation = {
        "tags": ["Kept"],
        "content": {"schema": {"$ref": "#/components/schemas/Body"}, "examples": {"old": {"value": {"a": 1}}}},
        "x-error-codes": ["OLD_001"],
    }
    assert not_served.served(document) == {
        "tags": [{"name": "Kept"}],
        "webhooks": {},
        "paths": {"/kept": {"post": operation}},
        "components": {"schemas": {"Body": {"required": ["a", "c"], "properties": {"a": {"enum": ["x"]}}}}},
    }
