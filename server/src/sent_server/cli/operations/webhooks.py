"""Operations on the webhooks of an account."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sent_server.accounts import OperatorError, service
from sent_server.cli.operations.operator import Operator
from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.events import Span
from sent_server.kernel import timestamps
from sent_server.webhooks import service as webhooks


async def list_webhooks(tx: Tx, operator: Operator, *, customer_id: str) -> Any:
    account = await service.find(tx, customer_id)
    return [
        {
            "id": one.webhook.id,
            "display_name": one.webhook.display_name,
            "state": one.state,
            "reason": one.webhook.disabled_reason,
            "since": timestamps.iso_or_none(one.since_ms),
            "consecutive_failures": one.health.consecutive_failures,
            "parked_events": one.parked_events,
        }
        for one in await webhooks.standings(tx, account.id)
    ]


async def enable_webhook(tx: Tx, operator: Operator, *, customer_id: str, webhook_id: str) -> Any:
    account = await service.find(tx, customer_id)
    try:
        webhook, _ = await webhooks.toggle(tx, account.id, webhook_id, active=True, now_ms=operator.clock.now_ms())
    except ApiError as error:
        raise OperatorError(f"{error.message} ({webhook_id})") from None
    return {"webhook_id": webhook.id, "is_active": webhook.is_active}


async def replay_webhook(
    tx: Tx,
    operator: Operator,
    *,
    customer_id: str,
    webhook_id: str,
    event_id: str | None = None,
    since: str | None = None,
    until: str | None = None,
    status: str = "failed",
    after: str | None = None,
) -> Any:
    account, now_ms = await service.find(tx, customer_id), operator.clock.now_ms()
    try:
        if event_id:
            count = await webhooks.replay_one(tx, account.id, webhook_id, event_id, now_ms=now_ms)
            return {"replayed": count, "next_after": None}
        states = ("failed", "delivered") if status == "all" else (status,)
        span = Span(_moment(since, 0), _moment(until, now_ms), states, after)
        count, after = await webhooks.replay_span(tx, account.id, webhook_id, span, now_ms=now_ms)
    except ApiError as error:
        raise OperatorError(f"{error.message} ({webhook_id})") from None
    return {"replayed": count, "next_after": after}


def _moment(text: str | None, otherwise_ms: int) -> int:
    if text is None:
        return otherwise_ms
    at_ms = timestamps.parse(text)
    if at_ms is None:
        raise OperatorError(f"{text!r} is not a time; use a form like 2026-01-15T10:35:00Z")
    return at_ms


OPERATIONS: Mapping[str, Callable[..., Awaitable[Any]]] = {
    "webhooks list": list_webhooks,
    "webhooks enable": enable_webhook,
    "webhooks replay": replay_webhook,
}
