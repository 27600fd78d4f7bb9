"""The error catalogue and the one exception that carries it to the edge.

    Exception
    └── ApiError            a caller's mistake or a documented refusal; rendered as the envelope
Everything else that escapes a handler is a bug and answers INTERNAL_001.
"""

from sent_server.errors.catalogue import CATALOGUE, ErrorEntry
from sent_server.errors.raised import ApiError, Details

__all__ = ["CATALOGUE", "ApiError", "Details", "ErrorEntry"]
