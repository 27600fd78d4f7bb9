"""The shared rate limiter of several processes: one script in Redis or Valkey per request.

The same rule as `http/limits.py`, exact to the millisecond of the cache's clock, independent of the number of processes
and their clocks (docs/decisions/0007). Without the cache, requests get 503 SERVICE_001.
"""
# redis-py leaves parts of its types open.
# pyright: reportUnknownMemberType=false, reportMissingTypeArgument=false, reportUnknownVariableType=false

import contextlib
import time
from collections.abc import AsyncGenerator
from typing import Any, cast

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from sent_server.errors import ApiError
from sent_server.http import limits
from sent_server.http.caller import Caller, Tier
from sent_server.http.limits import LimitClass, LimitVerdict, RateLimiter

log = structlog.get_logger()
TIMEOUT_S = 1
CONNECTIONS = 32
# uvloop raises RuntimeError for a connection that has just closed (kernel/sockets.py).
_AWAY = (RedisError, OSError, TimeoutError, RuntimeError)
# While it is down, most requests fail at once instead of waiting for it.
ASK_AGAIN_AFTER_S = 0.5
# Hits as a list of their times, oldest first. Every step reads one end only, independent of the limit.
# KEYS: window. ARGV: per minute, burst, 1 to count. Returns allowed, hits in the window, full before,
# the oldest's age, and when the burst is full the age of its first hit, otherwise -1.
HIT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and tonumber(oldest) <= now - 60000 do
    redis.call('LPOP', KEYS[1])
    oldest = redis.call('LINDEX', KEYS[1], 0)
end
local total, per_minute, burst = redis.call('LLEN', KEYS[1]), tonumber(ARGV[1]), tonumber(ARGV[2])
local full, burst_age = total >= per_minute, -1
if burst < per_minute and total >= burst then
    local age = now - tonumber(redis.call('LINDEX', KEYS[1], -burst))
    if age < 1000 then burst_age = age end
end
local allowed = not full and burst_age < 0
if allowed and ARGV[3] == '1' then
    redis.call('RPUSH', KEYS[1], now)
    redis.call('PEXPIRE', KEYS[1], 61000)
    total = total + 1
end
return {allowed and 1 or 0, total, full and 1 or 0, oldest and now - tonumber(oldest) or 0, burst_age}
"""


class CacheError(Exception):
    """The cache cannot be used. The message names the setting and the remedy. Raised at startup only."""


class SharedLimiter:
    """`http.limits.Limiter`. Tier unlimited is counted per process: exact sharing costs too much."""

    def __init__(self, redis: Any, installation: str) -> None:
        self._redis = redis
        self._prefix = f"sent:{installation}:"
        self._script = redis.register_script(HIT)
        self._unlimited = RateLimiter()
        self._away_until_s = 0.0

    @classmethod
    async def connect(cls, url: str, *, installation: str) -> "SharedLimiter":
        """Raises CacheError if the cache does not respond. Warns if its configuration may lose counts."""
        redis = _client(url)
        async with _explained(redis, url):
            await redis.ping()
            for warning in await forgetful(redis):
                log.warning("cache.no_persistence", reason=warning)
        return cls(redis, installation)

    async def hit(self, caller: Caller, limit_class: LimitClass) -> LimitVerdict:
        return await self._judge(caller, limit_class, count=True)

    async def peek(self, caller: Caller, limit_class: LimitClass) -> LimitVerdict:
        return await self._judge(caller, limit_class, count=False)

    async def check(self) -> None:
        try:
            await self._redis.ping()
        except _AWAY as error:
            raise ApiError("SERVICE_001") from error

    async def close(self) -> None:
        await self._redis.aclose()

    async def _judge(self, caller: Caller, limit_class: LimitClass, *, count: bool) -> LimitVerdict:
        if caller.tier is Tier.UNLIMITED:
            return await (self._unlimited.hit if count else self._unlimited.peek)(caller, limit_class)
        if time.monotonic() < self._away_until_s:
            raise ApiError("SERVICE_001")
        limit = limits.limit_for(caller, limit_class)
        key = f"{self._prefix}{limit_class}:{caller.organization_id}"
        try:
            answer = await self._script(keys=[key], args=[limit.per_minute, limit.burst, int(count)])
        except _AWAY as error:
            self._away_until_s = time.monotonic() + ASK_AGAIN_AFTER_S
            log.error("cache.unavailable", error=str(error) or type(error).__name__)
            raise ApiError("SERVICE_001") from error
        allowed, total, full, oldest_age_ms, burst_age_ms = cast(list[int], answer)
        if burst_age_ms >= 0 and not full:
            return limits.burst_verdict(limit, age_ms=burst_age_ms)
        return limits.verdict(limit, allowed=bool(allowed), total=total, full=bool(full), oldest_age_ms=oldest_age_ms)


async def examine(url: str) -> tuple[str, list[str]]:
    """Name and version, and reasons for lost counts. Raises CacheError if the cache does not respond."""
    redis = _client(url)
    async with _explained(redis, url):
        await redis.ping()
        forgets = await forgetful(redis)
        found: dict[str, Any] = await redis.info("server")
    await redis.aclose()
    if "valkey_version" in found:
        return f"Valkey {found['valkey_version']}", forgets
    return f"Redis {found.get('redis_version', 'of unknown version')}", forgets


def _client(url: str) -> Any:
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=TIMEOUT_S,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            # Retry on a new connection, because idle ones are dead after a restart of the cache.
            retry=Retry(NoBackoff(), 1),
        )
    except ValueError as error:
        raise CacheError(f"SENT_CACHE_URL is {url!r}; write redis://HOST:6379, or leave it empty") from error
    return Redis.from_pool(pool)


@contextlib.asynccontextmanager
async def _explained(redis: Any, url: str) -> AsyncGenerator[None]:
    try:
        yield
    except _AWAY as error:
        await redis.aclose()
        raise CacheError(
            f"cannot use the cache at {shown(url)}: {error}; start Redis or Valkey there, or correct "
            "SENT_CACHE_URL (empty: every process counts by itself)"
        ) from error


async def forgetful(redis: Any) -> list[str]:
    """Reasons why this cache may lose the last minute's counts, each with its remedy."""
    try:
        found: dict[str, str] = await redis.config_get("maxmemory", "maxmemory-policy", "save", "appendonly")
    except RedisError:
        return []  # hosted services do not report it
    said: list[str] = []
    if not found.get("save") and found.get("appendonly") == "no":
        said.append("it stores nothing on disk, so a restart loses the last minute's counts; set appendonly yes")
    policy = found.get("maxmemory-policy", "noeviction")
    if found.get("maxmemory", "0") != "0" and policy != "noeviction":
        said.append(f"its policy {policy} may evict counts when memory is short; set maxmemory-policy noeviction")
    return said


def shown(url: str) -> str:
    """Without the password."""
    head, at, tail = url.rpartition("@")
    return f"{head.partition('//')[0]}//{tail}" if at else url
