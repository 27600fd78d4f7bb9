"""Outgoing events, written in the transaction of their change, and the queue of their deliveries.

Owns the tables subscriptions, events, fan_outs and deliveries. Of a webhook, only the endpoint's id is known here.
"""

from sent_server.events.emit import TOPIC, callback_endpoint_id, emit, note
from sent_server.events.fan_out import next_portion, write_portion
from sent_server.events.fan_out_store import customers as fanning_out
from sent_server.events.filters import Filters
from sent_server.events.interest import Interest, interest
from sent_server.events.model import Event
from sent_server.events.parked_store import drop_due, drop_parked, fail_beyond, fail_older, park_due, release
from sent_server.events.queue_store import (
    ClaimedDelivery,
    DeliveryProgress,
    DueEndpoint,
    Share,
    claim,
    contents,
    due_endpoints,
    give_up,
    record,
    release_all,
    release_endpoints,
)
from sent_server.events.replay_store import Span, replay_one, replay_span
from sent_server.events.store import (
    EventContent,
    LogEntry,
    count_parked,
    forget_counts,
    forget_endpoint,
    forget_events,
    forget_old,
    forget_parked_count,
    has_log,
    log_page,
    subscribe,
    subscribe_to_profiles,
    unsubscribe,
)

__all__ = [
    "TOPIC",
    "ClaimedDelivery",
    "DeliveryProgress",
    "DueEndpoint",
    "Event",
    "EventContent",
    "Filters",
    "Interest",
    "LogEntry",
    "Share",
    "Span",
    "callback_endpoint_id",
    "claim",
    "contents",
    "count_parked",
    "drop_due",
    "drop_parked",
    "due_endpoints",
    "emit",
    "fail_beyond",
    "fail_older",
    "fanning_out",
    "forget_counts",
    "forget_endpoint",
    "forget_events",
    "forget_old",
    "forget_parked_count",
    "give_up",
    "has_log",
    "interest",
    "log_page",
    "next_portion",
    "note",
    "park_due",
    "record",
    "release",
    "release_all",
    "release_endpoints",
    "replay_one",
    "replay_span",
    "subscribe",
    "subscribe_to_profiles",
    "unsubscribe",
    "write_portion",
]
