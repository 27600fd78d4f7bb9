"""The SQL of people, sessions and sign-in links."""

from sent_server.dashboard.auth.model import Person, Session
from sent_server.db import Tx
from sent_server.db.database import fetch_one

PERSON = """
    SELECT id, email, password_hash, zone, theme FROM people
    WHERE email_lower = :email_lower
"""
ADD_PERSON = """
    INSERT INTO people (id, email, email_lower, created_at_ms, updated_at_ms)
    VALUES (:id, :email, :email_lower, :now_ms, :now_ms)
    ON CONFLICT (email_lower) DO NOTHING
"""
CHANGE_HASH = """
    UPDATE people
    SET password_hash = :password_hash, updated_at_ms = :now_ms
    WHERE id = :id
"""
SET_TASTE = """
    UPDATE people
    SET zone = :zone, theme = :theme, updated_at_ms = :now_ms
    WHERE id = :id
"""
ADD_SESSION = """
    INSERT INTO sessions (token_hash, person_id, csrf_token, created_at_ms, seen_at_ms, expires_at_ms)
    VALUES (:token_hash, :person_id, :csrf_token, :now_ms, :now_ms, :expires_at_ms)
"""
SESSION = """
    SELECT p.id, p.email, p.password_hash, p.zone, p.theme, s.csrf_token, s.seen_at_ms
    FROM sessions s
    JOIN people p ON p.id = s.person_id
    WHERE s.token_hash = :token_hash AND s.expires_at_ms > :now_ms AND s.seen_at_ms > :idle_since_ms
"""
SEE_SESSION = """
    UPDATE sessions
    SET seen_at_ms = :now_ms
    WHERE token_hash = :token_hash
"""
END_SESSION = """
    DELETE FROM sessions
    WHERE token_hash = :token_hash
"""
END_SESSIONS = """
    DELETE FROM sessions
    WHERE person_id = :person_id AND token_hash <> :kept
"""
FORGET_SESSIONS = """
    DELETE FROM sessions
    WHERE expires_at_ms < :now_ms
"""
ADD_LINK = """
    INSERT INTO sign_in_links (token_hash, email_lower, expires_at_ms)
    VALUES (:token_hash, :email_lower, :expires_at_ms)
"""
LINK = """
    SELECT email_lower FROM sign_in_links
    WHERE token_hash = :token_hash AND expires_at_ms > :now_ms AND used_at_ms IS NULL
"""
USE_LINK = """
    UPDATE sign_in_links
    SET used_at_ms = :now_ms
    WHERE token_hash = :token_hash AND expires_at_ms > :now_ms AND used_at_ms IS NULL
"""
FORGET_LINKS = """
    DELETE FROM sign_in_links
    WHERE expires_at_ms < :now_ms
"""


async def person(tx: Tx, email: str) -> Person | None:
    row = await fetch_one(tx, PERSON, email_lower=email.lower())
    return Person(*row) if row else None


async def add_person(tx: Tx, person_id: str, email: str, *, now_ms: int) -> None:
    """Does nothing if the address is known."""
    await tx.execute(ADD_PERSON, id=person_id, email=email, email_lower=email.lower(), now_ms=now_ms)


async def set_password(tx: Tx, person_id: str, password_hash: str, *, now_ms: int) -> None:
    await tx.execute(CHANGE_HASH, id=person_id, password_hash=password_hash, now_ms=now_ms)


async def set_taste(tx: Tx, person_id: str, *, zone: str | None, theme: str | None, now_ms: int) -> None:
    await tx.execute(SET_TASTE, id=person_id, zone=zone, theme=theme, now_ms=now_ms)


async def add_session(
    tx: Tx, token_hash: str, person_id: str, csrf_token: str, *, now_ms: int, expires_at_ms: int
) -> None:
    await tx.execute(
        ADD_SESSION,
        token_hash=token_hash,
        person_id=person_id,
        csrf_token=csrf_token,
        now_ms=now_ms,
        expires_at_ms=expires_at_ms,
    )


async def session(tx: Tx, token_hash: str, *, now_ms: int, idle_since_ms: int) -> Session | None:
    row = await fetch_one(tx, SESSION, token_hash=token_hash, now_ms=now_ms, idle_since_ms=idle_since_ms)
    return Session(token_hash, Person(*row[:5]), row[5], row[6]) if row else None


async def see_session(tx: Tx, token_hash: str, *, now_ms: int) -> None:
    await tx.execute(SEE_SESSION, token_hash=token_hash, now_ms=now_ms)


async def end_session(tx: Tx, token_hash: str) -> None:
    await tx.execute(END_SESSION, token_hash=token_hash)


async def end_sessions(tx: Tx, person_id: str, *, kept: str) -> None:
    """End all sessions of the person except the one with the token hash `kept`."""
    await tx.execute(END_SESSIONS, person_id=person_id, kept=kept)


async def add_link(tx: Tx, token_hash: str, email: str, *, expires_at_ms: int) -> None:
    await tx.execute(ADD_LINK, token_hash=token_hash, email_lower=email.lower(), expires_at_ms=expires_at_ms)


async def link(tx: Tx, token_hash: str, *, now_ms: int) -> str | None:
    """The address of an unused link, in lower case."""
    row = await fetch_one(tx, LINK, token_hash=token_hash, now_ms=now_ms)
    return row[0] if row else None


async def use_link(tx: Tx, token_hash: str, *, now_ms: int) -> bool:
    """Returns False if the link was used before or has expired."""
    return await tx.execute(USE_LINK, token_hash=token_hash, now_ms=now_ms) > 0


async def forget_old(tx: Tx, now_ms: int) -> None:
    """Delete expired sessions and links."""
    await tx.execute(FORGET_SESSIONS, now_ms=now_ms)
    await tx.execute(FORGET_LINKS, now_ms=now_ms)
