"""Things that a process makes once and may not share with the processes forked from it, such as open connections."""

import os
import threading
from collections.abc import Callable, Hashable
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class OncePerProcess(Generic[P, T]):
    """A function that makes something only when this process has none for these arguments yet."""

    def __init__(self, make: Callable[P, T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: dict[Hashable, T] = {}
        self._inherited: list[T] = []
        os.register_at_fork(after_in_child=self._begin_anew)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        wanted = (args, tuple(sorted(kwargs.items())))
        made = self._made.get(wanted)
        if made is None:
            with self._lock:
                made = self._made.get(wanted)
                if made is None:
                    made = self._made[wanted] = self._make(*args, **kwargs)
        return made

    def forget(self) -> list[T]:
        """Returns the current object; the next access creates a new one."""
        with self._lock:
            made, self._made = list(self._made.values()), {}
        return made

    def _begin_anew(self) -> None:
        # Another thread of the parent may have held the lock. What the parent made is kept from being finalized:
        # that would speak on its connections.
        self._lock = threading.Lock()
        self._inherited += self._made.values()
        self._made = {}
