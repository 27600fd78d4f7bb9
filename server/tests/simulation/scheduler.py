"""An asyncio event loop without time or input: nothing waits, the clock jumps to whatever is due next.

What is ready runs in an order that the seed decides. Every callback belongs to a process (by its context), and a
process can be killed or frozen between any two callbacks, which is between any two awaits.
"""

import asyncio
import contextlib
import contextvars
import heapq
import random
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

EXECUTION: contextvars.ContextVar["Process | None"] = contextvars.ContextVar("EXECUTION", default=None)


# The context of what belongs to no process.
OUTSIDE = contextvars.Context()


class StuckError(Exception):
    """Nothing is ready and nothing will be."""


@dataclass(eq=False)
class Process:
    """One incarnation of an operating-system process. Killed, it never runs again; frozen, it runs later."""

    name: str
    alive: bool = True
    frozen: bool = False
    database: Any = None
    held: list[asyncio.Handle] = field(default_factory=list[asyncio.Handle])

    def context(self) -> contextvars.Context:
        """Whatever is started in it belongs to this process."""
        context = contextvars.copy_context()
        context.run(EXECUTION.set, self)
        return context


class VirtualLoop(asyncio.BaseEventLoop):
    """`time()` is virtual seconds. `on_quiet`, if set, may say that nothing happens before a later time.

    Callbacks that are ready at the same moment run in seeded order, as completions of input and output would.
    """

    # The queues of asyncio's own loop, which are not part of its interface.
    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._now_s = 0.0
        self._order = random.Random(f"order {seed}")
        self.steps = 0
        self.errors: list[dict[str, Any]] = []
        self.on_quiet: Callable[[float], float] | None = None
        # Called before anything runs in a process; may kill or freeze it.
        self.before: Callable[[Process], None] | None = None
        self._kept: list[tuple[asyncio.Task[Any], Process | None]] = []
        self.set_exception_handler(lambda _, told: self.errors.append(told))
        self.set_task_factory(self._make_task)

    def time(self) -> float:
        return self._now_s

    @property
    def now_ms(self) -> int:
        return round(self._now_s * 1000)

    def spawn(self, process: Process | None, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start something in a process, or with None in the world outside of all."""
        owner = process.context() if process else OUTSIDE.copy()
        return self.create_task(coroutine, context=owner)

    def thaw(self, process: Process) -> None:
        process.frozen = False
        for handle in process.held:
            self._ready.append(handle)
        process.held.clear()

    def failures(self) -> list[BaseException]:
        """What tasks died of without anybody asking. Who would have asked may have been killed before it could."""
        asked = [task for task, owner in self._kept if owner is None or owner.alive]
        found = [task.exception() for task in asked if task.done() and task._log_traceback]
        return [error for error in found if error is not None]

    def discard_rest(self) -> None:
        """Close what still waits, without a word: the dead do not finish their work."""
        for task, _ in self._kept:
            if not task.done():
                task._log_destroy_pending = False  # pyright: ignore[reportAttributeAccessIssue] - asyncio's own
                with contextlib.suppress(Exception):
                    task.get_coro().close()
        self._kept.clear()
        self._ready.clear()
        self._scheduled.clear()

    def _make_task(self, loop: Any, coroutine: Any, **more: Any) -> asyncio.Task[Any]:
        # Kept to the end: garbage collection of a dead process's tasks would run their `finally` at a random moment.
        task = asyncio.Task(coroutine, loop=loop, **more)
        if len(self._kept) > 5_000:
            self._kept = [kept for kept in self._kept if not kept[0].done()]
        context: contextvars.Context | None = more.get("context")
        self._kept.append((task, context.get(EXECUTION) if context else EXECUTION.get()))
        return task

    def _run_once(self) -> None:
        self._move_due()
        if not self._ready:
            self._advance()
            self._move_due()
        at = self._order.randrange(len(self._ready))
        handle = self._ready[at]
        del self._ready[at]
        if handle._cancelled:
            return
        process = handle._context.get(EXECUTION)
        if process is not None:
            if process.alive and not process.frozen and self.before is not None:
                self.before(process)
            if not process.alive:
                return
            if process.frozen:
                process.held.append(handle)
                return
        self.steps += 1
        handle._run()

    def _move_due(self) -> None:
        while self._scheduled and (self._scheduled[0]._cancelled or self._scheduled[0]._when <= self._now_s):
            handle = heapq.heappop(self._scheduled)
            handle._scheduled = False
            if not handle._cancelled:
                self._ready.append(handle)

    def _advance(self) -> None:
        if not self._scheduled:
            raise StuckError("nothing is ready, and no timer runs")
        due_s = self._scheduled[0]._when
        if self.on_quiet is not None:
            due_s = max(due_s, self.on_quiet(due_s))
        self._now_s = due_s

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """There are no threads here: it runs at once."""
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done

    def call_soon_threadsafe(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a thread in a simulation")

    def _process_events(self, event_list: Any) -> None: ...

    def _write_to_self(self) -> None: ...


def here() -> Process | None:
    """The process that is running now."""
    return EXECUTION.get()
