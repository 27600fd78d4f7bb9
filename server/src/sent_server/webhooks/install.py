"""Webhooks, and the sender that delivers events to them."""

from sent_server.accounts import service as accounts
from sent_server.db import Tx
from sent_server.parts import Installed, Parts
from sent_server.webhooks import api
from sent_server.webhooks.attempt import Clocks
from sent_server.webhooks.claims import TargetResolver
from sent_server.webhooks.sender import Sender
from sent_server.webhooks.service import WebhookRules


class SenderService:
    """`parts.Service` of the sender."""

    def __init__(self, parts: Parts) -> None:
        async def callback_secret(tx: Tx, customer_id: str) -> str:
            return await accounts.callback_secret(tx, parts.sealer, customer_id)

        self._alone = parts.alone
        self._sender = Sender(
            database=parts.database,
            bus=parts.bus,
            egress=parts.egress,
            book=TargetResolver(parts.sealer, callback_secret),
            clocks=Clocks(parts.clock.now_ms, parts.clock.wall_ms),
            current_names_only=parts.settings.webhook_current_names_only,
            log_kept_ms=parts.settings.webhook_log_retention_ms,
            alone=parts.alone,
        )

    async def start(self) -> None:
        if self._alone:
            await self._sender.recover()
        self._sender.start()

    async def stop(self) -> None:
        await self._sender.stop()


def install(parts: Parts) -> Installed:
    settings = parts.settings
    routes = api.routes(
        database=parts.database,
        egress=parts.egress,
        clock=parts.clock,
        rules=WebhookRules(parts.sealer, settings.webhook_quota, parts.urls),
        current_names_only=settings.webhook_current_names_only,
    )
    return Installed(routes=routes, services=[SenderService(parts)])
