"""The settings, read when they are needed: a test may override them."""

import math
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from sent_dm.core import settings as of_client


@dataclass(frozen=True, slots=True)
class Conf:
    """SENT_DM_ and the name in capitals, units left out, is the setting."""

    # Else the environment variable SENT_DM_API_KEY.
    api_key: str | None
    # Else SENT_DM_BASE_URL in the environment, else https://api.sent.dm
    base_url: str | None
    # Else SENT_DM_WEBHOOK_SECRET in the environment.
    webhook_secret: str | None
    # Where the webhook's view is, under the place at which the app's URLs are included.
    webhook_path: str
    # How far a webhook's timestamp may be from now.
    webhook_tolerance_s: float
    # How often a call, or a task, is tried again.
    max_retries: int
    # First wait between two runs of a task; doubled each time.
    retry_delay_s: float
    # How long a call may take.
    timeout_s: float


def current() -> Conf:
    """Raises ImproperlyConfigured for an invalid number."""
    return Conf(
        api_key=_text("API_KEY") or of_client.from_environment(of_client.API_KEY),
        base_url=_text("BASE_URL"),
        webhook_secret=_text("WEBHOOK_SECRET") or of_client.from_environment(of_client.WEBHOOK_SECRET),
        webhook_path=_text("WEBHOOK_PATH") or "/webhooks/sent/",
        webhook_tolerance_s=_number("WEBHOOK_TOLERANCE", 300),
        max_retries=int(_number("MAX_RETRIES", 3)),
        retry_delay_s=_number("RETRY_DELAY", 60),
        timeout_s=_number("TIMEOUT", 30),
    )


def _text(name: str) -> str | None:
    value: Any = getattr(settings, f"SENT_DM_{name}", None)
    return str(value).strip() or None if value is not None else None


def _number(name: str, default: float) -> float:
    value: Any = getattr(settings, f"SENT_DM_{name}", None)
    try:
        number = default if value is None else float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number < math.inf:
        raise ImproperlyConfigured(f"SENT_DM_{name} must be a number, not negative")
    return number
