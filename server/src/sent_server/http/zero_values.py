"""Removes zero values, which typed clients send for unset fields, before validation.

The types of Go, Java, C#, PHP and others need a value for every field, so an unset one arrives as "", 0, [] or {}.
In an optional field this, like null, means absent. In a required field it stays and is refused.
The zero values of a field follow from its type: "" for texts, 0 for numbers, {} and [] for objects and maps (PHP
writes an empty map as []), [] for lists, none for booleans. `ZeroValues` is for fields whose type does not decide it.

A model may define `is_absent(value)` for objects that mean absent, and `not_served` for refused fields.
The plan of a model is built once. A body without zero values costs one lookup per key.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo

from sent_server.http import unserved
from sent_server.http.lengths import AtMost
from sent_server.kernel.values import value_object

Location = tuple[int | str, ...]
# (place, code, message)
Fault = tuple[Location, str, str]
# Rules over several fields of a body.
Together = Callable[[Mapping[str, Any]], Sequence[Fault]]
_ABSENT = object()


@value_object
class ZeroValues:
    """An annotation: only null and the zero values of these types mean absent."""

    types: tuple[type, ...] = ()


@value_object
class _Field:
    zero_types: frozenset[type]
    inner: "ZeroValuePlan | None"
    longest: int
    is_absent: Callable[[Mapping[str, Any]], bool] | None

    def read_list(self, items: list[Any], at: Location, faults: list[Fault]) -> list[Any]:
        """The objects in it. A list that is too long is skipped, because validation refuses it first."""
        inner = self.inner
        if inner is None or len(items) > self.longest:
            return items
        read: list[Any] = [
            inner.read(cast(dict[str, Any], item), (*at, place), faults) if type(item) is dict else item
            for place, item in enumerate(items)
        ]
        return items if all(map(_same, read, items)) else read


class ZeroValuePlan:
    """The values to remove from an object that becomes one of several models."""

    __slots__ = ("_fields", "_not_served", "_plain", "together")

    def __init__(self, fields: Mapping[str, _Field], not_served: frozenset[str], together: Together | None) -> None:
        self.together = together
        self._fields = fields
        self._plain = frozenset(name for name, field in fields.items() if field.inner is None)
        self._not_served = not_served

    def read(self, value: dict[str, Any], at: Location, faults: list[Fault]) -> dict[str, Any]:
        """`value` without absent fields. Adds unsupported fields to `faults`."""
        plain = self._plain
        changed: dict[str, Any] | None = None
        for name, item in value.items():
            if (item and name in plain) or item is False:  # the usual case
                continue
            field = self._fields.get(name)
            if field is None:
                if item and unserved.refuses(self._not_served, name, item):
                    faults.append(((*at, name), "VALIDATION_001", unserved.NOT_SUPPORTED))
                continue
            if not item:
                if type(item) not in field.zero_types:
                    continue
                read = _ABSENT
            elif type(item) is dict and field.inner:
                read = field.inner.read(cast(dict[str, Any], item), (*at, name), faults)
                if field.is_absent and field.is_absent(read):
                    read = _ABSENT
            elif isinstance(item, list):
                read = field.read_list(cast(list[Any], item), (*at, name), faults)
            else:
                continue
            if read is item:
                continue
            if changed is None:
                changed = dict(value)
            if read is _ABSENT:
                del changed[name]
            else:
                changed[name] = read
        return value if changed is None else changed


@functools.cache
def plan_of(*models: type[BaseModel]) -> ZeroValuePlan:
    fields: dict[str, _Field] = {}
    names: frozenset[str] = frozenset()
    for model in models:
        names |= getattr(model, "not_served", frozenset[str]())
        for name, info in model.model_fields.items():
            field = _field(info)
            fields.update(dict.fromkeys(_names(name, info), field))
    return ZeroValuePlan(fields, names, getattr(models[0], "together", None))


def _same(one: Any, other: Any) -> bool:
    return one is other


def _names(name: str, info: FieldInfo) -> list[str]:
    match info.validation_alias:
        case AliasChoices(choices=choices):
            return [choice for choice in choices if isinstance(choice, str)]
        case str(alias):
            return [alias]
        case _:
            return [info.alias or name]


def _field(info: FieldInfo) -> _Field:
    kinds: set[type] = set()
    models: list[type[BaseModel]] = []
    marks: list[Any] = list(info.metadata)
    for found in _parts(info.annotation):
        if isinstance(found, type) and issubclass(found, BaseModel):
            models.append(found)
        elif isinstance(found, type):
            kinds.add(found)
        else:
            marks.append(found)
    is_list = list in kinds
    if models and not is_list:
        kinds |= {dict, list}
    chosen = next((set(mark.types) for mark in marks if isinstance(mark, ZeroValues)), kinds)
    inner = plan_of(*models) if models else None
    is_absent = getattr(models[0], "is_absent", None) if len(models) == 1 and not info.is_required() else None
    longest = next((mark.count for mark in marks if isinstance(mark, AtMost)), 0)
    zero_types = frozenset[type]() if info.is_required() else frozenset(chosen | {NoneType})
    return _Field(zero_types, inner, longest, is_absent)


def _parts(annotation: Any) -> Iterator[Any]:
    """The types of a field, its models, and its annotations."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *marks = get_args(annotation)
        yield from _parts(inner)
        yield from marks
    elif origin in (Union, UnionType):
        for option in get_args(annotation):
            yield from _parts(option)
    elif origin is Literal:
        yield from {type(option) for option in get_args(annotation)}
    elif origin is list:
        yield list
        yield from (found for found in _parts(get_args(annotation)[0]) if _is_model(found))
    elif origin is dict:
        yield from (dict, list)
    elif annotation is Any:
        yield from (str, list, dict)
    elif annotation in (str, int, float, list, dict) or _is_model(annotation):
        yield annotation


def _is_model(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, BaseModel)
