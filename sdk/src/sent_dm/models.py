"""What answers are made of: a view of the JSON that came, read when it is looked at.

A model keeps the wire's dict and turns a field into a value the first time somebody reads it: dates, nested models and
lists. An answer of a thousand fields costs what is read of it. Fields that this version does not know are kept and
readable; documented ones that the answer lacks are None.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self, TypeVar, cast, overload

T_co = TypeVar("T_co", covariant=True)
M = TypeVar("M", bound="Model")


class MisshapenError(ValueError):
    """An object where a list belongs, or the like; the message names the place."""


class Part(Protocol):
    """How to read one field that is more than a plain value."""

    def read(self, value: Any) -> Any: ...

    def check(self, value: Any, at: str) -> None: ...


class Model:
    __slots__ = ("__dict__", "_raw")

    _raw: dict[str, Any]
    # Filled in by the generated classes.
    _parts: ClassVar[Mapping[str, Part]] = {}
    _wire: ClassVar[Mapping[str, str]] = {}
    # Made here, once per class.
    _fields: ClassVar[tuple[str, ...]] = ()
    _nested: ClassVar[tuple[tuple[str, Part], ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = [name for name in cls.__annotations__ if name[0] != "_"]
        inherited = [name for base in cls.__bases__ for name in getattr(base, "_fields", ())]
        cls._fields = tuple(dict.fromkeys((*own, *inherited)))
        for part in cls._parts.values():
            if isinstance(part, One | Many) and part.of is Model:
                part.of = cls  # the generated classes write Model for themselves
        cls._nested = tuple((cls._wire.get(n, n), p) for n, p in cls._parts.items() if not isinstance(p, Instant))

    def __init__(self, raw: Mapping[str, Any] | None = None, /, **fields: Any) -> None:
        """From what the wire says, or for tests from fields by name."""
        named = {self._wire.get(name, name): _to_wire(value) for name, value in fields.items()}
        object.__setattr__(self, "_raw", {**(raw or {}), **named})

    if not TYPE_CHECKING:  # so that type checkers refuse misspelt fields

        def __getattr__(self, name: str) -> Any:
            # Called once per field: the value is then in __dict__, which comes first.
            if name[:1] == "_":
                raise AttributeError(name)
            raw = self._raw
            wire = self._wire.get(name, name)
            if wire in raw:
                value = raw[wire]
                if value is not None and name in self._parts:
                    value = self._parts[name].read(value)
            else:
                value = self._missing(name)
            self.__dict__[name] = value
            return value

        def __setattr__(self, name: str, value: Any) -> None:
            raise AttributeError(f"{type(self).__name__} is what the API said; it cannot be changed")

        __delattr__ = __setattr__

    def _missing(self, name: str) -> Any:
        if name in self._fields:
            return None
        raise AttributeError(f"{type(self).__name__} has no field {name!r}; it has {', '.join(self._raw)}")

    @classmethod
    def _check(cls, raw: Any, at: str) -> None:
        """Raises MisshapenError. Plain values are not looked at: a server may be newer than this client."""
        if type(raw) is not dict:
            raise MisshapenError(f"{at} is {_kind(raw)}, not an object")
        for wire, part in cls._nested:
            value = cast("dict[str, Any]", raw).get(wire)
            if value is not None:
                part.check(value, f"{at}.{wire}")

    # As a mapping

    def __getitem__(self, name: str) -> Any:
        if name not in self._raw and name not in self._fields:
            raise KeyError(name)
        attribute = next((n for n, wire in self._wire.items() if wire == name), name)
        return getattr(self, attribute)

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def keys(self) -> Iterable[str]:
        return self._raw.keys()

    def __contains__(self, name: object) -> bool:
        return name in self._raw

    # As a value

    def to_dict(self, *, mode: str = "json") -> dict[str, Any]:
        """What the wire said. With mode="python", dates are datetimes and names are those of the attributes."""
        if mode == "json":
            return cast("dict[str, Any]", _copy(self._raw))
        named = {wire: name for name, wire in self._wire.items()}
        return {named.get(wire, wire): _python(getattr(self, named.get(wire, wire))) for wire in self._raw}

    def model_dump(self, *, mode: str = "python") -> dict[str, Any]:
        return self.to_dict(mode=mode)

    def to_json(self, *, indent: int | None = 2) -> str:
        return json.dumps(self._raw, indent=indent, ensure_ascii=False)

    def model_dump_json(self, *, indent: int | None = None) -> str:
        return self.to_json(indent=indent)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and cast("Model", other)._raw == self._raw

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def __repr__(self) -> str:
        shown = dict.fromkeys((*self._fields, *self._raw))
        for wire in self._wire.values():
            shown.pop(wire, None)
        values = ", ".join(
            f"{name}={getattr(self, name)!r}" for name in shown if self._wire.get(name, name) in self._raw
        )
        return f"{type(self).__name__}({values})"

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._fields, *self._raw]

    def __copy__(self) -> Self:
        return wrap(type(self), self._raw)

    def __deepcopy__(self, memo: Any) -> Self:
        return wrap(type(self), cast("dict[str, Any]", _copy(self._raw)))

    def __reduce__(self) -> tuple[Any, ...]:
        return wrap, (type(self), self._raw)


def wrap(model: type[M], raw: dict[str, Any]) -> M:
    made = model.__new__(model)
    object.__setattr__(made, "_raw", raw)
    return made


class ListModel(Model, Generic[T_co]):
    """A page's `data`: an object with its list in one field, which can also be used as that list."""

    _items: ClassVar[str]

    @property
    def _list(self) -> list[T_co]:
        return getattr(self, self._items) or []

    def __iter__(self) -> Iterator[T_co]:
        return iter(self._list)

    def __len__(self) -> int:
        return len(self._list)

    @overload
    def __getitem__(self, name: int) -> T_co: ...
    @overload
    def __getitem__(self, name: slice) -> list[T_co]: ...
    @overload
    def __getitem__(self, name: str) -> Any: ...
    def __getitem__(self, name: int | slice | str) -> Any:
        return super().__getitem__(name) if isinstance(name, str) else self._list[name]

    def __bool__(self) -> bool:
        return True


class Instant:
    """RFC 3339, with any number of decimals. What does not parse stays as it came."""

    def read(self, value: Any) -> Any:
        try:
            return datetime.fromisoformat(value)
        except (TypeError, ValueError):
            return value

    def check(self, value: Any, at: str) -> None:
        return None


class One:
    __slots__ = ("of",)

    def __init__(self, of: type[Model]) -> None:
        self.of = of

    def read(self, value: Any) -> Any:
        return wrap(self.of, cast("dict[str, Any]", value)) if type(value) is dict else value

    def check(self, value: Any, at: str) -> None:
        self.of._check(value, at)  # pyright: ignore[reportPrivateUsage]


class Many:
    """A list of models, or with None of plain values."""

    __slots__ = ("of",)

    def __init__(self, of: type[Model] | None) -> None:
        self.of = of

    def read(self, value: Any) -> Any:
        model = self.of
        if model is None or type(value) is not list:
            return value
        return [wrap(model, cast("Any", item)) if type(item) is dict else item for item in cast("list[Any]", value)]

    def check(self, value: Any, at: str) -> None:
        if type(value) is not list:
            raise MisshapenError(f"{at} is {_kind(value)}, not a list")
        if self.of is None:
            return
        check = self.of._check  # pyright: ignore[reportPrivateUsage]
        for position, item in enumerate(cast("list[Any]", value)):
            check(item, f"{at}[{position}]")


INSTANT = Instant()


def _kind(value: object) -> str:
    if value is None:
        return "null"
    names = {"dict": "an object", "list": "a list", "str": "a string", "bool": "a boolean"}
    return names.get(type(value).__name__, "a number")


def _copy(value: Any) -> Any:
    if type(value) is dict:
        return {name: _copy(item) for name, item in cast("dict[str, Any]", value).items()}
    if type(value) is list:
        return [_copy(item) for item in cast("list[Any]", value)]
    return value


def _to_wire(value: Any) -> Any:
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: _to_wire(item) for name, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_to_wire(item) for item in cast("Sequence[Any]", value)]
    return value


def _python(value: Any) -> Any:
    if isinstance(value, Model):
        return value.to_dict(mode="python")
    if isinstance(value, list):
        return [_python(item) for item in cast("list[Any]", value)]
    return value
