"""What is logged, and what is not: never a key, and phone numbers and bodies only at debug, masked there.

SENT_DM_LOG (or SENT_LOG) = info: a line per call with the route, not the path, since a path may hold a phone number.
debug: also headers and the outline of the body.
"""

import json
import logging
import os
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

log = logging.getLogger("sent_dm")

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "warning": logging.WARNING,
          "error": logging.ERROR}  # fmt: skip
PLAIN_HEADERS = frozenset({
    "accept", "accept-encoding", "content-type", "content-length", "user-agent", "idempotency-key", "x-profile-id",
})  # fmt: skip
# Keys whose values say what a request does without saying to whom.
PLAIN_KEYS = frozenset({
    "id", "template_id", "channel", "channels", "status", "category", "language", "type", "role", "event_type",
    "event_types", "signature_mode", "default_channel", "creation_source",
})  # fmt: skip
_NUMBER = re.compile(r"\+?\d[\d\s().-]{5,}")
_route: ContextVar[str | None] = ContextVar("sent_dm_route", default=None)


def set_up(environ: Mapping[str, str] = os.environ) -> None:
    level = LEVELS.get((environ.get("SENT_DM_LOG") or environ.get("SENT_LOG") or "").strip().lower())
    if level is None:
        return
    log.setLevel(level)
    if not log.handlers and not logging.getLogger().handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        log.addHandler(handler)


def outline(value: Any, key: str = "") -> Any:
    """`value` with what may be personal masked."""
    if isinstance(value, Mapping):
        return {name: outline(item, name) for name, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list):
        return [outline(item, key) for item in cast("list[Any]", value)]
    if isinstance(value, str) and not (key in PLAIN_KEYS and not _NUMBER.fullmatch(value)):
        return f"<{len(value)} characters>"
    if isinstance(value, int | float) and abs(value) >= 100_000:
        return "<a number>"
    return value


def body(content: bytes | None) -> Any:
    """The outline of what is sent; None where nothing is."""
    return None if content is None else outline(json.loads(content))


def route(path: str) -> str:
    """The path of an undocumented request may hold a number; a route of ours is as it was."""
    return _NUMBER.sub("<number>", path.partition("?")[0])


def headers(sent: Mapping[str, str]) -> dict[str, str]:
    return {name: value if name in PLAIN_HEADERS else "<redacted>" for name, value in sent.items()}


@contextmanager
def only_route(path: str) -> Generator[None]:
    """While httpx works for us, its own log lines show the route instead of the address."""
    token = _route.set(path)
    try:
        yield
    finally:
        _route.reset(token)


class _RouteOnly(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        path = _route.get()
        if path is not None and isinstance(record.args, tuple) and len(record.args) > 1:
            record.args = (record.args[0], route(path), *record.args[2:])
        return True


logging.getLogger("httpx").addFilter(_RouteOnly())
