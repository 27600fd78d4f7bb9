"""The token of an invitation: its id, a dot, and a secret. The database stores only the hash of the secret."""

import hashlib
import hmac
import secrets
import uuid

from sent_server.kernel import ids

SECRET_BYTES = 32


def new(invitation_id: str) -> tuple[str, str]:
    """(token, hash of its secret)."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    return f"{uuid.UUID(invitation_id).hex}.{secret}", _hash(secret)


def invitation_id(token: str) -> str | None:
    """The invitation id in the token. None if the text is not a token."""
    head, dot, _ = token.partition(".")
    if not dot or len(head) != 32 or "-" in head:
        return None
    return ids.parse_uuid(f"{head[:8]}-{head[8:12]}-{head[12:16]}-{head[16:20]}-{head[20:]}")


def fits(token: str, secret_hash: str) -> bool:
    """Takes the same time for every wrong secret."""
    return hmac.compare_digest(_hash(token.partition(".")[2]), secret_hash)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
