"""`sent doctor`: looks at everything that an installation stands on, changes nothing, and says what to do next."""

from sent_server.cli.doctor.examination import examine, run

__all__ = ["examine", "run"]
