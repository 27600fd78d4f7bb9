"""One call, from the first attempt to a value or an error: the logic that every client and driver shares."""

import logging
import random
import time
from collections.abc import Callable, Generator
from typing import TypeVar

from sent_dm.core import errors, retry
from sent_dm.core.log import body as shown_body
from sent_dm.core.log import headers as shown_headers
from sent_dm.core.log import log
from sent_dm.core.log import route as shown_route
from sent_dm.core.reply import Failure, Got, Reply
from sent_dm.core.request import Request, Send, Sleep, Step

T = TypeVar("T")
Steps = Generator[Step, Got | None, T]


def call(request: Request, finish: Callable[[Reply], T], *, max_retries: int) -> Steps[T]:
    """`finish` makes the value from a reply of 2xx. Raises APIError."""
    retries = 0
    while True:
        debug = log.isEnabledFor(logging.DEBUG)
        if debug:
            shown = shown_headers(request.headers), shown_body(request.content)
            log.debug("%s %s headers %s body %s", request.method, shown_route(request.route), *shown)
        started_s = time.monotonic()
        got = yield Send(request)
        assert got is not None
        took_s = time.monotonic() - started_s
        _tell(request, got, took_ms=took_s * 1_000)
        if isinstance(got, Reply) and 200 <= got.status < 300:
            got.retries = retries
            got.elapsed_s = took_s
            return finish(got)
        after_ms = retry.after_ms(
            got, retries=retries, max_retries=max_retries, chance=random.random(), now_s=time.time()
        )
        if after_ms is None:
            raise errors.error_of(got) from (got.cause if isinstance(got, Failure) else None)
        retries += 1
        log.info(
            "%s %s again in %.0f ms, retry %d of %d",
            request.method,
            shown_route(request.route),
            after_ms,
            retries,
            max_retries,
        )
        yield Sleep(after_ms)
        request.headers["x-sent-retry-count"] = str(retries)


def _tell(request: Request, got: Reply | Failure, *, took_ms: float) -> None:
    if not log.isEnabledFor(logging.INFO):
        return
    if isinstance(got, Reply):
        log.info(
            "%s %s %d in %.0f ms, %s", request.method, shown_route(request.route), got.status, took_ms, got.request_id
        )
    else:
        cause = type(got.cause).__name__
        log.info(
            "%s %s %s (%s) after %.0f ms", request.method, shown_route(request.route), got.why.value, cause, took_ms
        )
