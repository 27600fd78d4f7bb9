"""Connections and senders."""

from enum import StrEnum

from sent_server.kernel.values import value_object


class SenderKind(StrEnum):
    NUMBER = "number"
    SHORT_CODE = "short_code"
    ALPHANUMERIC = "alphanumeric"
    POOL = "pool"
    AGENT = "agent"


class ConnectionState(StrEnum):
    """READY, or PAUSED until a time or until somebody acts."""

    READY = "ready"
    PAUSED = "paused"


@value_object
class Connection:
    """`id` is the carrier's name in plans and receipts. Without `customer_id` it belongs to the installation.

    A paused connection says why, until when (None: until somebody acts), and who has to act.
    """

    id: str
    customer_id: str | None
    driver: str
    state: ConnectionState
    paused_until_ms: int | None = None
    paused_reason: str | None = None
    paused_for: str | None = None


@value_object
class Sender:
    """`value` is our number (E.164), short code, sender id or agent at the connection.

    `country` and `number_type` are those of its market; a default sender has none. `messages_per_second` None means
    unlimited. `is_default` is 1 or 0. `mms` is 1 for an SMS sender of an account that sends MMS.
    """

    channel: str
    connection_id: str
    value: str
    kind: str
    business_name: str | None
    country: str | None
    number_type: str | None
    messages_per_second: int | None
    is_default: int
    created_at_ms: int
    mms: int = 0
