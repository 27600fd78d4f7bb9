"""Answers with their head: what `with_raw_response` and `with_streaming_response` give."""

import codecs
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import timedelta
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar, cast

import httpx

from sent_dm.core import decode
from sent_dm.core.reply import Reply

T = TypeVar("T")


class _Head:
    def __init__(self, reply: Reply, cast_to: Any) -> None:
        self._reply = reply
        self._cast_to = cast_to

    @property
    def http_response(self) -> httpx.Response:
        return self._reply.response

    @property
    def headers(self) -> httpx.Headers:
        return self.http_response.headers

    @property
    def status_code(self) -> int:
        return self._reply.status

    @property
    def request_id(self) -> str | None:
        return self._reply.request_id

    @property
    def method(self) -> str:
        return self._reply.request.method

    @property
    def url(self) -> httpx.URL:
        return httpx.URL(self._reply.request.url)

    @property
    def is_success(self) -> bool:
        return 200 <= self._reply.status < 300

    @property
    def retries_taken(self) -> int:
        return self._reply.retries

    @property
    def elapsed(self) -> timedelta:
        """How long the last attempt took, until its head or all of its body was here."""
        return timedelta(seconds=self._reply.elapsed_s)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{self.status_code}] {self.method} {self._reply.request.route}>"


class RawResponse(_Head, Generic[T]):
    """A whole answer. `body` (or `parse()`) is what the method would have given without `with_raw_response`."""

    def __init__(self, reply: Reply, cast_to: Any) -> None:
        super().__init__(reply, cast_to)
        self._parsed: Any = None
        self._is_parsed = False

    def parse(self) -> T:
        """Raises APIResponseValidationError when the answer is not of the form that this call answers with."""
        if not self._is_parsed:
            self._parsed = decode.body_of(self._reply, self._cast_to)
            self._is_parsed = True
        return cast("T", self._parsed)

    @property
    def body(self) -> T:
        return self.parse()

    @property
    def content(self) -> bytes:
        return self._reply.content

    @property
    def text(self) -> str:
        return self._reply.content.decode(errors="replace")

    def read(self) -> bytes:
        return self._reply.content

    def json(self) -> Any:
        return json.loads(self._reply.content)


class OpenBody(Protocol):
    def chunks(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class AsyncOpenBody(Protocol):
    def chunks(self) -> AsyncIterator[bytes]: ...

    async def aclose(self) -> None: ...


class StreamedResponse(_Head, Generic[T]):
    """An answer whose body is still on its way; read it while the `with` block is open.

    All ways of reading raise APIConnectionError when the body breaks off.
    """

    def __init__(self, reply: Reply, cast_to: Any) -> None:
        super().__init__(reply, cast_to)
        self._open = cast("OpenBody", reply.open)
        self._whole: bytes | None = None

    def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]:
        chunker = Chunker(chunk_size)
        for part in self._open.chunks():
            yield from chunker.split(part)
        yield from chunker.rest()

    def iter_text(self, chunk_size: int | None = None) -> Iterator[str]:
        decoder = _decoder()
        for part in self.iter_bytes(chunk_size):
            yield decoder.decode(part)
        if rest := decoder.decode(b"", final=True):
            yield rest

    def iter_lines(self) -> Iterator[str]:
        lines = LineSplitter()
        for part in self.iter_text():
            yield from lines.split(part)
        yield from lines.rest()

    def read(self) -> bytes:
        if self._whole is None:
            self._whole = b"".join(self._open.chunks())
        return self._whole

    def text(self) -> str:
        return self.read().decode(errors="replace")

    def json(self) -> Any:
        return json.loads(self.read())

    def parse(self) -> T:
        self._reply.content = self.read()
        return cast("T", decode.body_of(self._reply, self._cast_to))

    def close(self) -> None:
        self._open.close()


class AsyncStreamedResponse(_Head, Generic[T]):
    """StreamedResponse for `async with`."""

    def __init__(self, reply: Reply, cast_to: Any) -> None:
        super().__init__(reply, cast_to)
        self._open = cast("AsyncOpenBody", reply.open)
        self._whole: bytes | None = None

    async def iter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        chunker = Chunker(chunk_size)
        async for part in self._open.chunks():
            for piece in chunker.split(part):
                yield piece
        for piece in chunker.rest():
            yield piece

    async def iter_text(self, chunk_size: int | None = None) -> AsyncIterator[str]:
        decoder = _decoder()
        async for part in self.iter_bytes(chunk_size):
            yield decoder.decode(part)
        if rest := decoder.decode(b"", final=True):
            yield rest

    async def iter_lines(self) -> AsyncIterator[str]:
        lines = LineSplitter()
        async for part in self.iter_text():
            for line in lines.split(part):
                yield line
        for line in lines.rest():
            yield line

    async def read(self) -> bytes:
        if self._whole is None:
            self._whole = b"".join([part async for part in self._open.chunks()])
        return self._whole

    async def text(self) -> str:
        return (await self.read()).decode(errors="replace")

    async def json(self) -> Any:
        return json.loads(await self.read())

    async def parse(self) -> T:
        self._reply.content = await self.read()
        return cast("T", decode.body_of(self._reply, self._cast_to))

    async def close(self) -> None:
        await self._open.aclose()


class Chunker:
    """Pieces of exactly `size` bytes but for the last; without a size, as they came."""

    def __init__(self, size: int | None) -> None:
        if size is not None and size < 1:
            raise ValueError("`chunk_size` must be at least 1")
        self._size = size
        self._kept = bytearray()

    def split(self, part: bytes) -> Iterator[bytes]:
        if self._size is None:
            yield part
            return
        self._kept += part
        while len(self._kept) >= self._size:
            yield bytes(self._kept[: self._size])
            del self._kept[: self._size]

    def rest(self) -> Iterator[bytes]:
        if self._kept:
            yield bytes(self._kept)
            self._kept.clear()


class LineSplitter:
    def __init__(self) -> None:
        self._kept = ""

    def split(self, part: str) -> Iterator[str]:
        *whole, self._kept = (self._kept + part).split("\n")
        for line in whole:
            yield line.removesuffix("\r")

    def rest(self) -> Iterator[str]:
        if self._kept:
            yield self._kept
            self._kept = ""


def _decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")("replace")


class Streaming(Generic[T]):
    """The call is made when the block is entered."""

    def __init__(self, make: Callable[[], StreamedResponse[T]]) -> None:
        self._make = make
        self._response: StreamedResponse[T] | None = None

    def __enter__(self) -> StreamedResponse[T]:
        self._response = self._make()
        return self._response

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._response is not None:
            self._response.close()


class AsyncStreaming(Generic[T]):
    """The call is made when the block is entered."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, AsyncStreamedResponse[T]]]) -> None:
        self._make = make
        self._response: AsyncStreamedResponse[T] | None = None

    async def __aenter__(self) -> AsyncStreamedResponse[T]:
        self._response = await self._make()
        return self._response

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._response is not None:
            await self._response.close()
