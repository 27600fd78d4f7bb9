"""Processes over real PostgreSQL, NATS and Redis. What may be killed is private to the test."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import NOT_TESTED
from harness import postgres, services
from harness.cluster import Cluster
from harness.services import NoServiceError, Service
from sent_server.db.open import open_database


def _service(start: Callable[[Path], Service], folder: Path) -> Iterator[Service]:
    try:
        running = start(folder)
    except NoServiceError as reason:
        said = f"Parts of server/tests/scale did not run: {reason}"
        if said not in NOT_TESTED:
            NOT_TESTED.append(said)
        pytest.skip(str(reason))
    yield running
    running.kill()


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[Service]:
    yield from _service(services.nats, tmp_path)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Service]:
    yield from _service(services.redis, tmp_path)


@pytest.fixture
def new_database(postgres_server: postgres.Postgres | None) -> Callable[[], str]:
    if postgres_server is None:
        pytest.skip("no PostgreSQL; see the end of this report")
    return postgres_server.create_database


@pytest.fixture
def new_rows(cluster: Cluster) -> Callable[[str], None]:
    """Runs a statement in the cluster's database, beside its processes."""

    def write(sql: str) -> None:
        async def go() -> None:
            database = await open_database(cluster.env["SENT_DATABASE_URL"])
            await database.write(lambda tx: tx.execute(sql))
            await database.close()

        asyncio.run(go())

    return write


@pytest.fixture
def cluster(new_database: Callable[[], str], nats: Service, redis: Service, tmp_path: Path) -> Iterator[Cluster]:
    """Bus and cache are this test's own; no process runs yet."""
    made = Cluster.over(
        tmp_path / "home",
        new_database(),
        bus_url=f"nats://127.0.0.1:{nats.port}",
        cache_url=f"redis://127.0.0.1:{redis.port}",
    )
    yield made
    made.stop()
