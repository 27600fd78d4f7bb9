"""Routes as data: what the shared layer needs to know, and the handler with the business of it.

A slice's `api.py` lists these; `http/endpoint.py` runs them; tests generate their tables from them.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from enum import Enum
from typing import Any

from sent_server.db import Batch, Tx
from sent_server.http.caller import Caller, Role
from sent_server.http.envelope import Answer, Reply
from sent_server.http.fields import RequestBody
from sent_server.http.idempotency import Claim
from sent_server.http.limits import LimitClass
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
    """What a handler knows of its request. `now_ms` is the platform's clock, read once."""

    caller: Caller
    request_id: str
    now_ms: int
    path: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    sandbox: bool = False


# (tx, call) -> Reply: reads only
QueryHandler = Callable[[Tx, Call], Awaitable[Reply]]
# (call) -> Reply: asks the outside world, and changes nothing
InquiryHandler = Callable[[Call], Awaitable[Reply]]
# (tx, call, body) -> Reply: runs inside the transaction that also holds the idempotency key
CommandHandler = Callable[[Tx, Call, Any], Awaitable[Reply]]
# (call, body) -> Reply: opens its own transactions because it calls the outside world between them
ActionHandler = Callable[[Call, Any], Awaitable[Reply]]
# (call, body): talks to the outside world before the transaction of the command; may refuse
Beforehand = Callable[[Call, Any], Awaitable[None]]
# (tx, call): raises AUTH_004 for a caller whose role would do, and who may not do this all the same
Rights = Callable[[Tx, Call], Awaitable[None]]
# (call, body, claim) -> the command for `batch`, and how many rows it stands for
CommandFactory = Callable[[Call, Any, Claim | None], tuple[Any, int]]


@value_object
class Route:
    """One operation. Exactly one of `query`, `inquiry`, `command` and `action` is its handler.

    `beforehand` runs before `command`, but not for a sandbox request nor for a replayed one.
    `rights` is asked before a stored answer is given out; the handler asks the same by itself.
    `batch` is the same use case as `command` written over lists, for the hot path.
    `denied` is what AUTH_004 says to other roles, where the contract has words of its own for that.
    `bad_id` is the code and message for a malformed path id. `sealed` stored answers hold a secret.
    `takes_rest`: the last parameter is all that follows, slashes too, and the handler judges it instead of the router.
    `heavy` reads happen off the event loop; so do those with a query parameter of `scans_with`, which scan a table.
    """

    method: str
    path: str
    access: Access = Access.READ
    denied: str | None = None
    limit: LimitClass = LimitClass.STANDARD
    body: type[RequestBody] | None = None
    query: QueryHandler | None = None
    inquiry: InquiryHandler | None = None
    command: CommandHandler | None = None
    action: ActionHandler | None = None
    beforehand: Beforehand | None = None
    rights: Rights | None = None
    batch: Batch[Any, Answer] | None = None
    to_command: CommandFactory | None = None
    bad_id: tuple[str, str] = ("VALIDATION_001", "Invalid ID format.")
    plain_params: frozenset[str] = frozenset()
    takes_rest: bool = False
    heavy: bool = False
    scans_with: tuple[str, ...] = ()
    sealed: bool = False

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def get(path: str, query: QueryHandler, **options: Any) -> Route:
    return Route("GET", path, query=query, **options)


def ask(path: str, inquiry: InquiryHandler, **options: Any) -> Route:
    return Route("GET", path, inquiry=inquiry, **options)


def mutate(method: str, path: str, command: CommandHandler, *, body: type[RequestBody], **options: Any) -> Route:
    options.setdefault("access", Access.DEVELOP)
    return Route(method, path, command=command, body=body, **options)


def act(method: str, path: str, action: ActionHandler, *, body: type[RequestBody], **options: Any) -> Route:
    options.setdefault("access", Access.DEVELOP)
    return Route(method, path, action=action, body=body, **options)
