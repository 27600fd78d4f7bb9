"""`sent up` as a script and an operator meet it: a real process, its files, its words."""

import os
import signal
import socket
import stat
import subprocess
from pathlib import Path

import apsw
import orjson
import pytest

from conftest import OwnServer
from harness import server as servers
from harness.waiting import wait_for

TIMEOUT_S = 30


def fails(*arguments: str, **environment: str) -> str:
    """Runs a command that must fail; returns the line that it said."""
    done = subprocess.run(
        servers.command(*arguments),
        capture_output=True,
        env=servers.environment(environment),
        timeout=TIMEOUT_S,
        check=False,
    )
    said = done.stderr.decode()
    assert done.returncode == 1, said
    assert done.stdout == b""
    lines = said.splitlines()
    assert len(lines) == 1, said
    assert lines[0].startswith("sent: ")
    return lines[0]


def test_the_ready_line_is_demo_json_with_the_pid(own_server: OwnServer) -> None:
    running = own_server()
    file = running.home / "demo.json"
    kept = orjson.loads(file.read_bytes())
    assert kept == {
        "base_url": running.base_url,
        "api_key": running.api_key,
        "customer_id": running.customer_id,
        "sender_numbers": running.sender_numbers,
        "template_ids": running.template_ids,
    }
    assert set(kept["sender_numbers"]) == {"sms", "whatsapp", "rcs"}
    assert running.pid == running.process.pid


def test_nobody_else_can_read_what_it_keeps(own_server: OwnServer) -> None:
    running = own_server()
    for file in running.home.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


def test_a_second_start_keeps_the_account_and_its_key(own_server: OwnServer) -> None:
    first = own_server()
    assert first.stop() == 0
    second = own_server(home=first.home, database_url=first.database_url)
    assert (second.customer_id, second.api_key) == (first.customer_id, first.api_key)
    assert second.http.get("/v3/me").status == 200


def test_a_revoked_demo_key_is_replaced_at_the_next_start(own_server: OwnServer) -> None:
    first = own_server()
    for key in first.operate("keys", "list", first.customer_id):
        first.operate("keys", "revoke", key["id"])
    first.stop()
    second = own_server(home=first.home, database_url=first.database_url)
    assert second.customer_id == first.customer_id
    assert second.api_key != first.api_key
    assert second.http.get("/v3/me").status == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_well(own_server: OwnServer, number: int) -> None:
    running = own_server()
    running.process.send_signal(number)
    assert running.process.wait(TIMEOUT_S) == 0
    assert not (running.home / "admin.sock").exists()


def test_a_folder_has_one_server(own_server: OwnServer) -> None:
    running = own_server()
    said = fails("up", "--home", str(running.home), "--port", "0")
    assert f"process {running.pid}" in said
    assert "--home" in said


def test_a_port_that_was_asked_for_is_not_swapped(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = fails("up", "--home", str(tmp_path), "--port", str(port))
    assert f"port {port} is in use by" in said
    assert f"(pid {os.getpid()})" in said


def test_without_a_demo_there_is_no_key_to_find(own_server: OwnServer, tmp_path: Path) -> None:
    process = subprocess.Popen(
        servers.command("up", "--home", str(tmp_path), "--port", "0", "--json", "--no-demo"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=servers.environment(),
    )
    assert process.stdout is not None
    ready = orjson.loads(process.stdout.readline())
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=TIMEOUT_S)
    assert ready == {
        "base_url": ready["base_url"],
        "api_key": None,
        "customer_id": None,
        "sender_numbers": None,
        "template_ids": None,
        "pid": process.pid,
    }
    assert rest == b""
    assert process.returncode == 0
    assert not (tmp_path / "demo.json").exists()


def test_ephemeral_leaves_nothing_behind(tmp_path: Path) -> None:
    process = subprocess.Popen(
        servers.command("up", "--ephemeral", "--port", "0", "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=servers.environment({"TMPDIR": str(tmp_path)}),
    )
    assert process.stdout is not None
    process.stdout.readline()
    assert len(list(tmp_path.glob("sent-*/sent.db"))) == 1
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=TIMEOUT_S)
    assert list(tmp_path.glob("sent-*")) == []


def test_loopback_egress_is_open_and_said_on_the_embedded_default_only(tmp_path: Path) -> None:
    for environment, expected in (({}, True), ({"SENT_EGRESS_ALLOW_LOOPBACK": "false"}, False)):
        process = subprocess.Popen(
            servers.command("up", "--home", str(tmp_path), "--port", "0", "--json"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=servers.environment(environment),
        )
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=TIMEOUT_S)
        assert (b"webhooks may reach this machine" in said) is expected


def test_a_newer_schema_is_refused_in_one_line(tmp_path: Path) -> None:
    connection = apsw.Connection(str(tmp_path / "sent.db"))
    connection.execute("CREATE TABLE schema_info (version BIGINT PRIMARY KEY, compatible_version BIGINT NOT NULL)")
    connection.execute("INSERT INTO schema_info VALUES (999, 999)")
    connection.close()
    said = fails("up", "--home", str(tmp_path), "--port", "0")
    assert "schema 999" in said
    assert "Install the newer release" in said


def test_a_locked_database_is_named(tmp_path: Path) -> None:
    servers.operate(tmp_path, "accounts", "create", "Somebody")
    connection = apsw.Connection(str(tmp_path / "sent.db"))
    connection.execute("BEGIN IMMEDIATE")
    said = fails("up", "--home", str(tmp_path), "--port", "0")
    connection.close()
    assert "holds the database file locked" in said


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "sent.db").write_bytes(b"this is a letter to my aunt, and no database at all" * 20)
    assert "not SQLite" in fails("up", "--home", str(tmp_path), "--port", "0")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"SENT_PORT": "eighty"}, "SENT_PORT"),
        ({"SENT_PORT": "99999"}, "port must be between 0 and 65535"),
        ({"SENT_LOG_LEVEL": "loud"}, "log_level"),
        ({"SENT_DATABASE_URL": "mysql://somewhere"}, "SENT_DATABASE_URL"),
        ({"SENT_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}, "PostgreSQL"),
        ({"SENT_MASTER_KEY": "short"}, "SENT_MASTER_KEY"),
        ({"SENT_CONFIG": "/nowhere/at/all.toml"}, "/nowhere/at/all.toml"),
        ({"SENT_HOST": "192.0.2.1"}, "--host"),
    ],
)
def test_a_bad_setting_is_told_in_one_line(tmp_path: Path, environment: dict[str, str], expected: str) -> None:
    assert expected in fails("up", "--home", str(tmp_path), **{"SENT_PORT": "0", **environment})


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert str(tmp_path / "file") in fails("up", "--home", str(tmp_path / "file" / "home"), "--port", "0")


def test_the_key_goes_to_no_file_and_no_journal(tmp_path: Path) -> None:
    """Standard output that is no terminal is kept somewhere, and read by others."""
    said = tmp_path / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(
            servers.command("up", "--home", str(tmp_path / "home"), "--port", "0"),
            stdout=output,
            stderr=subprocess.STDOUT,
            env=servers.environment(),
        )
    wait_for(lambda: b"Ctrl-C" in said.read_bytes(), 60, what="the start")
    process.send_signal(signal.SIGTERM)
    process.wait(TIMEOUT_S)
    key = orjson.loads((tmp_path / "home" / "demo.json").read_bytes())["api_key"]
    text = said.read_text()
    assert key not in text
    assert f"api_key in {tmp_path / 'home'}/demo.json" in text
    assert "$SENT_DM_API_KEY" in text
