"""Installs the delivery engine: its jobs, service and maintenance."""

from collections.abc import Awaitable

from sent_server.db import Tx
from sent_server.delivery import prepare, receipt_store, timeouts
from sent_server.delivery.engine import DeliveryEngine
from sent_server.jobs import Kind
from sent_server.messages.topics import dispatch_to
from sent_server.parts import Installed, Parts


def install(parts: Parts) -> Installed:
    def forget_receipts(tx: Tx, now_ms: int) -> Awaitable[int]:
        return receipt_store.forget_old(tx, before_ms=now_ms - parts.settings.receipt_retention_ms)

    dispatches = [Kind(dispatch_to(carrier.name), prepare.LEASE_MS) for carrier in parts.carriers]
    return Installed(
        kinds=[*dispatches, timeouts.kind(parts.bus)],
        services=[DeliveryEngine(parts)],
        chores=[forget_receipts],
    )
