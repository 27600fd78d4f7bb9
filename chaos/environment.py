"""Private PostgreSQL, NATS and Redis on free ports, and clusters of `sent` over them. The standard ports stay alone."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from chaos import sent
from delivery import invariants
from harness import postgres, services
from harness.cluster import Cluster
from harness.postgres import NoPostgresError, Postgres
from harness.services import NoServiceError, Service


class MissingError(Exception):
    """Something that a scenario needs is not on this machine."""


@dataclass
class Environment:
    """`plant` is the bug that every process of the clusters made from here has."""

    folder: Path
    postgres: Postgres
    nats: Service
    redis: Service
    plant: str = ""
    clusters: list[Cluster] = field(default_factory=list)

    def cluster(self, **env: str) -> Cluster:
        """A new migrated database with its own name on the bus and in the cache; no process yet."""
        home = self.folder / f"home-{self.plant}-{len(self.clusters)}"
        home.mkdir()
        made = Cluster.over(
            home,
            self.postgres.create_database(),
            bus_url=f"nats://127.0.0.1:{self.nats.port}",
            cache_url=f"redis://127.0.0.1:{self.redis.port}",
        )
        made.program = sent.command
        made.env |= {"CHAOS_CARRIER_LOG": str(home / "carrier.log"), "CHAOS_PLANT": self.plant, **env}
        self.clusters.append(made)
        return made

    def with_plant(self, plant: str) -> "Environment":
        return Environment(self.folder, self.postgres, self.nats, self.redis, plant)

    def stop_all(self) -> None:
        for cluster in self.clusters:
            for process in cluster.started:
                if process.process.poll() is None:
                    process.kill()


@contextmanager
def prepared() -> Iterator[Environment]:
    """Raises MissingError with what to install."""
    folder = Path(tempfile.mkdtemp(prefix="sent-chaos-"))
    running: list[Service] = []
    database: Postgres | None = None
    try:
        try:
            database = postgres.start_private()
            running.append(nats := services.nats(folder))
            running.append(redis := services.redis(folder))
        except (NoPostgresError, NoServiceError) as reason:
            raise MissingError(str(reason)) from reason
        yield Environment(folder, database, nats, redis)
    finally:
        for service in running:
            service.kill()
        if database:
            database.close()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Rows:
    """Committed rows, and what the carrier's witness wrote."""

    database_url: str
    carrier_log: str

    @classmethod
    def of(cls, cluster: Cluster) -> "Rows":
        return cls(cluster.env["SENT_DATABASE_URL"], cluster.env["CHAOS_CARRIER_LOG"])

    @property
    def query(self) -> invariants.Query:
        return invariants.rows_of(self.database_url)

    def submits(self) -> list[tuple[str, str]]:
        """(pid, attempt id) of every submit that left a worker, in order."""
        path = Path(self.carrier_log)
        lines = path.read_text().splitlines() if path.exists() else []
        return [(pid, attempt) for pid, attempt in (line.split() for line in lines)]


def execute(cluster: Cluster, script: str) -> None:
    """Run statements in the cluster's database."""

    async def go() -> None:
        connection = await asyncpg.connect(cluster.env["SENT_DATABASE_URL"])
        try:
            await connection.execute(script)
        finally:
            await connection.close()

    asyncio.run(go())
