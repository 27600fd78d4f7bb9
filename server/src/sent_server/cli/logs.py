"""Logging of a process: events as JSON lines on standard error, or for eyes when that is a terminal."""

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
    logging.basicConfig(
        level=max(level, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )
    # Plain tracebacks: the pretty ones print local variables, and those hold keys and phone numbers.
    renderers: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if sys.stderr.isatty()
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *renderers,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
