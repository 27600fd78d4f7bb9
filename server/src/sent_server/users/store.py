"""The SQL of users and invitations."""

from sent_server.db import Tx
from sent_server.db.database import fetch_one
from sent_server.users.model import Invitation, Membership, User

COLUMNS = "customer_id, id, email, name, role, status, invited_at_ms, last_login_at_ms, created_at_ms, updated_at_ms"
INVITATION_COLUMNS = "id, customer_id, user_id, secret_hash, token_sealed, expires_at_ms, answer, created_at_ms"
# One writer per account, so that two admins cannot remove each other or invite the same person twice at once.
LOCK = """
    SELECT 1 /*pg: FROM pg_advisory_xact_lock(hashtextextended('users:' || CAST(:customer_id AS TEXT), 0))*/
"""
ALL = f"""
    SELECT {COLUMNS} FROM users
    WHERE customer_id = :customer_id
    ORDER BY id
"""
BY_ID = f"""
    SELECT {COLUMNS} FROM users
    WHERE customer_id = :customer_id AND id = :id
"""
BY_EMAIL = f"""
    SELECT {COLUMNS} FROM users
    WHERE customer_id = :customer_id AND email_lower = :email_lower
"""
# A person who signs in works with all of these; the address was proven before.
MEMBERSHIPS = """
    SELECT u.customer_id, u.id, u.name, u.role, c.name, c.kind, c.organization_id
    FROM users u
    JOIN customers c ON c.id = u.customer_id
    WHERE u.email_lower = :email_lower AND u.status = 'active' AND c.deleted_at_ms IS NULL
    ORDER BY u.customer_id
"""
SEE = """
    UPDATE users
    SET last_login_at_ms = :now_ms
    WHERE customer_id = :customer_id AND id = :id
"""
COUNT = """
    SELECT COUNT(*) FROM users
    WHERE customer_id = :customer_id
"""
OTHER_ADMINS = """
    SELECT COUNT(*) FROM users
    WHERE customer_id = :customer_id AND id <> :id AND role IN ('owner', 'admin') AND status = 'active'
"""
INSERT = """
    INSERT INTO users (customer_id, id, email, email_lower, name, role, status, invited_at_ms, last_login_at_ms,
        created_at_ms, updated_at_ms)
    VALUES (:customer_id, :id, :email, :email_lower, :name, :role, :status, :invited_at_ms, :last_login_at_ms,
        :created_at_ms, :updated_at_ms)
"""
UPDATE = """
    UPDATE users
    SET email = :email, name = :name, role = :role, status = :status, invited_at_ms = :invited_at_ms,
        updated_at_ms = :updated_at_ms
    WHERE customer_id = :customer_id AND id = :id
"""
DELETE = """
    DELETE FROM users
    WHERE customer_id = :customer_id AND id = :id
"""
INVITE = """
    INSERT INTO invitations (id, customer_id, user_id, secret_hash, token_sealed, expires_at_ms, created_at_ms)
    VALUES (:id, :customer_id, :user_id, :secret_hash, :token_sealed, :expires_at_ms, :created_at_ms)
"""
INVITATION = f"""
    SELECT {INVITATION_COLUMNS} FROM invitations
    WHERE id = :id
"""
INVITATION_OF = f"""
    SELECT {INVITATION_COLUMNS} FROM invitations
    WHERE customer_id = :customer_id AND user_id = :user_id
"""
INVITATIONS = f"""
    SELECT {INVITATION_COLUMNS} FROM invitations
    WHERE customer_id = :customer_id
    ORDER BY id
"""
ANSWER = """
    UPDATE invitations
    SET answer = :answer, token_sealed = NULL
    WHERE customer_id = :customer_id AND id = :id
"""
WITHDRAW = """
    DELETE FROM invitations
    WHERE customer_id = :customer_id AND user_id = :user_id
"""


async def lock(tx: Tx, customer_id: str) -> None:
    """Wait for other writers of this account's users. Rows read afterwards stay valid until our commit."""
    await tx.fetch(LOCK, customer_id=customer_id)


async def all_of(tx: Tx, customer_id: str) -> list[User]:
    return [User(*row) for row in await tx.fetch(ALL, customer_id=customer_id)]


async def by_id(tx: Tx, customer_id: str, user_id: str) -> User | None:
    row = await fetch_one(tx, BY_ID, customer_id=customer_id, id=user_id)
    return User(*row) if row else None


async def by_email(tx: Tx, customer_id: str, email: str) -> User | None:
    """Addresses are compared without case."""
    row = await fetch_one(tx, BY_EMAIL, customer_id=customer_id, email_lower=email.lower())
    return User(*row) if row else None


async def memberships(tx: Tx, email: str) -> list[Membership]:
    """The accounts that this person works with as an active user."""
    return [Membership(*row) for row in await tx.fetch(MEMBERSHIPS, email_lower=email.lower())]


async def see(tx: Tx, customer_id: str, user_id: str, *, now_ms: int) -> None:
    """Record a sign-in."""
    await tx.execute(SEE, customer_id=customer_id, id=user_id, now_ms=now_ms)


async def count(tx: Tx, customer_id: str) -> int:
    return int((await tx.fetch(COUNT, customer_id=customer_id))[0][0])


async def other_admins(tx: Tx, customer_id: str, user_id: str) -> int:
    return int((await tx.fetch(OTHER_ADMINS, customer_id=customer_id, id=user_id))[0][0])


async def insert(tx: Tx, customer_id: str, user: User) -> None:
    await tx.execute(
        INSERT,
        customer_id=customer_id,
        id=user.id,
        email=user.email,
        email_lower=user.email.lower(),
        name=user.name,
        role=user.role,
        status=user.status,
        invited_at_ms=user.invited_at_ms,
        last_login_at_ms=user.last_login_at_ms,
        created_at_ms=user.created_at_ms,
        updated_at_ms=user.updated_at_ms,
    )


async def update(tx: Tx, customer_id: str, user: User) -> None:
    """All columns except the lower-case address, the login and the creation time."""
    await tx.execute(
        UPDATE,
        customer_id=customer_id,
        id=user.id,
        email=user.email,
        name=user.name,
        role=user.role,
        status=user.status,
        invited_at_ms=user.invited_at_ms,
        updated_at_ms=user.updated_at_ms,
    )


async def delete(tx: Tx, customer_id: str, user_id: str) -> None:
    await tx.execute(DELETE, customer_id=customer_id, id=user_id)


async def invite(tx: Tx, invitation: Invitation) -> None:
    await tx.execute(
        INVITE,
        id=invitation.id,
        customer_id=invitation.customer_id,
        user_id=invitation.user_id,
        secret_hash=invitation.secret_hash,
        token_sealed=invitation.token_sealed,
        expires_at_ms=invitation.expires_at_ms,
        created_at_ms=invitation.created_at_ms,
    )


async def invitation(tx: Tx, invitation_id: str) -> Invitation | None:
    row = await fetch_one(tx, INVITATION, id=invitation_id)
    return Invitation(*row) if row else None


async def invitation_of(tx: Tx, customer_id: str, user_id: str) -> Invitation | None:
    row = await fetch_one(tx, INVITATION_OF, customer_id=customer_id, user_id=user_id)
    return Invitation(*row) if row else None


async def invitations(tx: Tx, customer_id: str) -> list[Invitation]:
    return [Invitation(*row) for row in await tx.fetch(INVITATIONS, customer_id=customer_id)]


async def answer(tx: Tx, invitation: Invitation, given: str) -> None:
    await tx.execute(ANSWER, customer_id=invitation.customer_id, id=invitation.id, answer=given)


async def withdraw(tx: Tx, customer_id: str, user_id: str) -> None:
    await tx.execute(WITHDRAW, customer_id=customer_id, user_id=user_id)
