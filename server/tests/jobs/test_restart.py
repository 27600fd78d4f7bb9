"""kill -9 with a job of each kind claimed: the next start on SQLite goes on at once, not when the lease is over."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import database, routes, samples
from harness import server as servers
from harness.rows import OWN_COMPLIANCE
from harness.server import Server
from harness.waiting import wait_for

DISPATCH = "dispatch:simulator"


def _invite(server: Server) -> None:
    server.http.post("/v3/users", samples.user())


def _submit_template(server: Server) -> None:
    server.http.post("/v3/templates", samples.template(submit_for_review=True))


def _complete_profile(server: Server) -> None:
    profile = {"name": "Restarted", **OWN_COMPLIANCE, "brand": samples.nested_brand()}
    made = server.http.post("/v3/profiles", profile)
    assert made.status == 201, made.body
    path = f"/v3/profiles/{made.data['id']}"
    assert server.http.post(f"{path}/campaigns", samples.campaign()).status == 201
    completed = server.http.post(f"{path}/complete", {"webHookUrl": "https://example.com/done"})
    assert completed.status < 300, completed.body


def _send(server: Server) -> None:
    body = {"to": [samples.phone()], "template": {"id": server.template_ids["welcome"]}}
    server.http.post("/v3/messages", body)


def _order_market(server: Server) -> None:
    server.http.post("/v3/channels/sms", {"country": "GB", "number_type": "ALPHANUMERIC", "sender_value": "ACME"})


# Of each kind that is leased across commits: what makes such a job.
CAUSES: dict[str, Callable[[Server], None]] = {
    "mail": _invite,
    "template_review": _submit_template,
    "brand_filing": _complete_profile,
    "campaign_filing": _complete_profile,
    "market_setup": _order_market,
    DISPATCH: _send,
}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    running: list[Server] = []

    def start_one(**env: str) -> Server:
        url = f"sqlite:///{tmp_path / 'sent.db'}"
        running.append(servers.start(tmp_path, "sqlite", database_url=url, env=env, tier="unlimited"))
        return running[-1]

    yield start_one
    for server in running:
        server.stop()


def test_every_kind_that_holds_a_lease_is_killed_below() -> None:
    """A new kind of job needs a line in CAUSES."""
    kinds = routes.platform().kinds.kinds
    assert {name for name, kind in kinds.items() if kind.is_leased_across_commits} == set(CAUSES)


@pytest.mark.parametrize("kind", CAUSES)
def test_a_restart_takes_the_job_over_at_once(start: Callable[..., Server], kind: str) -> None:
    failpoint = "after_prepare_before_submit" if kind == DISPATCH else f"{kind}_called_before_record"
    first = start(SENT_FAILPOINT=failpoint)
    try:
        CAUSES[kind](first)
    except OSError:  # it died before it answered
        pass
    assert first.process.wait(60) == -9, "the failpoint was never reached"
    claimed = f"SELECT id, fence FROM jobs WHERE kind = '{kind}' AND fence > 0 ORDER BY id"
    ((job_id, fence),) = database.rows(first.database_url, claimed)
    # As if it had been claimed at this moment, however long the start takes.
    lease_ms = routes.platform().kinds.kinds[kind].lease_ms
    now = "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
    database.change(first.database_url, f"UPDATE jobs SET due_at_ms = {now} + {lease_ms} WHERE id = '{job_id}'")
    again = start()
    held = f"SELECT id FROM jobs WHERE id = '{job_id}' AND kind = '{kind}' AND fence = {fence}"
    wait_for(
        lambda: not database.rows(again.database_url, held),
        lease_ms / 2000,
        exactly=True,
        what=f"the {kind} job to go on",
    )
