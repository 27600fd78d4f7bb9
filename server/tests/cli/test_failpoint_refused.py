"""The switch that makes a server kill itself is for tests."""

from harness import server


def test_a_failpoint_outside_tests_keeps_the_server_from_starting(tmp_path):
    env = {"SENT_FAILPOINT": "after_commit_before_reply", "SENT_TESTING": ""}
    try:
        server.start(tmp_path, "sqlite", database_url="", env=env)
    except server.ServerStartError as refused:
        assert "SENT_FAILPOINT" in str(refused)
        assert "tests" in str(refused)
    else:
        raise AssertionError("it started")
