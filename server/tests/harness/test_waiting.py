"""What a failing wait says. The failures here are real ones."""

import pytest

from delivery import invariants
from harness import samples, waiting
from harness.backends import Backend
from harness.messages import wait_for_end
from harness.receiver import Behaviour, Receiver
from harness.server import OwnServer, Server
from harness.server_logs import SHOWN_LINES, ServerLog
from harness.waiting import at_least, equal_to, nothing, wait_for


def failure_of(*args: object, **options: object) -> str:
    with pytest.raises(AssertionError) as failed:
        wait_for(*args, **options)  # type: ignore[arg-type]
    return str(failed.value)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE_S", 0)


def test_the_value_is_returned_as_soon_as_it_will_do() -> None:
    values = iter([0, 1, 2, 3])
    assert wait_for(lambda: next(values), until=equal_to(2), every_s=0) == 2
    assert next(values) == 3


def test_a_failure_names_what_was_awaited_and_the_value_seen_last() -> None:
    assert failure_of(lambda: "QUEUED", 0, until=equal_to("SENT"), what="a status") == (
        "waited 0 s for a status; last seen: 'QUEUED'\nno server logged anything since then"
    )


def test_without_a_name_it_is_the_test_that_is_named() -> None:
    assert failure_of(lambda: 0, 0).startswith("waited 0 s for test_without_a_name_it_is_the_test_that_is_named")


def test_of_many_problems_the_first_ones_are_shown_and_all_are_counted() -> None:
    problems = [f"message {number} is still QUEUED" for number in range(200)]
    assert failure_of(lambda: problems, 0, until=nothing, what="no problems") == (
        "waited 0 s for no problems; last seen: 200 items; the first 3:\n"
        "  'message 0 is still QUEUED'\n  'message 1 is still QUEUED'\n  'message 2 is still QUEUED'\n"
        "no server logged anything since then"
    )


def test_a_large_value_is_cut() -> None:
    text = failure_of(lambda: "x" * 100_000, 0, until=equal_to(""))
    assert "x ... (100002 characters)" in text
    assert len(text) < 1_000


def test_log_lines_from_before_the_wait_are_not_shown() -> None:
    log = ServerLog("a server")
    log.append(b"long ago\n")

    def look() -> list[str]:
        for number in range(20):
            log.append(b"line %d\n" % number)
        return []

    text = failure_of(look, 0, until=at_least(1), what="something")
    assert text.startswith(f"waited 0 s for something; last seen: []\nlast {SHOWN_LINES} of 20 log lines of a server")
    assert text.endswith("line 18\nline 19")
    assert "long ago" not in text
    assert "line 4\n" not in text


def test_a_message_that_does_not_end_shows_its_status_its_activities_and_the_servers_log(
    own_server: OwnServer, receiver: Receiver
) -> None:
    server = own_server()
    faults = [{"channel": "sms", "kind": "no_receipt", "probability": 1}]
    assert server.http.put("/sim/faults", {"faults": faults}).status == 200
    receiver.behaviour = Behaviour(410, after_s=0.5)  # makes the server log a line while we wait
    assert server.http.post("/v3/webhooks", samples.webhook(receiver.url(), "message.queued")).status == 201
    body = {"to": [samples.phone()], "template": {"name": "welcome"}, "channel": ["sms"]}
    sent = server.http.post("/v3/messages", body)
    message_id = sent.data["recipients"][0]["message_id"]
    with pytest.raises(AssertionError) as failed:
        wait_for_end(server.http, sent, timeout_s=3)
    first, second, *rest = str(failed.value).splitlines()
    assert first.startswith(f"waited 3 s for {message_id} to be DELIVERED or READ or FAILED")
    assert first.endswith(f"; last seen: {{'{message_id}': 'SENT'}}")
    assert second == f"activities of {message_id}:"
    assert [line.split()[1] for line in rest[:4]] == ["QUEUED", "PROCESSED", "ROUTED", "SENT"]
    where = f"sent up (pid {server.pid}) at {server.base_url}"
    assert rest[4] == f"last 1 of 1 log lines of {where} since then:"
    assert "webhook.disabled" in rest[5]


def test_a_message_that_does_not_end_shows_its_rows_where_no_server_answers(backend: Backend, server: Server) -> None:
    query = invariants.rows_of(server.database_url)
    with pytest.raises(AssertionError) as failed:
        invariants.wait_until_ended(query, ["lost"], 0)
    text = str(failed.value)
    assert "lost was accepted and is gone" in text
    assert "rows of lost, now " in text
    assert "  jobs none" in text
