"""`sent doctor` over real services: what is right, what is wrong, and the next step."""

import asyncio
import json
import os
import subprocess
from collections.abc import Iterable

from harness import server as servers
from harness import services
from harness.cluster import Cluster
from sent_server import settings
from sent_server.cli import doctor


def examined(cluster: Cluster, **env: str) -> dict[str, tuple[str, str]]:
    """check -> (level, found and remedy). A check that found two things keeps the worse."""
    found = asyncio.run(doctor.examine(settings.load(environ={**cluster.env, **env})))
    return worst((one.check, str(one.level), one.found, one.remedy) for one in found)


def worst(found: Iterable[tuple[str, str, str, str]]) -> dict[str, tuple[str, str]]:
    rising = sorted(found, key=lambda one: ("ok", "warning", "problem").index(one[1]))
    return {check: (level, f"{said} -> {remedy}") for check, level, said, remedy in rising}


def test_a_healthy_cluster_is_told_so(cluster, wait_for):
    cluster.worker()
    done = cluster.attempt("doctor", env={"SENT_DATABSE_CONNECTIONS": "3"})
    said = json.loads(done.stdout)
    assert (done.returncode, said["healthy"]) == (0, True), said
    found = worst(tuple(one.values()) for one in said["findings"])
    assert found["settings"][0] == "warning"
    assert "did you mean SENT_DATABASE_CONNECTIONS?" in found["settings"][1]
    fine = (
        "files",
        "database",
        "database.durability",
        "database.schema",
        "master_key",
        "clock",
        "bus",
        "bus.stream",
        "cache",
    )
    assert {name: found[name][0] for name in fine} == dict.fromkeys(fine, "ok")
    # The Redis of the tests keeps nothing on disk.
    assert found["cache.memory"][0] == "warning"
    assert "set appendonly yes" in found["cache.memory"][1]


def test_every_service_out_of_reach_is_named_with_its_remedy(cluster):
    nowhere = {
        "SENT_DATABASE_URL": "postgresql://postgres@127.0.0.1:1/x",
        "SENT_BUS_URL": "nats://127.0.0.1:1",
        "SENT_CACHE_URL": "redis://127.0.0.1:1",
    }
    done = cluster.attempt("doctor", env=nowhere)
    said = done.stderr.decode()
    assert (done.returncode, json.loads(done.stdout)["healthy"]) == (1, False)
    found = worst(tuple(one.values()) for one in json.loads(done.stdout)["findings"])
    assert [found[name][0] for name in ("database", "bus", "cache")] == ["problem"] * 3
    assert "correct SENT_DATABASE_URL" in found["database"][1]
    assert "correct SENT_BUS_URL" in found["bus"][1]
    assert "SENT_CACHE_URL" in found["cache"][1]
    assert "3 problems found" in said
    assert "Traceback" not in said


def test_schema_key_and_settings_are_examined(cluster, new_rows, new_database):
    found = examined(cluster, SENT_DATABASE_URL=new_database())
    assert found["database.schema"] == ("problem", "this database is empty -> run `sent migrate` once")
    cluster.command("accounts", "create", "First")
    found = examined(cluster, SENT_MASTER_KEY="ab" * 32)
    assert found["master_key"][0] == "problem"
    assert "is not the one this database was sealed with" in found["master_key"][1]
    assert examined(cluster, SENT_DATABASE_CONNECTIONS="5000")["database.connections"][0] == "problem"
    new_rows("INSERT INTO schema_info VALUES (9998, 1)")
    assert examined(cluster)["database.schema"][0] == "ok"
    new_rows("INSERT INTO schema_info VALUES (9999, 9999)")
    level, said = examined(cluster)["database.schema"]
    assert level == "problem"
    assert "install the newer release" in said


def test_a_broker_without_jetstream_or_with_a_password_is_a_problem(cluster, tmp_path):
    plain = services.nats(tmp_path / "plain", jetstream=False)
    try:
        found = examined(cluster, SENT_BUS_URL=f"nats://127.0.0.1:{plain.port}")
        assert "start it with `nats-server -js`" in found["bus"][1]
        plain.kill()
        plain.command = [*plain.command, "--user", "sent", "--pass", "secret"]
        plain.start()
        found = examined(cluster, SENT_BUS_URL=f"nats://sent:wrong@127.0.0.1:{plain.port}")
    finally:
        plain.kill()
    assert "user or password" in found["bus"][1]
    assert "wrong" not in found["bus"][1]


def test_on_sqlite_the_doctor_makes_nothing_and_names_loose_modes(tmp_path):
    home = tmp_path / "home"

    def look() -> str:
        found = asyncio.run(doctor.examine(settings.load(environ={"SENT_HOME": str(home)})))
        return "".join(f"{one.level} {one.found} {one.remedy}\n" for one in found)

    assert "problem" not in look()
    assert not home.exists()
    servers.operate(home, "accounts", "create", "First")
    said = look()
    assert ("problem" in said, "is intact" in said, "opens the sealed secrets" in said) == (False, True, True), said
    os.chmod(home / "master.key", 0o644)
    assert f"chmod 600 {home / 'master.key'}" in look()
    os.chmod(home / "master.key", 0o600)
    (home / "sent.db-wal").unlink(missing_ok=True)
    (home / "sent.db").write_bytes(b"no database at all" * 1000)
    assert "is damaged" in look()


def test_exposure_is_told_as_the_server_that_starts_here_has_it(tmp_path):
    def look(**env: str) -> tuple[str, str]:
        clean = {name: text for name, text in servers.environment().items() if name != "SENT_EGRESS_ALLOW_LOOPBACK"}
        arguments = servers.command("doctor", "--home", str(tmp_path / "home"), "--json")
        done = subprocess.run(arguments, capture_output=True, env={**clean, **env}, timeout=60, check=True)
        return worst(tuple(one.values()) for one in json.loads(done.stdout)["findings"])["exposure"]

    level, said = look()
    assert (level, "to this machine" in said) == ("ok", True), said
    level, said = look(SENT_EGRESS_ALLOW_LOOPBACK="false")
    assert (level, "to this machine" in said) == ("ok", False), said
    level, said = look(SENT_HOST="0.0.0.0")
    assert (level, "without TLS" in said) == ("warning", True), said
