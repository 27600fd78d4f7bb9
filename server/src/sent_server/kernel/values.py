"""One decorator for values: frozen for the type checker, a plain class with slots at run time.

A frozen dataclass sets each field through `object.__setattr__`, which makes it about six times as expensive to create
as a plain one, and a request creates dozens of them (decision 0038). pyright reports an assignment to a
field; at run time nothing refuses it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")


@overload
def value_object(cls: type[T], /) -> type[T]: ...
@overload
def value_object(*, eq: bool = True) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(eq_default=True, frozen_default=True, field_specifiers=(field,))
def value_object(cls: type[Any] | None = None, /, *, eq: bool = True) -> Any:
    """A dataclass with slots whose fields are never assigned again.

    Values compare and hash by their fields; with `eq=False` by identity.
    """

    def decorate(cls: type[Any]) -> type[Any]:
        return dataclass(slots=True, eq=eq, unsafe_hash=eq)(cls)

    return decorate if cls is None else decorate(cls)
