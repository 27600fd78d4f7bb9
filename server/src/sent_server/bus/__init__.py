"""Hints that work is due. A lost hint costs a poll interval and never work, because jobs are rows in the database."""

from sent_server.bus.errors import BusError
from sent_server.bus.hints import Bus
from sent_server.bus.local import LocalBus
from sent_server.bus.open import open_bus

__all__ = ["Bus", "BusError", "LocalBus", "open_bus"]
