"""Addresses of attachments and headers. We never fetch them; the carrier does."""

from urllib.parse import urlsplit

MAX_ATTACHMENTS = 10
MAX_URL = 2_048
MAX_SUBJECT = 255
NOT_HTTPS = "Must be an https URL"
TOO_LONG = f"A URL may have at most {MAX_URL:,} characters"


def url_problem(url: str) -> str | None:
    """Why a carrier could not fetch from this address, as a sentence."""
    if len(url) > MAX_URL:
        return TOO_LONG
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return NOT_HTTPS
    if parts.scheme != "https" or not parts.hostname or not url.isprintable() or " " in url:
        return NOT_HTTPS
    return None


def host(url: str) -> str:
    """The host of a valid address, in lower case."""
    return urlsplit(url).hostname or ""
