"""What generated resources stand on: the ways in which their calls can be made, and how they hang on a client."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, ParamSpec, Protocol, Self, TypeVar, cast, overload

from sent_dm.core import decode, prepare
from sent_dm.core.call import call
from sent_dm.core.driver import AsyncDriver, Driver
from sent_dm.core.prepare import Operation
from sent_dm.core.reply import Reply
from sent_dm.core.request import NO_OPTIONS, Options
from sent_dm.paging import AsyncPaginator, next_query
from sent_dm.raw import AsyncStreamedResponse, AsyncStreaming, RawResponse, StreamedResponse, Streaming

P = ParamSpec("P")
R = TypeVar("R")
Arguments = Mapping[str, Any]


class Calls(Protocol):
    """One way of making calls: parsed, raw or streaming; sync or async."""

    def run(
        self,
        operation: Operation,
        path: tuple[object, ...] = (),
        *,
        query: Arguments | None = None,
        body: Arguments | None = None,
        options: Options = NO_OPTIONS,
    ) -> Any: ...

    def page(self, operation: Operation, path: tuple[object, ...], query: Arguments, options: Options) -> Any: ...


class SyncCalls:
    """Calls that give the parsed answer; the subclasses give it with its head, or unread."""

    _stream = False

    def __init__(self, client: Driver) -> None:
        self._client = client

    def _finish(self, cast_to: Any) -> Callable[[Reply], Any]:
        return lambda reply: decode.body_of(reply, cast_to)

    def run(
        self,
        operation: Operation,
        path: tuple[object, ...] = (),
        *,
        query: Arguments | None = None,
        body: Arguments | None = None,
        options: Options = NO_OPTIONS,
    ) -> Any:
        client = self._client
        request = prepare.request(client.settings, operation, path, query, body, options, stream=self._stream)
        return client.drive(
            call(request, self._finish(operation.answer), max_retries=prepare.max_retries(client.settings, options))
        )

    def page(self, operation: Operation, path: tuple[object, ...], query: Arguments, options: Options) -> Any:
        def fetch(following: Mapping[str, int | str]) -> Any:
            return self.page(operation, path, next_query(query, following), options)

        return self.run(operation, path, query=query, options=options).bind(fetch)


class RawSyncCalls(SyncCalls):
    def _finish(self, cast_to: Any) -> Callable[[Reply], Any]:
        return lambda reply: RawResponse[Any](reply, cast_to)

    def page(self, operation: Operation, path: tuple[object, ...], query: Arguments, options: Options) -> Any:
        return self.run(operation, path, query=query, options=options)


class StreamingSyncCalls(RawSyncCalls):
    _stream = True

    def _finish(self, cast_to: Any) -> Callable[[Reply], Any]:
        return lambda reply: StreamedResponse[Any](reply, cast_to)


class AsyncCalls:
    _stream = False

    def __init__(self, client: AsyncDriver) -> None:
        self._client = client

    def _finish(self, cast_to: Any) -> Callable[[Reply], Any]:
        return lambda reply: decode.body_of(reply, cast_to)

    async def run(
        self,
        operation: Operation,
        path: tuple[object, ...] = (),
        *,
        query: Arguments | None = None,
        body: Arguments | None = None,
        options: Options = NO_OPTIONS,
    ) -> Any:
        client = self._client
        request = prepare.request(client.settings, operation, path, query, body, options, stream=self._stream)
        steps = call(request, self._finish(operation.answer), max_retries=prepare.max_retries(client.settings, options))
        return await client.drive(steps)

    def page(self, operation: Operation, path: tuple[object, ...], query: Arguments, options: Options) -> Any:
        async def fetch(following: Mapping[str, int | str] | None = None) -> Any:
            wanted = query if following is None else next_query(query, following)
            return (await self.run(operation, path, query=wanted, options=options)).bind(fetch)

        return AsyncPaginator[Any, Any](fetch)


class RawAsyncCalls(AsyncCalls):
    def _finish(self, cast_to: Any) -> Callable[[Reply], Any]:
        return lambda reply: RawResponse[Any](reply, cast_to)

    def page(self, operation: Operation, path: tuple[object, ...], query: Arguments, options: Options) -> Any:
        return self.run(operation, path, query=query, options=options)


class StreamingAsyncCalls(RawAsyncCalls):
    _stream = True

    def _finish(self, cast_to: Any) -> Callable[[Reply], Any]:
        return lambda reply: AsyncStreamedResponse[Any](reply, cast_to)


class SyncResource:
    def __init__(self, client: Driver, calls: Calls | None = None) -> None:
        self._client = client
        self._calls: Calls = SyncCalls(client) if calls is None else calls

    def in_raw_mode(self) -> Self:
        return type(self)(self._client, RawSyncCalls(self._client))

    def in_streaming_mode(self) -> Self:
        return type(self)(self._client, StreamingSyncCalls(self._client))


class AsyncResource:
    def __init__(self, client: AsyncDriver, calls: Calls | None = None) -> None:
        self._client = client
        self._calls: Calls = AsyncCalls(client) if calls is None else calls

    def in_raw_mode(self) -> Self:
        return type(self)(self._client, RawAsyncCalls(self._client))

    def in_streaming_mode(self) -> Self:
        return type(self)(self._client, StreamingAsyncCalls(self._client))


class lazy_resource(Generic[R]):  # noqa: N801
    """`messages = lazy_resource(Messages)` makes the resource at its first use and keeps it.

    On the class itself it is the class of the resource, so that `patch("sent_dm.SentDm.messages.send")` works.
    """

    def __init__(self, kind: Callable[[Any], R]) -> None:
        self._kind = kind

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[[Any], R]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> R: ...
    def __get__(self, instance: object | None, owner: type) -> Any:
        if instance is None:
            return self._kind
        client = getattr(instance, "_client", instance)
        made = instance.__dict__[self._name] = self._kind(client)
        return made


# Raw and streaming twins of a method have its arguments and another result. What makes the difference at run time is
# the Calls of the resource that the method is bound to; these inform the type checker.


def as_raw(method: Callable[P, R]) -> Callable[P, RawResponse[R]]:
    return cast("Any", method)


def as_async_raw(method: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[RawResponse[R]]]:
    return cast("Any", method)


def as_streaming(method: Callable[P, R]) -> Callable[P, Streaming[R]]:
    return lambda *args, **kwargs: Streaming(lambda: cast("Any", method(*args, **kwargs)))


def as_async_streaming(method: Callable[P, Awaitable[R]]) -> Callable[P, AsyncStreaming[R]]:
    return lambda *args, **kwargs: AsyncStreaming(lambda: cast("Any", method(*args, **kwargs)))
