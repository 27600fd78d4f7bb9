"""Fixtures of the tests that use Django in this process."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from deliveries import SECRET
from django_parts import signals
from gateway import Gateway


@pytest.fixture(scope="session")
def tables() -> Iterator[None]:
    call_command("migrate", verbosity=0)
    yield
    connection.close()


@pytest.fixture
def configured(tables: None, server: Any, gateway: Gateway) -> Iterator[None]:
    """Settings that lead to the server, and empty tables afterwards."""
    told = {
        "SENT_DM_API_KEY": server.api_key,
        "SENT_DM_BASE_URL": gateway.base_url,
        "SENT_DM_WEBHOOK_SECRET": SECRET,
        "SENT_DM_MAX_RETRIES": 0,
    }
    with override_settings(**told):
        yield
    call_command("flush", interactive=False, verbosity=0)


@pytest.fixture
def heard() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """The signals that were sent, with their arguments."""
    told: list[tuple[str, dict[str, Any]]] = []
    receivers = []
    for name in [name for name in vars(signals) if name.startswith(("message_", "webhook_"))]:

        def receiver(signal, name=name, **kwargs):
            told.append((name, kwargs))

        getattr(signals, name).connect(receiver)
        receivers.append((name, receiver))
    yield told
    for name, receiver in receivers:
        getattr(signals, name).disconnect(receiver)
