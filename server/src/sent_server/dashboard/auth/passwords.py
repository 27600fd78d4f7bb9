"""Hashes and verifies passwords with argon2id. Both take tens of milliseconds of CPU, so they run in a thread."""

import asyncio
import functools

from pwdlib import PasswordHash

MIN_LENGTH = 12
MAX_LENGTH = 1_000
# The most used passwords of this length. Few of the usual lists have 12 characters or more.
COMMON = frozenset(
    {
        "123456789012", "1234567890123", "123456789123", "qwertyuiop123", "qwertyuiop12", "password1234",
        "passwordpassword", "password12345", "administrator", "1q2w3e4r5t6y", "adminadmin123", "letmein12345",
        "iloveyou1234", "welcome12345", "changeme1234", "abcdefghijkl", "aaaaaaaaaaaa", "000000000000",
        "111111111111", "qwerty123456", "123456qwerty", "unknownunknown", "correcthorsebatterystaple",
    }
)  # fmt: skip


@functools.cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@functools.cache
def _decoy() -> str:
    return _hasher().hash("no password has this hash")


def problem(password: str) -> str | None:
    """Why the password cannot be used, or None."""
    if len(password) < MIN_LENGTH:
        return f"Use at least {MIN_LENGTH} characters"
    if len(password) > MAX_LENGTH:
        return f"Use at most {MAX_LENGTH} characters"
    if password.lower() in COMMON or len(set(password)) < 4:
        return "Choose a password that is harder to guess"
    return None


async def hashed(password: str) -> str:
    return await asyncio.to_thread(_hasher().hash, password)


async def verify(password: str, password_hash: str | None) -> bool:
    """Takes as long for a person without a password, so that the time does not say whether there is one."""
    if len(password) > MAX_LENGTH:
        return False
    matches = await asyncio.to_thread(_hasher().verify, password, password_hash or _decoy())
    return matches and password_hash is not None
