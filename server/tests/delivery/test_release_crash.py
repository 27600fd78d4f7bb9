"""kill -9 around the release of held messages: each of them goes, and goes once."""

import contextlib
from collections import Counter
from datetime import datetime, timedelta

import pytest

from delivery import invariants
from harness import samples
from harness.server import OwnServer

HOUR_MS = 3_600_000
# More than two batches of a release.
RECIPIENTS = 250


@pytest.mark.parametrize("failpoint", ["release_before_commit:1", "release_before_commit:3", "release_after_commit:2"])
def test_a_crash_around_the_release_neither_loses_nor_doubles(own_server: OwnServer, failpoint: str) -> None:
    server = own_server()
    now = datetime.fromisoformat(server.http.get("/sim/clock").data["now"])
    body = {
        "to": [samples.phone() for _ in range(RECIPIENTS)],
        "template": {"name": "welcome"},
        "channel": ["sms"],
        "scheduled_at": (now + timedelta(hours=1)).isoformat(),
    }
    key = samples.key()
    answer = server.http.post("/v3/messages", body, idempotency_key=key)
    assert answer.status == 202, answer.body
    accepted = [recipient["message_id"] for recipient in answer.data["recipients"]]
    server.stop()

    dying = own_server(home=server.home, database_url=server.database_url, env={"SENT_FAILPOINT": failpoint})
    with contextlib.suppress(Exception):  # the server may die before it answers
        dying.http.post("/sim/clock", {"advance_ms": HOUR_MS})
    assert dying.process.wait(60) == -9, "the failpoint was never reached"

    again = own_server(home=server.home, database_url=server.database_url)
    query = invariants.rows_of(again.database_url)
    invariants.wait_until_ended(query, accepted, 90)
    assert invariants.all_wrong(query, accepted=accepted, keys=[key]) == []
    received = Counter(row[0] for row in query("SELECT message_id FROM handset_messages"))
    assert received == Counter(accepted)
    assert query("SELECT total FROM counters WHERE name = 'messages.held'")[0][0] == 0
