"""A full disk, a database that only reads, an fsync that fails. I1: what was answered 202 is there; the rest is 503."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chaos import audit, sent
from chaos.environment import Environment, Rows, execute
from chaos.options import Options
from chaos.report import Findings
from chaos.traffic import GONE
from harness import cluster as clusters
from harness import samples
from harness import server as servers
from harness.client import Client, Response
from harness.server import Server

NAME = "disk"
INVARIANTS = "I1 I2 I3"
PLANTS = ("full_disk_unforeseen", "fsync_errors_ignored")
SMALL_DISK = "64m"
REFUSED_WITHIN_S = 1.0
# So many are on their way, at a carrier that thinks for so long, when the database stops taking writes.
UNDER_WAY = 60
CARRIER_MS = 800
FSYNC_EXIT_CODE = 74
SHIM = Path(__file__).with_name("badfsync.c")


def run(environment: Environment, options: Options) -> Findings:
    found = Findings(NAME)
    if environment.plant != "fsync_errors_ignored":
        _full_disk(environment, options, found)
    if environment.plant != "full_disk_unforeseen":
        _failed_fsync(environment, found)
    if not environment.plant:
        _reads_only(environment, options, found)
    return found


class Sends:
    """Single messages, each under a key of its own."""

    def __init__(self, client: Client, template_id: str) -> None:
        self.client = client
        self.template_id = template_id
        self.accepted: dict[str, str] = {}
        self.slowest_refusal_s = 0.0
        self.wrong: list[str] = []

    def one(self) -> Response:
        key = samples.key()
        body = {"to": [samples.phone()], "template": {"id": self.template_id}, "channel": ["sms"]}
        started_s = time.monotonic()
        answer = self.client.post("/v3/messages", body, idempotency_key=key, timeout_s=10)
        if answer.status == 202:
            self.accepted[key] = answer.data["recipients"][0]["message_id"]
        else:
            self.slowest_refusal_s = max(self.slowest_refusal_s, time.monotonic() - started_s)
            if (answer.status, answer.code) != (503, "INTERNAL_005"):
                self.wrong.append(f"a send was answered {answer.status} {answer.code}")
        return answer

    def refused(self, wanted: int, *, at_most: int) -> int:
        """Send until so many were refused; what still fits somewhere is accepted."""
        refused = 0
        for _ in range(at_most):
            refused += self.one().status != 202
            if refused == wanted:
                break
        return refused

    def judge(self, found: Findings, what: str, refused: int, options: Options) -> None:
        figure = f"{refused} refused, the slowest in {self.slowest_refusal_s * 1000:.0f} ms"
        slow = not options.short and self.slowest_refusal_s > REFUSED_WITHIN_S
        none = [] if refused else ["nothing was refused, so this run says nothing"]
        found.add(f"{what}: 503 within a second", figure, [*self.wrong, *none, *(["too slow"] if slow else [])])
        reads = [self.client.get(target) for target in ("/v3/me", "/v3/contacts?page=1&page_size=10")]
        failed = [f"answered {one.status} {one.error['message']}" for one in reads if one.status != 200]
        found.add(f"{what}: reads continue", f"{len(reads) - len(failed)} of {len(reads)} answered", failed)

    def judge_recovery(self, found: Findings, what: str) -> None:
        took_s = audit.until(lambda: self.one().status == 202, 10, every_s=0.05)
        found.require(
            f"{what}: well again without a restart",
            "never" if took_s is None else f"after {took_s:.2f} s",
            took_s is not None,
        )


def _full_disk(environment: Environment, options: Options, found: Findings) -> None:
    with _small_disk(environment.folder / "small") as disk:
        if disk is None:
            found.skip("full disk", "mounting a small disk needs root (and permission to mount)")
            return
        server, rows = _up(environment, disk, CHAOS_CARRIER_MS=str(CARRIER_MS))
        sends = Sends(server.http, _template(server))
        for _ in range(UNDER_WAY):
            sends.one()
        ballast = disk / "ballast"
        _fill(ballast)
        refused = sends.refused(20, at_most=2_000)
        sends.judge(found, "full disk", refused, options)
        ballast.unlink()
        sends.judge_recovery(found, "full disk")
        ids = sorted(sends.accepted.values())
        audit.settled(rows, ids, 30)
        audit.everything(found, rows, accepted=ids, keys=list(sends.accepted))
        found.require(
            "full disk: the process lives on", "and ends cleanly", server.stop() == 0, "it did not end cleanly"
        )


def _failed_fsync(environment: Environment, found: Findings) -> None:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        found.skip(
            "an fsync error ends the process", "no gcc on this machine to build the shim (apt install gcc libc-dev)"
        )
        return
    folder = environment.folder / f"fsync-{environment.plant}"
    folder.mkdir()
    shim, flag = folder / "badfsync.so", folder / "fails"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(shim), str(SHIM), "-ldl"], check=True)
    server, rows = _up(environment, folder, LD_PRELOAD=str(shim), CHAOS_FSYNC_FAILS=str(flag))
    sends = Sends(server.http, _template(server))
    for _ in range(5):
        sends.one()
    flag.touch()
    answered: list[int] = []
    with contextlib.suppress(*GONE):
        answered.append(sends.one().status)
    code: int | None = None
    with contextlib.suppress(subprocess.TimeoutExpired):
        code = server.process.wait(10)
    found.add("an fsync error ends the process", f"exit code {code}", [
        *([] if code == FSYNC_EXIT_CODE else [f"exit code {code} instead of {FSYNC_EXIT_CODE}"]),
        *(["a send was answered 202 though its fsync failed"] if 202 in answered else []),
    ])  # fmt: skip
    server.process.kill()
    server.process.wait(10)
    flag.unlink()
    if environment.plant:
        return
    again, rows = _up(environment, folder)
    ids = sorted(sends.accepted.values())
    audit.settled(rows, ids, 30)
    wrong = audit.invariants.i1_accepted_messages_exist_and_end(rows.query, ids)
    found.add("I1", f"{len(ids)} accepted before it are there after the restart", wrong)
    again.stop()


def _reads_only(environment: Environment, options: Options, found: Findings) -> None:
    """PostgreSQL as it is behind a failover: it answers, and takes no writes."""
    cluster = environment.cluster(CHAOS_CARRIER_MS=str(CARRIER_MS))
    api = cluster.api()
    cluster.worker()
    account = cluster.account(api)
    sends = Sends(account.http, clusters.template(account))
    for _ in range(UNDER_WAY):
        sends.one()
    execute(cluster, "ALTER SYSTEM SET default_transaction_read_only = on")
    execute(cluster, "SELECT pg_reload_conf()")
    time.sleep(0.5)
    refused = sends.refused(20, at_most=100)
    sends.judge(found, "read-only PostgreSQL", refused, options)
    execute(cluster, "ALTER SYSTEM RESET default_transaction_read_only")
    execute(cluster, "SELECT pg_reload_conf()")
    sends.judge_recovery(found, "read-only PostgreSQL")
    rows, ids = Rows.of(cluster), sorted(sends.accepted.values())
    audit.settled(rows, ids, 30)
    audit.everything(found, rows, accepted=ids, keys=list(sends.accepted))
    cluster.stop()


def _up(environment: Environment, home: Path, **env: str) -> tuple[Server, Rows]:
    """One process on SQLite in that folder. The carrier's log is elsewhere: it must not fill up with the disk."""
    log = environment.folder / f"carrier-{home.name}-{environment.plant}.log"
    url = f"sqlite:///{home / 'sent.db'}"
    env = {"CHAOS_CARRIER_LOG": str(log), "CHAOS_PLANT": environment.plant, **env}
    return servers.start(home, "sqlite", database_url=url, env=env, program=sent.command), Rows(url, str(log))


def _template(server: Server) -> str:
    made: Any = server.http.post("/v3/templates", samples.template())
    assert made.status == 201, made.body
    return str(made.data["id"])


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path | None]:
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(folder)]
    if os.getuid() != 0 or not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode != 0:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _fill(ballast: Path) -> None:
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 4_096, 1):
            with contextlib.suppress(OSError):
                while file.write(b"\0" * size):
                    pass
