"""Signs people in and out. A person is an address that is an active user of at least one account."""

import hashlib
import secrets

from sent_server.dashboard.auth import store
from sent_server.dashboard.auth.model import Person, Session
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.kernel import ids
from sent_server.users import service as users

IDLE_MS = 12 * 3_600_000
SESSION_MS = 14 * 86_400_000
LINK_MS = 10 * 60_000
# A session's last use is written at most this often.
SEEN_EVERY_MS = 60_000


class SignInError(ApiError):
    """A sign-in that failed. Counted against the address."""


def hashed(token: str) -> str:
    """SHA-256 in hex: enough for 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


async def make_link(tx: Tx, email: str, *, now_ms: int) -> str:
    """Returns the token of a link that signs this person in once, within ten minutes."""
    token = secrets.token_urlsafe(32)
    await store.add_link(tx, hashed(token), email, expires_at_ms=now_ms + LINK_MS)
    return token


async def look_at_link(tx: Tx, token: str, *, now_ms: int) -> str | None:
    """The address that the link signs in. None for a used, expired or unknown link."""
    return await store.link(tx, hashed(token), now_ms=now_ms)


async def enter_by_link(tx: Tx, token: str, *, now_ms: int) -> str:
    """Use the link up and start a session. Returns the session's token. Raises SignInError."""
    email = await store.link(tx, hashed(token), now_ms=now_ms)
    if email is None or not await store.use_link(tx, hashed(token), now_ms=now_ms):
        raise SignInError("AUTH_002")
    return await _start(tx, await _person(tx, email, now_ms=now_ms), now_ms=now_ms)


async def enter_by_password(tx: Tx, person: Person, *, now_ms: int) -> str:
    """Start a session after `passwords.verify` succeeded."""
    return await _start(tx, person, now_ms=now_ms)


async def find_session(tx: Tx, token: str, *, now_ms: int) -> Session | None:
    return await store.session(tx, hashed(token), now_ms=now_ms, idle_since_ms=now_ms - IDLE_MS)


async def see(tx: Tx, session: Session, *, now_ms: int) -> None:
    """Record that the session was used."""
    await store.see_session(tx, session.token_hash, now_ms=now_ms)


async def end(tx: Tx, session: Session) -> None:
    await store.end_session(tx, session.token_hash)


async def find_person(tx: Tx, email: str) -> Person | None:
    return await store.person(tx, email)


async def set_taste(tx: Tx, person: Person, *, zone: str | None, theme: str | None, now_ms: int) -> None:
    await store.set_taste(tx, person.id, zone=zone, theme=theme, now_ms=now_ms)


async def forget_old(tx: Tx, now_ms: int) -> None:
    await store.forget_old(tx, now_ms)


async def change_password(tx: Tx, session: Session, password_hash: str, *, now_ms: int) -> None:
    """Sets the password and ends all other sessions of the person."""
    await store.set_password(tx, session.person.id, password_hash, now_ms=now_ms)
    await store.end_sessions(tx, session.person.id, kept=session.token_hash)


async def _person(tx: Tx, email: str, *, now_ms: int) -> Person:
    """The person with this address, created at the first sign-in. Raises SignInError if no account has it."""
    if not await users.memberships(tx, email):
        raise SignInError("AUTH_002")
    await store.add_person(tx, ids.new_id(now_ms), email, now_ms=now_ms)
    person = await store.person(tx, email)
    assert person is not None
    return person


async def _start(tx: Tx, person: Person, *, now_ms: int) -> str:
    token = secrets.token_urlsafe(32)
    await users.note_sign_in(tx, await users.memberships(tx, person.email), now_ms=now_ms)
    await store.add_session(
        tx, hashed(token), person.id, secrets.token_urlsafe(32), now_ms=now_ms, expires_at_ms=now_ms + SESSION_MS
    )
    return token
