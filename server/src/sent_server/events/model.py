"""Events for receivers."""

from collections.abc import Mapping
from typing import Any

from sent_server.kernel.values import value_object


@value_object
class Event:
    """`name` is dotted (`message.delivered`) or `templates`. `subject_id` is the id of the message or template.

    `payload` is the `payload` object of contract/webhooks.md, section 3. `callback_url` is an additional receiver
    from the request.
    """

    customer_id: str
    name: str
    subject_id: str
    payload: Mapping[str, Any]
    at_ms: int
    callback_url: str | None = None
