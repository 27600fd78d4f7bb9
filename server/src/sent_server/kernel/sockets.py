"""How uvloop reports a connection that has just closed."""


def closed_underneath(error: BaseException) -> bool:
    """Whether the error means a write to a connection that the peer has just closed.

    uvloop raises a bare RuntimeError in the one iteration of the loop before it reports the lost connection. Drivers
    expect OSError and let it pass.
    """
    return isinstance(error, RuntimeError) and "the handler is closed" in str(error)
