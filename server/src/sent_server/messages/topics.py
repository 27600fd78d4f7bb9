"""The topics of the dispatch work: a kind of job per carrier, so that a slow carrier does not delay the others.

A topic is the kind of the jobs in the table, the hint on the bus and the name of the worker.
"""

DISPATCH = "dispatch:"


def dispatch_to(carrier: str) -> str:
    """The topic of the messages that this carrier is to send."""
    return DISPATCH + carrier
