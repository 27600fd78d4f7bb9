"""`sent demo`, and the first message of a first start, as a person sees them."""

import os
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path

import orjson

from harness import server as servers
from harness.server import Server

ROOT = Path(__file__).parents[3]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        servers.command("demo", *arguments),
        capture_output=True,
        text=True,
        env=servers.environment(environment),
        timeout=60,
        check=False,
    )


def test_the_demo_finds_its_server_in_the_folder_and_arrives_on_both_channels(server: Server) -> None:
    done = run("--home", str(server.home), "--json")
    assert done.returncode == 0, done.stderr
    shown = orjson.loads(done.stdout)
    assert len(shown["message_ids"]) == 2
    last = {step["message_id"]: (step["channel"], step["status"]) for step in shown["timeline"]}
    assert {channel for channel, _ in last.values()} == {"sms", "whatsapp"}
    assert {status for _, status in last.values()} <= {"DELIVERED", "READ"}


def test_the_environment_of_a_client_names_the_server(server: Server, tmp_path: Path) -> None:
    named = {"SENT_BASE_URL": server.base_url, "SENT_DM_API_KEY": server.api_key}
    done = run("--home", str(tmp_path), "--channel", "sms", **named)
    assert done.returncode == 0, done.stderr
    assert "DELIVERED" in done.stdout


def test_a_key_alone_is_not_sent_to_another_server(server: Server) -> None:
    done = run("--home", str(server.home), "--channel", "sms", SENT_DM_API_KEY="a key of another service")
    assert done.returncode == 0, done.stderr


def test_a_message_that_does_not_arrive_is_a_failure(server: Server) -> None:
    done = run("--home", str(server.home), "--to", "+14155550103", "--channel", "sms")
    assert done.returncode == 1
    assert "FAILED" in done.stdout
    assert done.stderr.startswith("sent: not delivered: ")


def test_no_server_is_said_with_the_next_step(tmp_path: Path) -> None:
    done = run("--home", str(tmp_path))
    assert done.returncode == 1
    assert "run `sent up`" in done.stderr
    done = run("--base-url", "http://127.0.0.1:1", "--api-key", "any")
    assert done.returncode == 1
    assert "is `sent up` running?" in done.stderr


def test_a_first_start_shows_a_message_until_delivered_and_a_curl_that_works(tmp_path: Path) -> None:
    """On a terminal, where the key is shown."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        servers.command("up", "--home", str(tmp_path), "--port", "0"),
        stdout=theirs,
        stderr=subprocess.STDOUT,
        env=servers.environment({"COLUMNS": "80", "TERM": "dumb", "NO_COLOR": "1"}),
    )
    os.close(theirs)
    lines: list[str] = []
    deadline_s = time.monotonic() + 60
    with open(ours, encoding="utf-8", errors="replace") as terminal:
        while not any("Ctrl-C" in line for line in lines) and time.monotonic() < deadline_s:
            lines.append(terminal.readline())
        _check_first_start(process, tmp_path, lines)


def shape(screen: str) -> list[str]:
    """The lines of a first start without what differs from start to start: times, addresses, keys."""
    lines = [line for line in screen.splitlines() if line.strip()]
    return [line.split()[2] if " ms  " in line else line[:8] for line in lines]


def _check_first_start(process: subprocess.Popen[bytes], home: Path, lines: list[str]) -> None:
    statuses = [word for line in lines for word in line.split() if word in ("QUEUED", "ROUTED", "SENT", "DELIVERED")]
    command = shlex.split(next(line for line in lines if line.startswith("curl ")))
    kept = orjson.loads((home / "demo.json").read_bytes())
    http = servers.Client(kept["base_url"], kept["api_key"])
    sent = http.post("/v3/messages", orjson.loads(command[-1]))
    shown = next(line for line in lines if line.startswith("Docs")).split()[1]
    docs = http.request("GET", shown.removeprefix(kept["base_url"]), checked=False)
    http.close()
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert statuses == ["QUEUED", "ROUTED", "SENT", "DELIVERED"]
    assert command[:4] == ["curl", "-X", "POST", f"{kept['base_url']}/v3/messages"]
    assert f"x-api-key: {kept['api_key']}" in command
    assert sent.status == 202
    assert docs.status == 200
    for page in ("README.md", "docs/tutorial/first-message.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        pictured = re.search(r"^```\n(A first message.*?)^```", text, re.MULTILINE | re.DOTALL)
        assert pictured, page
        assert shape(pictured[1]) == shape("".join(lines)), f"{page} shows another screen"
