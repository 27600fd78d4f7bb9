"""Arguments become a wire body here, or an error that names the argument. Nothing is sent before that.

An encoder takes a value and the name under which the caller knows it. Ids may be uuid.UUID, dates may be datetime,
models that came from the API may go back to it. Keys that the contract does not know pass as they are.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from sent_dm.core.not_given import NotGiven
from sent_dm.models import Model

Encoder = Callable[[Any, str], Any]


def text(value: Any, name: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise _wrong(name, "a string", value)


def boolean(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return value
    raise _wrong(name, "True or False", value)


def integer(value: Any, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _wrong(name, "a whole number", value)


def number(value: Any, name: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise _wrong(name, "a number", value)


def anything(value: Any, name: str) -> Any:
    return value.to_dict() if isinstance(value, Model) else value


def nullable(of: Encoder) -> Encoder:
    def encode(value: Any, name: str) -> Any:
        return None if value is None else of(value, name)

    return encode


def array(of: Encoder) -> Encoder:
    def encode(value: Any, name: str) -> list[Any]:
        if isinstance(value, list | tuple | set | frozenset):
            return [of(item, f"{name}[{at}]") for at, item in enumerate(cast("list[Any]", value))]
        raise _wrong(name, "a list", value)

    return encode


def either(listed: Encoder, single: Encoder) -> Encoder:
    """One value, or a list of them."""

    def encode(value: Any, name: str) -> Any:
        return single(value, name) if isinstance(value, str) else listed(value, name)

    return encode


def first_fitting(*encoders: Encoder) -> Encoder:
    """The first that takes the value. If none does, the complaint that is about the innermost part."""

    def encode(value: Any, name: str) -> Any:
        complaints: list[TypeError] = []
        for encoder in encoders:
            try:
                return encoder(value, name)
            except TypeError as complaint:
                complaints.append(complaint)
        raise max(complaints, key=_depth)

    return encode


def _depth(complaint: TypeError) -> int:
    return sum(map(str(complaint).count, ".["))


def texts_by_name(value: Any, name: str) -> dict[str, str]:
    """What fills a template. Numbers are written out, because the wire knows text only."""
    if not isinstance(value, Mapping):
        raise _wrong(name, "a dict of strings", value)
    return {text(key, f"{name} key"): _written(item, f"{name}[{key!r}]") for key, item in cast("Any", value.items())}


def by_name(of: Encoder) -> Encoder:
    """A dict with any keys."""

    def encode(value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise _wrong(name, "a dict", value)
        return {text(key, f"{name} key"): of(item, f"{name}[{key!r}]") for key, item in cast("Any", value.items())}

    return encode


def _written(value: Any, name: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float | Decimal) else text(value, name)


class Shape:
    """An object. `fields` maps the argument's name to its encoder, `wire` to its name on the wire where they differ.

    `forms` lists sets of names of which one must be complete.
    """

    __slots__ = ("_fields", "_forms", "_loose", "_wire")

    def __init__(
        self,
        fields: Mapping[str, Encoder],
        *,
        forms: Sequence[Sequence[str]] = ((),),
        wire: Mapping[str, str] | None = None,
        not_null: Sequence[str] = (),
    ) -> None:
        self._fields = {**fields, **{on_wire: fields[name] for name, on_wire in (wire or {}).items()}}
        self._forms = forms
        self._wire = wire or {}
        self._loose = frozenset(not_null)

    def __call__(self, value: Any, name: str) -> dict[str, Any]:
        if isinstance(value, Model):
            return value.to_dict()
        if not isinstance(value, Mapping):
            raise _wrong(name, "a dict", value)
        return self.encode(cast("Mapping[str, Any]", value), f"{name}.")

    def encode(self, given: Mapping[str, Any], at: str = "") -> dict[str, Any]:
        """Raises TypeError for a missing key or a value of another type."""
        fields, wire, loose = self._fields, self._wire, self._loose
        body: dict[str, Any] = {}
        for name, value in given.items():
            if isinstance(value, NotGiven) or (value is None and name in loose):
                continue
            encoder = fields.get(name)
            body[wire.get(name, name)] = value if encoder is None else encoder(value, at + name)
        for form in self._forms:
            if all(wire.get(name, name) in body for name in form):
                return body
        raise self._incomplete(body, at)

    def _incomplete(self, body: Mapping[str, Any], at: str) -> TypeError:
        lacking = [[f"`{at}{n}`" for n in form if self._wire.get(n, n) not in body] for form in self._forms]
        return TypeError(f"Missing {' or '.join(' and '.join(names) for names in lacking)}")


def _wrong(name: str, wanted: str, value: object) -> TypeError:
    # The value itself stays out of it: it may be a phone number.
    return TypeError(f"`{name}` must be {wanted}, not {'None' if value is None else type(value).__name__}")
