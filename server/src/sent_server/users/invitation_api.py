"""Routes for invited people, who have no key: they answer with the token, by API or on the page behind the link."""

from collections.abc import Mapping

from starlette.types import ASGIApp

from sent_server.db import Database, Tx
from sent_server.http.doorkeeper import Doorkeeper
from sent_server.http.endpoint import Shared
from sent_server.http.envelope import Reply
from sent_server.http.open import OpenMutation, OpenRoute
from sent_server.users import invitations, tokens, wire
from sent_server.users.invitations import UnknownInvitationError
from sent_server.users.page import InvitationPage
from sent_server.users.wire import Acceptance, Rejection


def doors(shared: Shared, database: Database) -> Mapping[str, ASGIApp]:
    """Path to application. They share one doorkeeper, so that page and program count together."""
    doorkeeper = Doorkeeper()
    routes = [
        OpenRoute("/v3/users/invitations/accept", Acceptance, accept, limited_by, UnknownInvitationError),
        OpenRoute("/v3/users/invitations/reject", Rejection, reject, limited_by, UnknownInvitationError),
    ]
    page = InvitationPage(database, shared.clock, doorkeeper)
    return {"/invitations/{token}": page, **{one.path: OpenMutation(one, shared, doorkeeper) for one in routes}}


async def accept(tx: Tx, now_ms: int, body: Acceptance) -> Reply:
    return Reply(200, wire.user(await invitations.accept(tx, body.token, name=body.name, now_ms=now_ms)))


async def reject(tx: Tx, now_ms: int, body: Rejection) -> Reply:
    return Reply(200, wire.user(await invitations.reject(tx, body.token, now_ms=now_ms)))


def limited_by(body: Acceptance | Rejection) -> str | None:
    """Counted per invitation, so that nobody can guess its secret from many addresses."""
    return tokens.invitation_id(body.token)
