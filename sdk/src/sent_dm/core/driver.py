"""What calls need of a client: its settings, and somebody who performs their steps. The clients are the two drivers."""

from typing import Protocol, TypeVar

from sent_dm.core.call import Steps
from sent_dm.core.settings import Settings

T = TypeVar("T")


class Driver(Protocol):
    settings: Settings

    def drive(self, steps: Steps[T]) -> T: ...


class AsyncDriver(Protocol):
    settings: Settings

    async def drive(self, steps: Steps[T]) -> T: ...

    async def sleep(self, seconds: float) -> None: ...
