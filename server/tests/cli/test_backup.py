"""A backup of a server under load starts a server; a restore refuses whatever it should."""

import contextlib
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest

from harness import samples
from harness import server as servers
from harness.messages import wait_for_end
from sent_server.cli import backup
from sent_server.cli.failures import CommandError
from sent_server.db.backup import BadCopyError


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """(folder with `backup`, what was accepted before it, an account's id): taken while messages came in."""
    folder = tmp_path_factory.mktemp("backup")
    running = servers.start(folder / "home", "sqlite", database_url="")
    stop, accepted = threading.Event(), []

    def load() -> None:
        while not stop.is_set():
            body = {"to": [samples.phone() for _ in range(20)], "template": {"id": template_id}, "channel": ["sms"]}
            answer = running.http.acting_as(running.api_key).post("/v3/messages", body)
            assert answer.status == 202, answer.body
            accepted.extend(one["message_id"] for one in answer.data["recipients"])

    made = running.http.post("/v3/templates", samples.template())
    template_id = made.data["id"]
    sending = threading.Thread(target=load)
    sending.start()
    try:
        while len(accepted) < 100:
            stop.wait(0.02)
        before = list(accepted)
        said = running.operate("backup", str(folder / "backup"))
        after = len(accepted)
    finally:
        stop.set()
        sending.join(30)
    held = refused("restore", folder / "backup", "--home", running.home, "--force")
    assert running.stop() == 0
    assert (said["integrity"], "copied to" in said["master_key"]) == ("ok", True)
    assert "uses" in held
    assert "stop it first" in held
    assert after > len(before), "the server took messages while it was copied"
    return folder, before, running


def refused(*arguments: object) -> str:
    done = subprocess.run(
        servers.command(*map(str, arguments)), capture_output=True, env=servers.environment(), timeout=60, check=False
    )
    assert done.returncode == 1, done
    said = done.stderr.decode()
    assert "Traceback" not in said
    return said


def test_a_server_on_a_backup_knows_all_that_was_accepted_before_it(taken, tmp_path, wait_for):
    folder, before, old = taken
    home = tmp_path / "restored"
    said = servers.operate(home, "restore", str(folder / "backup"))
    assert said["put_aside"] is None
    assert said["messages_to_submit"] >= 0
    for name in ("sent.db", "master.key"):
        assert (home / name).stat().st_mode & 0o077 == 0
    running = servers.start(home, "sqlite", database_url="")
    try:
        client = running.client(old.api_key)
        wait_for_end(client, before, timeout_s=60)
    finally:
        assert running.stop() == 0


def test_an_existing_database_is_put_aside_only_by_force(taken, tmp_path):
    folder, _, _ = taken
    home = tmp_path / "home"
    servers.operate(home, "accounts", "create", "In the way")
    old_key = (home / "master.key").read_bytes()
    with pytest.raises(CommandError, match="--force renames it"):
        backup.restore(home, None, folder / "backup", force=False)
    said = servers.operate(home, "restore", str(folder / "backup"), "--force")
    with contextlib.closing(sqlite3.connect(said["put_aside"])) as aside:
        assert aside.execute("SELECT COUNT(*) FROM customers").fetchone() == (1,)
    assert (home / "master.key").read_bytes() == (folder / "backup.master.key").read_bytes() != old_key
    kept = said["put_aside"] + ".master.key"
    assert Path(kept).read_bytes() == old_key


def test_what_is_no_backup_of_ours_is_refused(taken, tmp_path, monkeypatch):
    monkeypatch.delenv("SENT_MASTER_KEY", raising=False)
    folder, _, _ = taken
    home, file = tmp_path / "home", tmp_path / "file"
    url = "postgresql://postgres@127.0.0.1:1/x"

    def restored() -> str:
        with pytest.raises((CommandError, BadCopyError)) as said:
            backup.restore(home, None, file, force=False)
        return str(said.value)

    assert "does not exist" in restored()
    file.write_bytes(b"text" * 5000)
    assert "damaged or not SQLite" in restored()
    whole = (folder / "backup").read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert "damaged" in restored()
    file.write_bytes(whole)
    assert "the master key is neither in SENT_MASTER_KEY nor in" in restored()
    with contextlib.closing(sqlite3.connect(file)) as newer, newer:
        newer.execute("INSERT INTO schema_info VALUES (9999, 9999)")
    assert "Install the newer release first" in restored()
    assert not (home / "sent.db").exists()
    with pytest.raises(CommandError, match="pg_dump"):
        backup.back_up(home, url, file)
    with pytest.raises(CommandError, match="pg_restore"):
        backup.restore(home, url, file, force=False)
    with pytest.raises(CommandError, match="nothing to back up"):
        backup.back_up(home, None, file)
