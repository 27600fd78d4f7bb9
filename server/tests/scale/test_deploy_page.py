"""The page on deployment, run as it stands: its tested blocks, in order, on services of this test."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from conftest import NOT_TESTED
from harness import database, services
from harness import server as servers
from harness.cluster import Cluster

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "how-to" / "deploy.md"
EXAMPLE = ROOT / "deploy" / "systemd" / "sent.env.example"
# Indented in a list, too.
BLOCK = re.compile(r"^ *<!-- tested -->\n *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SECOND_DATABASE = "sent_restored"


def commands_folder() -> str:
    """Where `sent` of this environment and PostgreSQL's programs are."""
    postgres = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    own = Path(servers.command()[0]).parent
    return os.pathsep.join([str(own), *map(str, postgres[-1:]), os.environ["PATH"]])


def test_the_page_leads_from_nothing_to_a_delivered_message_and_a_restored_dump(
    new_database, nats, redis, postgres_server, tmp_path
):
    url = new_database()
    if reason := cannot_run(url):
        NOT_TESTED.append(f"docs/how-to/deploy.md was not run: {reason}")
        pytest.skip(reason)
    folder, port = tmp_path / "etc", services.free_port()
    folder.mkdir()
    shutil.copy(EXAMPLE, folder / "sent.env")
    second = f"{urlsplit(url).path[1:]}_restored"
    configure, *blocks = [
        block.replace("/etc/sent", str(folder)).replace(":8080", f":{port}").replace(SECOND_DATABASE, second)
        for block in BLOCK.findall(PAGE.read_text())
    ]
    environ = {**servers.environment(), "PATH": commands_folder(), "DB_PASSWORD": "secret"}
    run(configure, environ, tmp_path)
    written = dict(line.split("=", 1) for line in (folder / "sent.env").read_text().splitlines() if line[:1] == "S")
    assert ":secret@" in written["SENT_DATABASE_URL"]
    ours = {
        "SENT_DATABASE_URL": url,
        "SENT_BUS_URL": f"nats://127.0.0.1:{nats.port}",
        "SENT_CACHE_URL": f"redis://127.0.0.1:{redis.port}",
        "SENT_HOME": str(tmp_path / "home"),
        "SENT_DRAIN_MS": "0",
    }
    environ |= {**written, **ours}
    cluster = Cluster(tmp_path / "home", {**written, **ours})
    try:
        first = next(number for number, block in enumerate(blocks) if "/health/ready" in block)
        run("".join(blocks[:first]), environ, tmp_path)
        api = cluster.api(port=port)
        for _ in range(2):
            cluster.worker()
        said = run("".join(blocks[first:]), environ, tmp_path)
        assert "DELIVERED" in said
        assert "due" in said
        assert api.process.poll() is None
    finally:
        cluster.stop()
        for (name,) in database.rows(url, f"SELECT datname FROM pg_database WHERE datname LIKE '{second}%'"):
            postgres_server.run(f'DROP DATABASE "{name}" WITH (FORCE)')


def cannot_run(url: str) -> str:
    """Why this machine lacks what the page asks for; pg_dump refuses servers newer than itself."""
    for program in ("psql", "pg_dump", "pg_restore", "curl", "openssl"):
        if not shutil.which(program, path=commands_folder()):
            return f"no {program} on this machine"
    environ = {**servers.environment(), "PATH": commands_folder(), "URL": url}
    number = run('psql "$URL" -tAc "SHOW server_version_num"', environ, Path("/"))
    client = run("pg_dump --version", environ, Path("/"))
    found = re.search(r"(\d+)", client)
    assert found
    return f"{client.strip()} is older than the server" if int(found[1]) < int(number) // 10_000 else ""


def run(script: str, environ: dict[str, str], folder: Path) -> str:
    """One shell that stops at the first failure, and shows what it ran."""
    done = subprocess.run(
        ["bash", "-exuo", "pipefail", "-c", script],
        env=environ,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
