"""Fixtures of the integrations' tests: Redis, and a way to the server on which things go wrong."""

import itertools
import random
from collections.abc import Callable, Iterator

import pytest

from gateway import Gateway
from harness import services
from harness.waiting import wait_for as wait
from sent_dm import SentDm


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of this process alone."""
    try:
        redis = services.redis(tmp_path_factory.mktemp("redis"))
    except services.NoServiceError as reason:
        pytest.skip(f"NOT TESTED: the Celery integration: {reason}")
    yield f"redis://127.0.0.1:{redis.port}/0"
    redis.kill()


@pytest.fixture(scope="session")
def gateway(server) -> Iterator[Gateway]:
    with Gateway(server.base_url) as running:
        yield running


@pytest.fixture(scope="session")
def client(server) -> Iterator[SentDm]:
    """Past the gateway."""
    with SentDm(server.api_key, base_url=server.base_url) as made:
        yield made


_numbers = itertools.count(random.randrange(5_600_000, 9_000_000))


@pytest.fixture
def new_phone() -> Callable[[], str]:
    return lambda: f"+1415{next(_numbers):07d}"


@pytest.fixture
def texts(client: SentDm) -> Callable[[str], list[str]]:
    """What a handset shows, oldest first."""

    def read(phone: str) -> list[str]:
        shown = client.get(f"/sim/phones/{phone}/messages", params={"page_size": 100})["data"]["messages"]
        return [one["text"] for one in reversed(shown)]

    return read


@pytest.fixture
def wait_for() -> Callable[..., object]:
    return wait
