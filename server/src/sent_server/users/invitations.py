"""Invitations: sent by email, and answered with the token within seven days."""

from dataclasses import replace

from sent_server import mail
from sent_server.accounts import service as accounts
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.kernel import ids, mailbox
from sent_server.kernel.sealing import Sealer
from sent_server.kernel.values import value_object
from sent_server.ports.mail import Email
from sent_server.users import store, tokens
from sent_server.users.model import ACCEPTED, ACTIVE, INVITATION_LIFE_MS, REJECTED, Invitation, User

UNKNOWN = "This invitation is not known; it may have been withdrawn"
EXPIRED = "This invitation has expired; ask for another one"
ANSWERED = "This invitation has been answered already"
_LETTER = """\
Hello {name},

you have been invited to work with "{account}" on Sent, as {role}.

Accept or decline here, within seven days:

{link}

If this means nothing to you, do nothing: without your answer the invitation expires.
"""


class UnknownInvitationError(ApiError):
    """The token matches no invitation: it was withdrawn, or somebody is guessing."""

    def __init__(self, message: str) -> None:
        super().__init__("VALIDATION_001", message, details={"token": [message]})


@value_object
class Invitations:
    """Issues and answers invitations. Holds the key for their tokens and the base of their links."""

    sealer: Sealer
    public_url: str

    def link(self, token: str) -> str:
        return f"{self.public_url}/invitations/{token}"


@value_object
class InvitationCard:
    """The data that an invited person sees."""

    account: str
    user: User
    invitation: Invitation


@value_object
class Open:
    """An open invitation, as an operator sees it. `mail` is None when the record of its email was deleted."""

    user: User
    link: str
    expires_at_ms: int
    mail: mail.MailProgress | None


async def issue(tx: Tx, office: Invitations, customer_id: str, user: User, *, now_ms: int) -> str:
    """Replace the user's invitation and email them the new one. Returns the link."""
    await withdraw(tx, customer_id, user.id)
    invitation_id = ids.new_id(now_ms)
    token, secret_hash = tokens.new(invitation_id)
    sealed = office.sealer.seal(token, row_id=invitation_id)
    expires_at_ms = now_ms + INVITATION_LIFE_MS
    await store.invite(
        tx, Invitation(invitation_id, customer_id, user.id, secret_hash, sealed, expires_at_ms, None, now_ms)
    )
    account = await accounts.look_up(tx, customer_id)
    if account is None:  # deleted since its key was looked up
        raise ApiError("AUTH_002")
    link = office.link(token)
    # Tenants choose both names, but the email comes from the operator's address. Older rows may hold any text.
    name, shown = mailbox.mention(user.name), mailbox.mention(account.name)
    text = _LETTER.format(name=name, account=shown, role=user.shown_role, link=link)
    letter = Email(user.email, name, f"Invitation to {shown}", text, link)
    await mail.enqueue(tx, office.sealer, customer_id, invitation_id, letter, now_ms=now_ms)
    return link


async def withdraw(tx: Tx, customer_id: str, user_id: str) -> None:
    """The link stops working, and an email that was not sent yet is cancelled."""
    invitation = await store.invitation_of(tx, customer_id, user_id)
    if invitation is not None:
        await mail.cancel(tx, customer_id, invitation.id)
        await store.withdraw(tx, customer_id, user_id)


async def look_at(tx: Tx, token: str, *, now_ms: int) -> InvitationCard:
    """Raises VALIDATION_001 for a token that is unknown, expired, withdrawn or already answered."""
    card = await _find(tx, token)
    _check_open(card.invitation, now_ms)
    return card


async def accept(tx: Tx, token: str, *, name: str | None, now_ms: int) -> User:
    """Activate the user. A repeated call has no effect. Raises VALIDATION_001 as `look_at` does."""
    card = await _find_to_answer(tx, token)
    if card.invitation.answer == ACCEPTED:
        return card.user
    _check_open(card.invitation, now_ms)
    user = replace(card.user, status=ACTIVE, name=name or card.user.name, updated_at_ms=now_ms)
    await _answer(tx, card.invitation, ACCEPTED, user)
    return user


async def reject(tx: Tx, token: str, *, now_ms: int) -> User:
    """Decline the invitation. A repeated call has no effect. Raises VALIDATION_001 as `look_at` does."""
    card = await _find_to_answer(tx, token)
    if card.invitation.answer == REJECTED:
        return card.user
    _check_open(card.invitation, now_ms)
    user = replace(card.user, status=REJECTED, updated_at_ms=now_ms)
    await _answer(tx, card.invitation, REJECTED, user)
    return user


async def open_ones(tx: Tx, office: Invitations, customer_id: str) -> list[Open]:
    """Open invitations, including expired ones."""
    found = [item for item in await store.invitations(tx, customer_id) if item.answer is None and item.token_sealed]
    users = {user.id: user for user in await store.all_of(tx, customer_id)}
    mails = await mail.progress(tx, customer_id, [item.id for item in found])
    return [
        Open(
            users[item.user_id],
            office.link(office.sealer.open(item.token_sealed or "", row_id=item.id)),
            item.expires_at_ms,
            mails.get(item.id),
        )
        for item in found
    ]


async def _find_to_answer(tx: Tx, token: str) -> InvitationCard:
    """Checked again under the account's lock, because two answers or a removal may be concurrent."""
    found = await _find(tx, token)
    await store.lock(tx, found.invitation.customer_id)
    return await _find(tx, token)


async def _find(tx: Tx, token: str) -> InvitationCard:
    invitation_id = tokens.invitation_id(token)
    invitation = await store.invitation(tx, invitation_id) if invitation_id else None
    if invitation is None or not tokens.fits(token, invitation.secret_hash):
        raise UnknownInvitationError(UNKNOWN)
    user = await store.by_id(tx, invitation.customer_id, invitation.user_id)
    account = await accounts.look_up(tx, invitation.customer_id)
    if user is None or account is None:  # a profile may have been deleted since
        raise UnknownInvitationError(UNKNOWN)
    return InvitationCard(account.name, user, invitation)


def _check_open(invitation: Invitation, now_ms: int) -> None:
    if invitation.answer is not None:
        raise _refusal(ANSWERED)
    if not invitation.is_open(now_ms):
        raise _refusal(EXPIRED)


async def _answer(tx: Tx, invitation: Invitation, given: str, user: User) -> None:
    await store.answer(tx, invitation, given)
    await mail.cancel(tx, invitation.customer_id, invitation.id)
    await store.update(tx, invitation.customer_id, user)


def _refusal(message: str) -> ApiError:
    return ApiError("VALIDATION_001", message, details={"token": [message]})
