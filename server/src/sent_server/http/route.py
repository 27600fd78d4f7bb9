"""Routes as data: facts for the shared layer, and the handler.

    Handler ── Query                      reads
            ├─ ExternalQuery              calls an external service, and changes nothing
            └─ AnyCommand ── Command           changes rows
                          ├─ BatchCommand      changes rows for many requests in one call
                          └─ ExternalCommand   calls an external service between its transactions

A slice's `api.py` lists these; `http/execute.py` runs them; tests generate their tables from them.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from enum import Enum
from typing import Any, Protocol, TypedDict, Unpack, assert_never

from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.http.caller import Caller, Role
from sent_server.http.dialect import V3, Dialect
from sent_server.http.fields import RequestBody
from sent_server.http.limits import LimitClass
from sent_server.http.reply import Reply
from sent_server.kernel.values import value_object

NO_ACCESS = "You do not have access to this organization or profile"
NO_ADMIN_ACCESS = "You do not have admin access to this organization or profile"


class Access(Enum):
    """Which roles may call a route. docs/reference/roles.md is generated from it."""

    READ = frozenset({Role.ADMIN, Role.DEVELOPER, Role.BILLING})
    DEVELOP = frozenset({Role.ADMIN, Role.DEVELOPER})
    ADMIN = frozenset({Role.ADMIN})


@value_object
class Call:
    """The request as a handler sees it. `now_ms` is the platform's clock, read once."""

    caller: Caller
    request_id: str
    now_ms: int
    path: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    sandbox: bool = False


class Weighted(Protocol):
    """`weight` is the number of rows of a command. A group of commands shares a commit up to a total weight."""

    @property
    def weight(self) -> int: ...


@value_object
class Query:
    """Reads in one transaction.

    If `heavy`, or with a query parameter of `heavy_when`, it scans a table, so it runs off the event loop.
    """

    run: Callable[[Tx, Call], Awaitable[Reply]]
    heavy_when: tuple[str, ...] = ()
    heavy: bool = False


@value_object
class ExternalQuery:
    """Calls an external service, and changes nothing."""

    run: Callable[[Call], Awaitable[Reply]]


@value_object
class Command:
    """Changes rows in the transaction that also holds the idempotency key.

    `prepare` calls an external service before that transaction, and may refuse. Sandbox requests and replays skip it.
    """

    body: type[RequestBody]
    run: Callable[[Tx, Call, Any], Awaitable[Reply]]
    prepare: Callable[[Call, Any], Awaitable[None]] | None = None


@value_object(eq=False)
class BatchCommand:
    """A command for the hot path: requests for the same commit run as one call of `run_many`.

    `to_command` converts one request into a command. `run_many` returns one reply or error per command, in order. A
    refused command must have no effect. Compared by identity, because it is the key of that grouping.
    """

    body: type[RequestBody]
    to_command: Callable[[Call, Any], Weighted]
    run_many: Callable[[Tx, Sequence[Any]], Awaitable[Sequence[Reply | ApiError]]]


@value_object
class ExternalCommand:
    """Calls an external service, and opens its own transactions around that call."""

    body: type[RequestBody]
    run: Callable[[Call, Any], Awaitable[Reply]]


AnyCommand = Command | BatchCommand | ExternalCommand
Handler = Query | ExternalQuery | AnyCommand
# (tx, call): raises AUTH_004 if the role suffices but the caller may still not do this
Rights = Callable[[Tx, Call], Awaitable[None]]


@value_object
class Route:
    """One operation.

    `denied` is the message of AUTH_004 for other roles, if the contract has a special one.
    `rights` is checked before a stored response is replayed. The handler checks the same.
    `bad_id` is the code and message for a malformed path id; parameters in `plain_params` are not ids.
    `catch_all`: the last parameter is the rest of the path with slashes, and the handler validates it.
    `sealed`: stored responses contain a secret and are encrypted.
    `scopes`: the header x-profile-id selects a profile; otherwise it is ignored.
    `dialect` is the same for all routes of a path.
    """

    method: str
    path: str
    handler: Handler
    access: Access = Access.READ
    denied: str | None = None
    limit: LimitClass = LimitClass.STANDARD
    rights: Rights | None = None
    bad_id: tuple[str, str] = ("VALIDATION_001", "Invalid ID format.")
    plain_params: frozenset[str] = frozenset()
    catch_all: bool = False
    sealed: bool = False
    scopes: bool = True
    dialect: Dialect = V3

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def body(self) -> type[RequestBody] | None:
        """The model of the request's body, or None."""
        match self.handler:
            case Query() | ExternalQuery():
                return None
            case Command() | BatchCommand() | ExternalCommand():
                return self.handler.body
            case _:
                assert_never(self.handler)


class Options(TypedDict, total=False):
    """The optional fields of a Route."""

    access: Access
    denied: str | None
    limit: LimitClass
    rights: Rights
    bad_id: tuple[str, str]
    plain_params: frozenset[str]
    catch_all: bool
    sealed: bool
    scopes: bool
    dialect: Dialect


def get(
    path: str,
    run: Callable[[Tx, Call], Awaitable[Reply]],
    *,
    heavy_when: tuple[str, ...] = (),
    heavy: bool = False,
    **options: Unpack[Options],
) -> Route:
    return Route("GET", path, Query(run, heavy_when, heavy), **options)


def mutate(
    method: str,
    path: str,
    run: Callable[[Tx, Call, Any], Awaitable[Reply]],
    *,
    body: type[RequestBody],
    prepare: Callable[[Call, Any], Awaitable[None]] | None = None,
    **options: Unpack[Options],
) -> Route:
    return _writing(method, path, Command(body, run, prepare), options)


def mutate_many(method: str, path: str, handler: BatchCommand, **options: Unpack[Options]) -> Route:
    return _writing(method, path, handler, options)


def external_query(path: str, run: Callable[[Call], Awaitable[Reply]], **options: Unpack[Options]) -> Route:
    return Route("GET", path, ExternalQuery(run), **options)


def external_command(
    method: str,
    path: str,
    run: Callable[[Call, Any], Awaitable[Reply]],
    *,
    body: type[RequestBody],
    **options: Unpack[Options],
) -> Route:
    return _writing(method, path, ExternalCommand(body, run), options)


def _writing(method: str, path: str, handler: AnyCommand, options: Options) -> Route:
    options.setdefault("access", Access.DEVELOP)
    return Route(method, path, handler, **options)
