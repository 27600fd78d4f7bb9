"""Logging of a process to standard error: JSON lines, or readable text on a terminal."""

import logging
import sys

import structlog

from sent_server.settings import SettingsError

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure(level_name: str) -> None:
    """Raises SettingsError for an unknown level."""
    level = LEVELS.get(level_name.lower())
    if level is None:
        raise SettingsError(f"log_level {level_name!r} must be one of {', '.join(LEVELS)}")
    # Plain tracebacks, because the pretty ones print local variables, which may contain keys and phone numbers.
    renderers: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if sys.stderr.isatty()
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    described: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    _adopt_libraries(max(level, logging.WARNING), described, renderers)
    structlog.configure(
        processors=[*described, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _adopt_libraries(
    level: int, described: list[structlog.typing.Processor], renderers: list[structlog.typing.Processor]
) -> None:
    """Format logs of libraries like ours, so that one program can parse all lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*described, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # While PostgreSQL is down it logs a traceback per second. We log the outage once.
    logging.getLogger("asyncpg.pool").setLevel(logging.CRITICAL)
