"""Errors of a bus, at startup only. Later, a lost bus only costs latency."""


class BusError(Exception):
    """The broker cannot be used. The message names the setting and the remedy."""
