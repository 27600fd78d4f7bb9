"""Which webhooks want which events. Callers build the payloads of wanted events only."""

from collections.abc import Sequence

from sent_server.db import Tx
from sent_server.events import store
from sent_server.events.names import Label
from sent_server.events.store import SubscriptionRow
from sent_server.kernel.values import value_object


@value_object
class Subscriber:
    """`parks`: the webhook is disabled. Its events are kept and are sent when it is enabled again.

    `owner_id` is the customer that owns the webhook: that of the event, or its organization.
    """

    owner_id: str
    endpoint_id: str
    label: Label
    parks: bool


class Interest:
    """The webhooks of some customers by wanted event, read in one statement.

    `fanning_out` has the customers with deliveries that are not written yet, and the newest of their rows.
    """

    __slots__ = ("_by_event", "fanning_out")

    def __init__(self, rows: Sequence[tuple[SubscriptionRow, str]]) -> None:
        self._by_event: dict[tuple[str, str], list[Subscriber]] = {}
        self.fanning_out: dict[str, str] = {}
        for (customer_id, event_name, endpoint_id, field, names_event, parks), owner_id in rows:
            if not event_name:
                self.fanning_out[customer_id] = endpoint_id
                continue
            receivers = self._by_event.setdefault((customer_id, event_name), [])
            receivers.append(Subscriber(owner_id, endpoint_id, Label(field, bool(names_event)), bool(parks)))

    def wants(self, customer_id: str, name: str) -> bool:
        """Whether a webhook wants the event. Does not include callback addresses, which receive every event."""
        return (customer_id, name) in self._by_event

    def receivers(self, customer_id: str, name: str) -> Sequence[Subscriber]:
        """The webhooks that want the event."""
        return self._by_event.get((customer_id, name), ())


async def interest(tx: Tx, customer_ids: Sequence[str]) -> Interest:
    """Read the interest of any number of customers in one statement."""
    return Interest(await store.wanted(tx, customer_ids))
