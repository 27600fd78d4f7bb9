"""Outgoing events, written in the transaction of the change they tell of."""

from sent_server.events.model import Event

__all__ = ["Event"]
