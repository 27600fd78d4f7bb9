"""Which functions want which webhook events, and which events they have had. Knows no framework.

Sent delivers at least once, and again whenever it does not get a 2xx. So an event counts as had once all its handlers
have returned; one that raises is answered with an error, and comes again.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from sent_dm.webhooks import WebhookEvent

Handler = Callable[[Any], Any]
H = TypeVar("H", bound=Handler)
REMEMBERED = 10_000
MESSAGES = ("messages", "message")
TEMPLATES = ("templates", "template")
RECEIVED = "message.received"


class Handlers:
    """`events` are remembered by id, the newest 10,000 of this process."""

    def __init__(self) -> None:
        self._handlers: list[tuple[frozenset[str], Handler]] = []
        self._had: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def on(self, *names: str) -> Callable[[H], H]:
        """Call the decorated function with events of these names: `message.delivered`, a parent like `messages`,
        `message.status.updated` for every state of an outbound message, `*` or no name for all."""

        def add(handler: H) -> H:
            self._handlers.append((frozenset(names or ("*",)), handler))
            return handler

        return add

    def wanted(self, event: WebhookEvent) -> list[Handler]:
        names = covering(event)
        return [handler for wanted, handler in self._handlers if wanted & names]

    def has_had(self, event_id: str | None) -> bool:
        with self._lock:
            return event_id in self._had

    def note(self, event_id: str | None) -> None:
        """All handlers have returned for this event."""
        if event_id is None:
            return
        with self._lock:
            self._had[event_id] = None
            while len(self._had) > REMEMBERED:
                self._had.popitem(last=False)


def name_of(event: WebhookEvent) -> str:
    """`message.delivered`, `contact.opt_out`, or `templates`."""
    return event.get("event") or event.get("sub_type") or event.get("type") or str(event.field)


def covering(event: WebhookEvent) -> frozenset[str]:
    """All names under which one can ask for this event."""
    name = name_of(event)
    names = {name, str(event.field), "*"}
    if name.startswith("message."):
        names.update(MESSAGES)
        if name != RECEIVED:
            names.add("message.status.updated")
    if name.startswith("template"):
        names.update(TEMPLATES)
    return frozenset(names)


def id_of(headers: Mapping[str, str], event: WebhookEvent) -> str | None:
    """The same in every attempt to deliver the event; None when its sender gave none."""
    found = {name.lower(): value for name, value in headers.items()}.get("x-webhook-event-id")
    meta = event.get("meta")
    return found or (cast("Mapping[str, Any]", meta).get("request_id") if isinstance(meta, Mapping) else None)
