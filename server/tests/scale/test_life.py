"""How processes start, say that they are ready, drain, and live through an upgrade of the schema."""

import json
import re
import shutil
import sys
import threading
from pathlib import Path

import pytest

import sent_server
from harness import cluster as clusters
from harness import samples, services
from harness.messages import wait_for_status
from harness.receiver import Behaviour
from harness.server import Account
from harness.waiting import equal_to, nothing


def test_readiness_says_no_while_draining_and_requests_under_way_are_finished(cluster, receiver, wait_for):
    api = cluster.api({"SENT_DRAIN_MS": "1500"})
    account = cluster.account(api)
    hook = account.http.post("/v3/webhooks", samples.webhook(receiver.url(), "message.delivered")).data["id"]
    assert api.client().get("/health/ready").status == 204
    receiver.behaviour = Behaviour(after_s=3.0)
    answers = []
    slow = threading.Thread(
        target=lambda: answers.append(
            account.http.post(f"/v3/webhooks/{hook}/test", {"event_type": "message.delivered"})
        )
    )
    slow.start()
    receiver.wait(1)
    api.ask_to_stop()
    probe = api.client()
    wait_for(lambda: probe.get("/health/ready").status, 1, until=equal_to(503))
    refused = probe.get("/health/ready")
    assert refused.error["message"] == "Service temporarily unavailable: this process is draining"
    assert account.http.acting_as(account.api_key).get("/v3/me").status == 200, "it still serves"
    slow.join(10)
    assert [answer.status for answer in answers] == [200]
    assert api.stop() == 0


def test_a_worker_answers_health_checks_on_a_port_of_its_own(cluster):
    worker = cluster.worker({"SENT_HEALTH_PORT": str(services.free_port())})
    health = worker.client()
    assert [health.get(path).status for path in ("/health/live", "/health/ready")] == [204, 204]
    assert health.get("/v3/me").status == 404


@pytest.mark.parametrize("role", ["api", "worker"])
def test_old_processes_live_on_beside_a_newer_schema_that_is_compatible(role, cluster, new_rows, wait_for):
    api, worker = cluster.api(), cluster.worker()
    account = cluster.account(api)
    template_id = clusters.template(account)
    # What a next release's `sent migrate` leaves behind: a version more, which this release may still use.
    new_rows("INSERT INTO schema_info VALUES (9999, 1)")
    new_rows("ALTER TABLE messages ADD COLUMN of_the_next_release TEXT")
    assert api.client().get("/health/ready").status == 204
    (message_id,) = clusters.send(account, template_id, 1)
    wait_for_status(account.http, message_id, "DELIVERED", "READ", timeout_s=10)
    again = getattr(cluster, role)()
    assert again.stop() == 0
    assert worker.stop() == 0


def test_the_next_release_migrates_and_takes_over_while_this_one_serves(cluster, tmp_path, wait_for):
    source = Path(sent_server.__file__).parent
    shutil.copytree(source, tmp_path / "next" / "sent_server")  # compiled, too
    sql = "-- compatible: 1\nALTER TABLE messages ADD COLUMN of_the_next_release TEXT;\n"
    (tmp_path / "next" / "sent_server" / "db" / "migrations" / "9999_next.sql").write_text(sql)
    following = {"PYTHONPATH": str(tmp_path / "next")}
    api, worker = cluster.api(), cluster.worker()
    account = cluster.account(api)
    template_id = clusters.template(account)
    ids = clusters.send(account, template_id, 5)
    migrated = cluster.attempt("migrate", env=following)
    assert (migrated.returncode, json.loads(migrated.stdout)) == (0, {"applied": ["9999_next.sql"]})
    ids += clusters.send(account, template_id, 5)
    newer_worker = cluster.worker(following)
    assert worker.stop() == 0
    ids += clusters.send(account, template_id, 5)
    newer_api = cluster.api(following)
    assert api.client().get("/health/ready").status == 204, "the old release still serves"
    over = Account(account.customer_id, account.api_key, newer_api.client(account.api_key))
    ids += clusters.send(over, template_id, 5)
    assert api.stop() == 0
    for one in ids:
        wait_for_status(over.http, one, "DELIVERED", "READ", timeout_s=30)
    again = cluster.worker()  # the way back: the old release starts on the newer schema
    assert [again.stop(), newer_worker.stop(), newer_api.stop()] == [0, 0, 0]


def test_a_schema_that_needs_a_newer_release_ends_old_processes_and_turns_them_away(cluster, new_rows, wait_for):
    api, worker = cluster.api(), cluster.worker()
    probe = api.client()
    new_rows("INSERT INTO schema_info VALUES (9999, 9999)")
    refused = probe.get("/health/ready")
    assert (refused.status, refused.error["message"]) == (
        503,
        "Service temporarily unavailable: the database needs a newer release",
    )
    wait_for(lambda: [one.role for one in (api, worker) if one.process.poll() is None], 10, until=nothing)
    for one in (api, worker):
        assert one.process.returncode == 1
        assert "needs a release that knows schema 9999" in one.said
        assert "Traceback" not in one.said
    done = cluster.attempt("worker")
    assert done.returncode == 1
    assert b"needs a release that knows schema 9999" in done.stderr


def test_a_process_opens_as_many_files_as_it_may(cluster):
    script = "import resource, os; resource.setrlimit(resource.RLIMIT_NOFILE, (512, 4096)); os.execvp({0!r}, {1!r})"
    program = cluster.program
    cluster.program = lambda *arguments: [
        sys.executable, "-c", script.format((command := program(*arguments))[0], command)
    ]  # fmt: skip
    limits = Path(f"/proc/{cluster.worker().process.pid}/limits").read_text()
    assert re.search(r"Max open files +4096 +4096", limits)


def test_without_its_database_a_process_is_alive_but_not_ready(cluster, new_rows, postgres_server, wait_for):
    api = cluster.api()
    name = cluster.env["SENT_DATABASE_URL"].rpartition("/")[2]
    postgres_server.run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    postgres_server.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    probe = api.client()
    wait_for(lambda: probe.get("/health/ready").status, 5, until=equal_to(503))
    assert probe.get("/health/live").status == 204
    postgres_server.run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    wait_for(lambda: probe.get("/health/ready").status, until=equal_to(204))
