"""Resolves the x-api-key header to a `Caller`, with a cache of one second in front of the database."""

import hashlib
import time

from sent_server.db import Database
from sent_server.errors import ApiError
from sent_server.http.caller import Caller, FindCaller

# If another process revokes a key, this process refuses it within this time, counted from before the lookup.
# In the same process `forget_all` clears the cache at once.
CACHE_SECONDS = 1.0
MAX_CACHED = 10_000


def hash_key(api_key: str) -> str:
    return hashlib.sha256(api_key.encode("utf-8", "surrogateescape")).hexdigest()


class Authenticator:
    def __init__(self, database: Database, find_caller: FindCaller) -> None:
        self._database = database
        self._find_caller = find_caller
        self._cache: dict[tuple[bytes, bytes | None], tuple[float, Caller]] = {}

    def forget_all(self) -> None:
        """Call after a change of keys, roles, tiers or account states."""
        self._cache.clear()

    async def authenticate(self, api_key: bytes | None, profile_id: bytes | None) -> Caller:
        """Raises AUTH_001 without a key, AUTH_002 for a bad one, AUTH_004 for a profile out of reach."""
        if api_key is None:
            raise ApiError("AUTH_001")
        cached = self._cache.get((api_key, profile_id))
        if cached and cached[0] > time.monotonic():
            return cached[1]
        return await self._look_up(api_key, profile_id)

    async def _look_up(self, api_key: bytes, profile_id: bytes | None) -> Caller:
        good_until_s = time.monotonic() + CACHE_SECONDS
        key_hash = hashlib.sha256(api_key).hexdigest()
        profile = None if profile_id is None else profile_id.decode("latin-1")
        caller = await self._database.read(lambda tx: self._find_caller(tx, key_hash, profile))
        if caller is None:
            raise ApiError("AUTH_002")
        if len(self._cache) >= MAX_CACHED:
            self._cache.clear()
        self._cache[(api_key, profile_id)] = (good_until_s, caller)
        return caller
