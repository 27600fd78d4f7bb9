"""Hints that there is work. A lost hint costs a poll interval, never work: the truth is in the database."""

from sent_server.bus.local import LocalBus

__all__ = ["LocalBus"]
