"""A connection that closed a moment ago, as uvloop tells of it."""


def closed_underneath(error: BaseException) -> bool:
    """Whether something was written to a connection that the other side had just closed.

    uvloop says so with a bare RuntimeError, for the one turn of the loop before anybody hears that the connection is
    lost; drivers know only of OSError and let it through.
    """
    return isinstance(error, RuntimeError) and "the handler is closed" in str(error)
