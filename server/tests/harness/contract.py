"""Checks an answer against contract/openapi-v3.json: the status, the error code, the headers and the body."""

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from sent_server.reference import not_served

FILE = Path(__file__).parents[3] / "contract" / "openapi-v3.json"
_URI = "urn:contract"
_HEADERS = {
    "x-request-id": re.compile(r"req_[0-9A-Za-z]+"),
    "x-response-time": re.compile(r"\d+ms"),
    "x-api-version": re.compile(r"v3"),
    "x-ratelimit-limit": re.compile(r"\d+"),
    "x-ratelimit-remaining": re.compile(r"\d+"),
    "x-ratelimit-reset": re.compile(r"\d{10}"),
}
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)", re.ASCII)
# Built-in checks cover uuid and email; these two would need packages of their own.
_formats = FormatChecker()
_formats.checks("date-time")(lambda value: not isinstance(value, str) or _DATE_TIME.fullmatch(value) is not None)
_formats.checks("uri")(lambda value: not isinstance(value, str) or urlsplit(value).scheme != "")
_ERROR_KEYS = {"code", "message", "details", "doc_url"}


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    pattern: re.Pattern[str]
    responses: Mapping[str, Any]
    definition: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


@functools.cache
def whole() -> dict[str, Any]:
    """With the parts that the server does not serve yet."""
    return cast(dict[str, Any], json.loads(FILE.read_text(encoding="utf-8")))


@functools.cache
def document() -> dict[str, Any]:
    """What the server serves."""
    return not_served.served(whole())


@functools.cache
def operations() -> list[Operation]:
    """Static paths first, as the server matches them."""
    found: list[Operation] = []
    for path, methods in document()["paths"].items():
        pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))
        for method, definition in methods.items():
            if method in ("get", "post", "put", "patch", "delete"):
                found.append(Operation(method.upper(), path, pattern, definition["responses"], definition))
    return sorted(found, key=lambda operation: "{" in operation.path)


def find(method: str, target: str) -> Operation | None:
    path = target.partition("?")[0]
    wanted = "GET" if method == "HEAD" else method
    return next((item for item in operations() if item.method == wanted and item.pattern.fullmatch(path)), None)


def check(method: str, target: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Fails the test with every deviation it finds."""
    faults = [
        f"header {name}: {headers.get(name)!r}" for name, form in _HEADERS.items() if not _has(headers, name, form)
    ]
    if method == "HEAD" or status == 204:
        if body:
            faults.append(f"a body of {len(body)} bytes where none belongs")
        document_ = None
    else:
        document_ = _read(headers, body, faults)
    operation = find(method, target)
    if document_ is not None:
        faults += _envelope(status, headers, document_)
    if operation is not None:
        faults += _documented(operation, status, document_)
    assert not faults, (
        f"{method} {target} -> {status} breaks the contract:\n  " + "\n  ".join(faults) + f"\n{body[:2000]!r}"
    )


def _has(headers: Mapping[str, str], name: str, form: re.Pattern[str]) -> bool:
    return form.fullmatch(headers.get(name, "")) is not None


def _read(headers: Mapping[str, str], body: bytes, faults: list[str]) -> dict[str, Any] | None:
    if not headers.get("content-type", "").startswith("application/json"):
        faults.append(f"content-type: {headers.get('content-type')!r}")
    try:
        value = json.loads(body)
    except ValueError:
        faults.append("the body is not JSON")
        return None
    if not isinstance(value, dict):
        faults.append("the body is not an object")
        return None
    return cast(dict[str, Any], value)


def _envelope(status: int, headers: Mapping[str, str], envelope: Mapping[str, Any]) -> list[str]:
    faults: list[str] = []
    if missing := {"success", "data", "error", "meta"} - set(envelope):
        return [f"the envelope lacks {sorted(missing)}"]
    meta, error = envelope["meta"], envelope["error"]
    if envelope["success"] is not (status < 400):
        faults.append(f"success is {envelope['success']!r}")
    if meta.get("version") != "v3" or not meta.get("timestamp"):
        faults.append(f"meta is {meta!r}")
    replayed = headers.get("idempotent-replayed") == "true"
    wanted = headers.get("x-original-request-id" if replayed else "x-request-id")
    if meta.get("request_id") != wanted:
        faults.append(f"meta.request_id is {meta.get('request_id')!r}, the header says {wanted!r}")
    if status < 400:
        if error is not None:
            faults.append(f"error is {error!r} on a success")
    elif not isinstance(error, dict) or set(cast(dict[str, Any], error)) != _ERROR_KEYS:
        faults.append(f"error is {error!r}")
    elif envelope["data"] is not None:
        faults.append("data is not null on an error")
    return faults


def _documented(operation: Operation, status: int, envelope: Mapping[str, Any] | None) -> list[str]:
    response = operation.responses.get(str(status))
    if response is None:
        return [f"status {status} is not documented for {operation.name}"]
    response = resolve(response)
    faults: list[str] = []
    codes = response.get("x-error-codes")
    code = (envelope or {}).get("error") and cast(Mapping[str, Any], envelope)["error"].get("code")
    if code and codes and code not in codes:
        faults.append(f"code {code} is not documented for {operation.name} {status}: {codes}")
    if envelope is not None:
        for error in _validator(operation.name, str(status)).iter_errors(envelope):
            faults.append(f"{error.json_path}: {error.message[:300]}")
        faults += [f"{name} is not documented" for name in undocumented(_schema(response), envelope)]
    return faults


def undocumented(schema: Mapping[str, Any], value: Any, at: str = "$") -> list[str]:
    """Paths of properties that the schema does not know, though it allows them: a wider answer is a promise, too."""
    schema = resolve(schema)
    branches = [resolve(branch) for name in ("anyOf", "oneOf", "allOf") for branch in schema.get(name, [])]
    candidates = [schema, *branches]
    match value:
        case list():
            items = [candidate["items"] for candidate in candidates if "items" in candidate]
            elements = cast(list[Any], value)
            return [
                name
                for item in items[:1]
                for at_, element in enumerate(elements)
                for name in undocumented(item, element, f"{at}[{at_}]")
            ]
        case dict():
            known: dict[str, Any] = {}
            for candidate in candidates:
                known |= candidate.get("properties", {})
            if not known:
                return []
            closed = not any("additionalProperties" in candidate for candidate in candidates)
            found: list[str] = []
            for name, item in cast(dict[str, Any], value).items():
                if name in known:
                    found += undocumented(known[name], item, f"{at}.{name}")
                elif closed:
                    found.append(f"{at}.{name}")
            return found
        case _:
            return []


def resolve(value: Any, within: Mapping[str, Any] | None = None) -> Any:
    while "$ref" in value:
        found: Any = document() if within is None else within
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


@functools.cache
def _registry(*, of_whole: bool) -> Registry[Any]:
    resource: Resource[Any] = Resource(contents=whole() if of_whole else document(), specification=DRAFT202012)
    return Registry().with_resource(_URI, resource)


@functools.cache
def _validator(name: str, status: str) -> Draft202012Validator:
    operation = next(item for item in operations() if item.name == name)
    return validator(_schema(resolve(operation.responses[status])))


def _schema(response: Mapping[str, Any]) -> dict[str, Any]:
    return cast(dict[str, Any], response["content"]["application/json"]["schema"])


def validator(schema: Mapping[str, Any], *, of_whole: bool = False) -> Draft202012Validator:
    """For a schema that stands in the document, or in the whole one."""
    return Draft202012Validator(_rooted(schema), registry=_registry(of_whole=of_whole), format_checker=_formats)


def _rooted(value: Any) -> Any:
    """Local references become absolute ones, because the schema is lifted out of its document."""
    match value:
        case dict():
            return {
                key: _URI + item if key == "$ref" and item.startswith("#") else _rooted(item)
                for key, item in cast(dict[str, Any], value).items()
            }
        case list():
            return [_rooted(item) for item in cast(list[Any], value)]
        case _:
            return value
