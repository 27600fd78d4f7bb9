"""Test your own code offline: a real server with simulated phones, started as a process of its own.

In conftest.py:

    from sent_dm.testing import sent_client, sent_environment, sent_phone, sent_server

(or, in the topmost one, `pytest_plugins = ["sent_dm.testing"]`), and then, in a test:

    def test_my_code_greets(sent_client, sent_phone):
        greet(sent_client, sent_phone.number)
        assert "Welcome" in sent_phone.wait_for().text

Fixtures: `sent_server`, `sent_client`, `sent_phone`, `sent_environment`. Without pytest:

    with LocalServer.start() as server:
        phone = server.phone()
"""

import importlib.util

from sent_dm.testing.phone import HandsetMessage, Phone
from sent_dm.testing.server import LocalServer, ServerNotInstalledError, ServerStartError

if importlib.util.find_spec("pytest") is not None:
    from sent_dm.testing.plugin import sent_client, sent_environment, sent_phone, sent_server

    __all__ = [
        "HandsetMessage",
        "LocalServer",
        "Phone",
        "ServerNotInstalledError",
        "ServerStartError",
        "sent_client",
        "sent_environment",
        "sent_phone",
        "sent_server",
    ]
