"""The switch that makes a server kill itself is for tests."""

import pytest

from harness import server


def test_a_failpoint_outside_tests_keeps_the_server_from_starting(tmp_path):
    env = {"SENT_FAILPOINT": "after_commit_before_reply", "SENT_TESTING": ""}
    with pytest.raises(server.ServerStartError, match=r"SENT_FAILPOINT .* for tests"):
        server.start(tmp_path, "sqlite", database_url="", env=env)
