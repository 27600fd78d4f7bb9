"""Routes for invited people, who have no key: they answer with the token, by API or on the page behind the link."""

from collections.abc import Mapping

from starlette.types import ASGIApp

from sent_server.db import Database, Tx
from sent_server.http.anonymous_limits import AnonymousRateLimiter
from sent_server.http.endpoint import Shared
from sent_server.http.public import PublicEndpoint, PublicRoute
from sent_server.http.reply import Reply
from sent_server.users import invitations, tokens, wire
from sent_server.users.invitations import UnknownInvitationError
from sent_server.users.page import InvitationPage
from sent_server.users.wire import Acceptance, Rejection


def mounts(shared: Shared, database: Database) -> Mapping[str, ASGIApp]:
    """Path to application. One rate limiter counts requests of the page and of the API together."""
    limiter = AnonymousRateLimiter()
    routes = [
        PublicRoute("/v3/users/invitations/accept", Acceptance, accept, limited_by, UnknownInvitationError),
        PublicRoute("/v3/users/invitations/reject", Rejection, reject, limited_by, UnknownInvitationError),
    ]
    page = InvitationPage(database, shared.clock, limiter)
    return {"/invitations/{token}": page, **{one.path: PublicEndpoint(one, shared, limiter) for one in routes}}


async def accept(tx: Tx, now_ms: int, body: Acceptance) -> Reply:
    return Reply(200, wire.user(await invitations.accept(tx, body.token, name=body.name, now_ms=now_ms)))


async def reject(tx: Tx, now_ms: int, body: Rejection) -> Reply:
    return Reply(200, wire.user(await invitations.reject(tx, body.token, now_ms=now_ms)))


def limited_by(body: Acceptance | Rejection) -> str | None:
    """Counted per invitation, so that nobody can guess its secret from many addresses."""
    return tokens.invitation_id(body.token)
