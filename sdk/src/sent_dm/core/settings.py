"""The options of a client: its arguments, else the environment. Checked here, before anything is sent."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

import httpx

from sent_dm._version import __version__
from sent_dm.core.not_given import NotGiven
from sent_dm.core.request import Headers, Query, Timeout
from sent_dm.exceptions import SentDmError

DEFAULT_BASE_URL = "https://api.sent.dm"
DEFAULT_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
DEFAULT_MAX_RETRIES = 2
DEFAULT_LIMITS = httpx.Limits(max_connections=1_000, max_keepalive_connections=100, keepalive_expiry=30.0)

API_KEY = ("SENT_DM_API_KEY", "SENT_API_KEY")
BASE_URL = ("SENT_DM_BASE_URL", "SENT_BASE_URL")
WEBHOOK_SECRET = ("SENT_DM_WEBHOOK_SECRET", "SENT_WEBHOOK_SECRET")

OWN_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "user-agent": f"sentdm-python/{__version__}",
}


# From method, URL and body to the idempotency key of a call that was given none.
NewKey = Callable[[str, str, bytes | None], str]


def random_key(method: str, url: str, content: bytes | None) -> str:
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Settings:
    """`base_url` has no slash at its end; header names are lower-case."""

    api_key: str
    base_url: str
    timeout: httpx.Timeout
    max_retries: int
    headers: Mapping[str, str]
    query: Mapping[str, object]
    webhook_secret: str | None
    new_key: NewKey = random_key


def read(
    *,
    api_key: str | None,
    base_url: str | httpx.URL | None,
    timeout: Timeout | NotGiven,
    max_retries: int,
    default_headers: Headers | None,
    default_query: Query | None,
    webhook_secret: str | None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Raises SentDmError without a key, TypeError and ValueError for wrong arguments; each names the argument."""
    key = from_environment(API_KEY, environ) if api_key is None else api_key
    if key is None:
        raise SentDmError(f"No API key: pass `api_key`, or set {API_KEY[0]} in the environment")
    key = printable(key, "api_key")
    given = {"x-api-key": key, **OWN_HEADERS}
    merge_headers(given, default_headers, "default_headers")
    return Settings(
        api_key=key,
        base_url=_base_url(from_environment(BASE_URL, environ) if base_url is None else base_url),
        timeout=DEFAULT_TIMEOUT if isinstance(timeout, NotGiven) else as_timeout(timeout),
        max_retries=as_max_retries(max_retries),
        headers=given,
        query=dict(mapping(default_query, "default_query")),
        webhook_secret=from_environment(WEBHOOK_SECRET, environ) if webhook_secret is None else webhook_secret,
    )


def change(
    old: Settings,
    *,
    api_key: str | None,
    base_url: str | httpx.URL | None,
    timeout: Timeout | NotGiven,
    max_retries: int | NotGiven,
    default_headers: Headers | None,
    set_default_headers: Headers | None,
    default_query: Query | None,
    set_default_query: Query | None,
    webhook_secret: str | None,
) -> Settings:
    """`old` with what is given here. Raises as `read` does."""
    for one, other in (("default_headers", default_headers), ("default_query", default_query)):
        replacing = set_default_headers if one == "default_headers" else set_default_query
        if other is not None and replacing is not None:
            raise ValueError(f"`{one}` and `set_{one}` cannot go together")
    key = old.api_key if api_key is None else printable(api_key, "api_key")
    headers = dict(old.headers) if set_default_headers is None else dict(OWN_HEADERS)
    if api_key is not None or set_default_headers is not None:
        headers["x-api-key"] = key
    merge_headers(headers, default_headers, "default_headers")
    merge_headers(headers, set_default_headers, "set_default_headers")
    query = dict(old.query) if set_default_query is None else dict(mapping(set_default_query, "set_default_query"))
    return Settings(
        api_key=key,
        base_url=old.base_url if base_url is None else _base_url(base_url),
        timeout=old.timeout if isinstance(timeout, NotGiven) else as_timeout(timeout),
        max_retries=old.max_retries if isinstance(max_retries, NotGiven) else as_max_retries(max_retries),
        headers=headers,
        query={**query, **mapping(default_query, "default_query")},
        webhook_secret=old.webhook_secret if webhook_secret is None else webhook_secret,
        new_key=old.new_key,
    )


def from_environment(names: tuple[str, ...], environ: Mapping[str, str] = os.environ) -> str | None:
    return next((environ[name] for name in names if environ.get(name)), None)


def _base_url(value: str | httpx.URL | None) -> str:
    if value is None:
        return DEFAULT_BASE_URL
    if not isinstance(value, str | httpx.URL):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"`base_url` must be a string, not {type(value).__name__}")
    try:
        url = httpx.URL(value)
    except httpx.InvalidURL as fault:
        raise ValueError(f"`base_url` is not a URL: {fault}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"`base_url` must look like https://host, not {str(value)!r}")
    if url.query or url.fragment or url.userinfo:
        raise ValueError("`base_url` must have no user, query or fragment")
    return str(url).rstrip("/")


def as_timeout(value: Any) -> httpx.Timeout:
    if isinstance(value, httpx.Timeout):
        return value
    if value is None:
        return httpx.Timeout(None)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"`timeout` must be seconds or an httpx.Timeout, not {type(value).__name__}")
    if not value > 0:
        raise ValueError("`timeout` must be more than 0 seconds")
    return httpx.Timeout(float(value))


def as_max_retries(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"`max_retries` must be a whole number, not {type(value).__name__}; 0 turns retries off")
    if value < 0:
        raise ValueError("`max_retries` must not be negative")
    return value


def merge_headers(into: dict[str, str], more: Headers | None, argument: str) -> None:
    """A value of None or NOT_GIVEN removes the header."""
    for name, value in mapping(more, argument).items():
        if value is None or isinstance(value, NotGiven):
            into.pop(name.lower(), None)
        else:
            into[name.lower()] = printable(value, f"{argument}[{name!r}]")


def printable(value: Any, argument: str) -> str:
    """Fit for a header. Spaces around it, as copying a key brings along, are removed."""
    if not isinstance(value, str):
        raise TypeError(f"`{argument}` must be a string, not {type(value).__name__}")
    stripped = value.strip()
    if not stripped:
        raise ValueError(f"`{argument}` must not be empty")
    if not stripped.isascii() or not stripped.isprintable():
        raise ValueError(f"`{argument}` may contain printable ASCII characters only")
    return stripped


def mapping(value: Any, argument: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in cast("Mapping[Any, Any]", value)):
        raise TypeError(f"`{argument}` must be a dict with string keys")
    return cast("Mapping[str, Any]", value)
