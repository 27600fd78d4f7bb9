"""The envelope of every answer: success, data, error, meta. What it does not have itself, it looks up in `data`."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from sent_dm.models import INSTANT, ListModel, MisshapenError, Model, One, Part

D = TypeVar("D")
T = TypeVar("T")
OWN = frozenset({"success", "data", "error", "meta"})


class ApiMeta(Model):
    request_id: str
    timestamp: datetime
    version: str
    response_time_ms: int | None

    _parts = {"timestamp": INSTANT}


class ErrorDetail(Model):
    code: str
    message: str
    details: dict[str, list[str]] | None
    doc_url: str | None


ENVELOPE: dict[str, Part] = {"error": One(ErrorDetail), "meta": One(ApiMeta)}


def around(data: Part) -> dict[str, Part]:
    """The parts of an answer whose `data` is this."""
    return {**ENVELOPE, "data": data}


class Answer(Model, Generic[D]):
    success: bool
    data: D
    error: ErrorDetail | None
    meta: ApiMeta

    _parts = ENVELOPE

    @property
    def request_id(self) -> str | None:
        meta = self.meta
        return meta.request_id if isinstance(meta, ApiMeta) else None  # pyright: ignore[reportUnnecessaryIsInstance]

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in OWN or name[:1] == "_" or name in self._raw:
                return Model.__getattr__(self, name)
            data = self.data
            if isinstance(data, Model):
                return getattr(data, name)
            return Model.__getattr__(self, name)

    @classmethod
    def _check(cls, raw: Any, at: str) -> None:
        super()._check(raw, at)
        if raw.get("success") is False:
            return
        data = raw.get("data")
        if data is None:
            raise MisshapenError(f"{at}.data is missing")
        if isinstance(data, dict) and not _knows(cls, cast("dict[str, Any]", data)):
            raise MisshapenError(f"{at}.data has nothing of what was asked for")


def _knows(cls: type[Answer[Any]], data: dict[str, Any]) -> bool:
    part = cls._parts.get("data")  # pyright: ignore[reportPrivateUsage]
    if not isinstance(part, One):
        return True
    model = part.of
    wire = model._wire  # pyright: ignore[reportPrivateUsage]
    fields = model._fields  # pyright: ignore[reportPrivateUsage]
    return not fields or any(wire.get(name, name) in data for name in fields)


class ListAnswer(Answer[D], Generic[D, T]):
    """An answer with all there is in one list: iterating it iterates that list."""

    def __iter__(self) -> Iterator[T]:
        data: Any = self.data
        return iter(data if isinstance(data, list | ListModel) else ())  # pyright: ignore[reportUnknownArgumentType]

    def __len__(self) -> int:
        data: Any = self.data
        return len(data) if isinstance(data, list | ListModel) else 0  # pyright: ignore[reportUnknownArgumentType]

    def __bool__(self) -> bool:
        return True
