"""`sent doctor`: checks everything that an installation needs, changes nothing, and says how to fix each problem."""

from sent_server.cli.doctor.examination import examine, run

__all__ = ["examine", "run"]
