"""The open attempts of a process, each a task with a deadline of its own."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class OpenAttempts(Generic[T]):
    """`timeout_ms` is the same for all, so that one timer serves them; None: attempts end by themselves.

    An attempt that takes too long is cancelled with `overdue` as the message, or with the one given to `stop`; it may
    not have begun by then. `ended` is called with what each was about. Iterating yields that of the open ones, oldest
    first.
    """

    def __init__(
        self, *, timeout_ms: int | None = None, overdue: str = "", ended: Callable[[T], None] = lambda _: None
    ) -> None:
        self._timeout_s = None if timeout_ms is None else timeout_ms / 1000
        self._overdue = overdue
        self._ended = ended
        self._about: dict[asyncio.Task[None], T] = {}
        # In the order of their deadlines, which is that of their starts.
        self._deadlines_s: dict[asyncio.Task[None], float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._about)

    def __iter__(self) -> Iterator[T]:
        return iter(self._about.values())

    def start(self, about: T, attempt: Coroutine[Any, Any, None]) -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(attempt)
        self._about[task] = about
        if self._timeout_s is not None:
            self._deadlines_s[task] = deadline_s = loop.time() + self._timeout_s
            if self._timer is None:
                self._timer = loop.call_at(deadline_s, self._cancel_overdue)
        task.add_done_callback(self._forget)

    async def stop(self, *, within_s: float, reason: str = "") -> None:
        """Let those end that end soon, and cancel the rest."""
        if self._about:
            _, late = await asyncio.wait(self._about, timeout=within_s)
            for task in late:
                task.cancel(reason)
            if late:
                await asyncio.wait(late, timeout=within_s)
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._deadlines_s.pop(task, None)
        self._ended(self._about.pop(task))

    def _cancel_overdue(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        now_s = loop.time()
        overdue: list[asyncio.Task[None]] = []
        for task, deadline_s in self._deadlines_s.items():
            if deadline_s > now_s:
                self._timer = loop.call_at(deadline_s, self._cancel_overdue)
                break
            overdue.append(task)
        for task in overdue:
            del self._deadlines_s[task]
            task.cancel(self._overdue)
