"""Hints that there is work. A lost hint costs a poll interval, never work: the truth is in the database."""

from sent_server.bus.errors import BusError
from sent_server.bus.hints import Bus
from sent_server.bus.local import LocalBus
from sent_server.bus.open import open_bus

__all__ = ["Bus", "BusError", "LocalBus", "open_bus"]
