"""Bodies with one fault each, made from the documented schema of a request and a body that is whole."""

import copy
import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from jsonschema import Draft202012Validator

from harness import contract, samples

Json = dict[str, Any]
Path = tuple[str | int, ...]
# Whatever may stand where something else belongs. The schema says which of them are faults in a place.
VALUES: Sequence[tuple[str, Any]] = (
    ("null", None),
    ("a boolean", True),
    ("an integer", 17),
    ("a negative number", -1),
    ("a fraction", 1.5),
    ("a huge number", 10**30),
    ("an empty text", ""),
    ("a letter", "x"),
    ("a NUL", "a\u0000b"),
    ("half a character", "\ud800"),
    ("bidirectional controls", "\u202edesrever\u2066"),
    ("markup", "<script>alert(1)</script>"),
    ("SQL", "'; DROP TABLE contacts; --"),
    ("a template of ours", "{{0:variable}} ${jndi:ldap://x} %s %n"),
    ("300 letters", "a" * 300),
    ("100,000 letters", "a" * 100_000),
    ("an empty list", []),
    ("a list of numbers", [1]),
    ("an empty object", {}),
    ("another object", {"a": 1}),
)
DEEP = functools.reduce(lambda inner, _: [inner], range(60), [1])


def whole_bodies() -> dict[str, Json]:
    """Bodies in which every field that can be there is, as far as fields go together."""
    billing = {"name": "Ann Example", "email": "ann@example.com", "phone": "+14155550100", "address": "1 Main Street"}
    card = {"card_number": "4242424242424242", "expiry": "09/31", "cvc": "123", "zip_code": "94105"}
    profile = {
        "name": "Faults",
        "icon": "https://example.com/icon.png",
        "description": "A profile of the tests",
        "short_name": "FAULTS",
        "billing_model": "profile",
        "billing_contact": billing,
        "payment_details": card,
        "inherit_tcr_brand": False,
        "inherit_tcr_campaign": False,
        "brand": samples.nested_brand(),
    }
    return {
        "POST /v3/contacts": {"phone_number": samples.phone()},
        "POST /v3/templates": samples.template("Hello {{0:variable}}", "name"),
        "PUT /v3/templates/{id}": {**samples.template("Hello {{0:variable}}", "name"), "name": "renamed"},
        "POST /v3/messages": {
            "to": [samples.phone()],
            "template": {"name": "welcome", "parameters": {"name": "Ann"}},
            "channel": ["sms"],
        },
        "POST /v3/profiles": profile,
        "PATCH /v3/profiles/{profileId}": {**profile, "sending_phone_number": "+14155550100"},
        "POST /v3/webhooks": {**samples.webhook(), "retry_count": 3, "timeout_seconds": 30},
    }


def more_bodies(operation: contract.Operation) -> list[Json]:
    """Other forms of a body, each with its fields that are served."""
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    text = {
        "to": [samples.phone()],
        "text": "A text of the tests",
        "channel": ["sms"],
        "channels": {"sms": [{"from": ["+15005550006"], "country": "US", "strategy": "sticky"}]},
        "media_urls": ["https://cdn.example.com/menu.jpg"],
        "subject": "Menu",
        "scheduled_at": soon,
    }
    other_forms: dict[str, list[Json]] = {
        "POST /v3/messages": [text, {**{k: v for k, v in text.items() if k != "to"}, "phone_number": samples.phone()}]
    }
    known = _names(request_schema(operation))
    served = [{k: v for k, v in body.items() if k in known} for body in other_forms.get(operation.name, ())]
    return [body for body in served if contract.validator(request_schema(operation)).is_valid(body)]


def _names(schema: Mapping[str, Any]) -> set[str]:
    schema = contract.resolve(schema)
    inner = (_names(branch) for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())))
    return set(schema.get("properties", ())).union(*inner)


@dataclass(frozen=True, slots=True)
class Fault:
    """`leaf` is the field's own name. A `documented` fault breaks the schema; any other value the server may judge.

    An optional field that holds the zero value of its type `means_absent`: typed clients write it for unset fields.
    `without` is the body that leaves it out.
    """

    at: Path
    what: str
    body: Json = field(repr=False)
    documented: bool
    means_absent: bool = False
    without: Json = field(default_factory=dict, repr=False)

    @property
    def leaf(self) -> str:
        return next(str(step) for step in reversed(self.at) if isinstance(step, str))

    @property
    def name(self) -> str:
        return f"{'.'.join(map(str, self.at))}: {self.what}"


def faults_of(operation: contract.Operation, body: Json) -> Iterator[Fault]:
    """Every field of the request in turn: left out, and with each of VALUES in its place."""
    checks = contract.validator(request_schema(operation))
    assert checks.is_valid(body), f"{operation.name}: the whole body is none"
    for at, schema in places(request_schema(operation), body):
        without = copy.deepcopy(body)
        parent = _reach(without, at[:-1])
        if isinstance(parent, dict) and at[-1] in parent:
            del parent[at[-1]]
            yield Fault(at, "left out", without, not checks.is_valid(without))
        for what, value in (*VALUES, ("60 lists in one another", DEEP)):
            changed = copy.deepcopy(body)
            _reach(changed, at[:-1])[at[-1]] = value
            is_zero = isinstance(at[-1], str) and checks.is_valid(without) and _is_zero(value, schema)
            yield Fault(at, what, changed, not _accepts(checks, changed), is_zero, without)


def _is_zero(value: Any, schema: Mapping[str, Any]) -> bool:
    schema = contract.resolve(schema)
    branches = [contract.resolve(branch) for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ()))]
    kinds = {kind for one in (schema, *branches) for kind in _listed(one.get("type", ()))}
    match value:
        case None:
            return True
        case "":
            return "string" in kinds
        case []:
            return not kinds.isdisjoint({"array", "object"})
        case {}:
            return "object" in kinds and not value
        case _:
            return False


def _listed(kinds: Any) -> Sequence[str]:
    return [kinds] if isinstance(kinds, str) else kinds


def _accepts(checks: Draft202012Validator, body: Json) -> bool:
    return checks.is_valid(body)


def request_schema(operation: contract.Operation) -> Json:
    content = operation.definition["requestBody"]["content"]["application/json"]
    schema: Json = contract.resolve(content["schema"])
    return schema


def places(schema: Mapping[str, Any], value: Any, at: Path = ()) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Every field that the schema names, going down only into what the body has."""
    schema = contract.resolve(schema)
    branches = [contract.resolve(branch) for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ()))]
    fitting = [branch for branch in branches if contract.validator(branch).is_valid(value)]
    for candidate in (schema, *fitting[:1]):
        named = dict(candidate.get("properties", {}))
        values = candidate.get("additionalProperties")
        if isinstance(value, dict) and isinstance(values, dict) and not named:
            named = dict.fromkeys(value, values)
        for name, inner in named.items():
            if not isinstance(value, dict):
                continue
            yield (*at, name), inner
            if isinstance(value.get(name), (dict, list)):
                yield from places(inner, value[name], (*at, name))
        if "items" in candidate and isinstance(value, list) and value:
            yield (*at, 0), candidate["items"]
            yield from places(candidate["items"], value[0], (*at, 0))


def _reach(value: Any, at: Path) -> Any:
    for step in at:
        value = value[step]
    return value


def encoded(body: Json) -> bytes:
    """As hostile clients write it: half characters escaped, no limit of numbers."""
    return json.dumps(body).encode()
