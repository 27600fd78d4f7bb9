"""A list that is too long is refused for its length alone: nothing in it is looked at."""

import copy
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from harness import samples
from harness.client import Client
from harness.routes import served
from harness.server import Server
from sent_server.http.lengths import AtMost


def _definition() -> dict[str, Any]:
    body = samples.template("Hello {{0:variable}}", "name")
    body["definition"]["buttons"] = [{"type": "URL", "props": {"text": "Go", "url": "https://a.example/"}}]
    return body


CASES: dict[str, tuple[str, dict[str, Any], tuple[str | int, ...]]] = {
    "recipients": ("/v3/messages", {"template": {"name": "welcome"}}, ("to",)),
    "channels": ("/v3/messages", {"to": ["+14155550100"], "template": {"name": "welcome"}}, ("channel",)),
    "older channels": ("/v3/messages", {"to": ["+14155550100"], "template": {"name": "welcome"}}, ("channels",)),
    "event types": ("/v3/webhooks", samples.webhook(), ("event_types",)),
    "sub-types": ("/v3/webhooks", {**samples.webhook(), "event_filters": {}}, ("event_filters", "message")),
    "variables": ("/v3/templates", _definition(), ("definition", "body", "multiChannel", "variables")),
    "buttons": ("/v3/templates", _definition(), ("definition", "buttons")),
    "variables of a button": ("/v3/templates", _definition(), ("definition", "buttons", 0, "props", "variables")),
    "channels of a flat template": ("/v3/templates", {"body": {"content": "Hi"}}, ("channels",)),
    "buttons of a flat template": ("/v3/templates", {"body": {"content": "Hi"}}, ("buttons",)),
    "variables of a flat template": ("/v3/templates", {"body": {"content": "Hi"}}, ("body", "variables")),
    "countries": ("/v3/brands", samples.brand(), ("brand", "destinationCountries")),
    "faults": ("/sim/faults", {}, ("faults",)),
    "use cases": ("CAMPAIGN", samples.campaign(), ("campaign", "useCases")),
    "sample messages": ("CAMPAIGN", samples.campaign(), ("campaign", "useCases", 0, "sampleMessages")),
}


def _name(where: tuple[str | int, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in where).lstrip(".")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("element", ["x", 1, None, {}, {"a": 1}], ids=str)
def test_the_length_comes_first(server: Server, case: str, element: Any) -> None:
    path, body, where = CASES[case]
    body = copy.deepcopy(body)
    inner: Any = body
    for step in where[:-1]:
        inner = inner[step]
    inner[where[-1]] = [element] * 9_000
    path = f"/v3/brands/{samples.UNKNOWN_ID}/campaigns" if path == "CAMPAIGN" else path
    answer = server.http.request("PUT" if path == "/sim/faults" else "POST", path, json=body)
    assert answer.status == 400
    assert list(answer.details) == [_name(where)]
    assert len(answer.details[_name(where)]) == 1
    assert len(answer.body) < 1_000


def test_one_thousand_unknown_keys_are_ignored_and_cost_nothing(http: Client) -> None:
    body = {"phone_number": samples.phone(), **{f"key_{number}": "x" * 100 for number in range(990)}}
    assert http.post("/v3/contacts", body).status == 201


def test_the_other_faults_are_reported_beside_a_long_list(http: Client) -> None:
    answer = http.post("/v3/messages", {"to": ["x"] * 1_001, "webhook_url": "x"})
    assert set(answer.details) == {"to", "template", "webhook_url"}


def _lists(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[tuple[str, Any]]:
    """Every list of a model and of the models in it, with the marks beside it."""
    if model in seen:
        return
    seen.add(model)
    for name, info in model.model_fields.items():
        yield from _lists_of(f"{model.__name__}.{name}", info.annotation, list(info.metadata), seen)


def _lists_of(name: str, annotation: Any, marks: list[Any], seen: set[type[BaseModel]]) -> Iterator[tuple[str, Any]]:
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        yield from _lists_of(name, inner, [*marks, *more], seen)
    elif get_origin(annotation) is list:
        yield name, marks
        yield from _lists_of(f"{name}[]", get_args(annotation)[0], [], seen)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from _lists(annotation, seen)
    else:
        for option in get_args(annotation):
            yield from _lists_of(name, option, marks, seen)


# Measured by checks of their own; CASES has each of them.
MEASURED = {"SendMessage.to", "SendMessage.channel", "SendMessage.channels"}


def test_every_list_of_every_body_has_a_limit() -> None:
    seen: set[type[BaseModel]] = set()
    found = [one for route in served() if route.body for one in _lists(route.body, seen)]
    assert len(found) >= 12
    bare = {name for name, marks in found if not any(isinstance(mark, AtMost) for mark in marks)}
    assert bare == MEASURED
