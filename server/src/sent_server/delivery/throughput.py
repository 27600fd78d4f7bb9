"""Rate limits per carrier and per sender number, shared by all workers.

One row per carrier and number stores when it is free again (the generic cell rate algorithm). The row is locked while
messages are claimed, so two workers never use the same allowance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sent_server.connections import service as connections
from sent_server.db import Tx
from sent_server.delivery import store

SECOND_US = 1_000_000
# Unused allowance of this duration may be used at once, so that workers need not wake up for every message.
BURST_US = 50_000


def available(free_at_us: int, per_second: int, now_us: int) -> int:
    """How many messages may leave now."""
    interval_us = SECOND_US // per_second
    return max(0, (now_us + max(BURST_US, interval_us) - max(free_at_us, now_us)) // interval_us)


def spend(free_at_us: int, per_second: int, now_us: int, count: int) -> int:
    """When the name is free again, after `count` messages have left."""
    return max(free_at_us, now_us) + count * (SECOND_US // per_second)


@dataclass(slots=True)
class Allowance:
    """The allowance of a carrier and some senders. A name without a limit has no entry."""

    carrier: str
    now_us: int
    per_second: Mapping[str, int]
    free_at_us: dict[str, int]
    _used: set[str] = field(default_factory=set[str])

    def of_carrier(self, wanted: int) -> int:
        return self._available(self.carrier, wanted)

    def of(self, sender: str, wanted: int) -> int:
        """How many of `wanted` may leave from this number through this carrier."""
        for name in self._names(sender):
            wanted = self._available(name, wanted)
        return wanted

    def use(self, sender: str, count: int) -> None:
        if count == 0:
            return
        for name in self._names(sender):
            self._used.add(name)
            self.free_at_us[name] = spend(self.free_at_us[name], self.per_second[name], self.now_us, count)

    async def write(self, tx: Tx) -> None:
        await store.spend_throughput(tx, [(self.free_at_us[name], name) for name in sorted(self._used)])

    def _available(self, name: str, wanted: int) -> int:
        if name not in self.per_second:
            return wanted
        return min(wanted, available(self.free_at_us[name], self.per_second[name], self.now_us))

    def _names(self, sender: str) -> list[str]:
        return [name for name in (self.carrier, _sender_name(self.carrier, sender)) if name in self.per_second]


async def allowance(
    tx: Tx, carrier: str, senders: Sequence[str], *, carrier_per_second: int | None, now_ms: int
) -> Allowance:
    """Lock and read the limits of the carrier and these senders."""
    limits = await connections.throughput(tx, carrier, senders)
    per_second = {_sender_name(carrier, sender): limit for sender, limit in limits.items()}
    if carrier_per_second:
        per_second[carrier] = carrier_per_second
    free_at_us: dict[str, int] = {}
    if per_second:
        names = sorted(per_second)
        free_at_us = await store.lock_throughput(tx, names)
    return Allowance(carrier, now_ms * 1_000, per_second, free_at_us)


def _sender_name(carrier: str, sender: str) -> str:
    return f"{carrier}/{sender}"
