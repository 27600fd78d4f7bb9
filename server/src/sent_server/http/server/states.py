"""The states of a connection, their deadlines, and what all connections of a server share."""

from enum import Enum, auto

from starlette.types import ASGIApp

from sent_server.http.server.table import ConnectionTable
from sent_server.kernel.values import value_object

IDLE_S = 75.0
HEAD_S = 10.0
BODY_S = 30.0
ANSWER_S = 30.0
LEAVING_S = 2.0
# A body or response that makes progress gets another second for this many bytes.
BYTES_PER_S = 64 * 1024
HIGH_WATER = 64 * 1024
# A small unread rest of a body is discarded. For a larger one the connection is closed.
MAX_DISCARDED = 1024 * 1024


class ConnectionState(Enum):
    IDLE = auto()
    HEAD = auto()
    BODY = auto()
    ANSWERING = auto()
    LEAVING = auto()


@value_object
class Served:
    """Shared by all connections of a server."""

    app: ASGIApp
    table: ConnectionTable
    doc_url_base: str
