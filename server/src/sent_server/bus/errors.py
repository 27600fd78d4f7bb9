"""What a bus can fail with, and only at start: later on its loss costs latency."""


class BusError(Exception):
    """The broker cannot be used; the message names the setting and the remedy."""
