"""Which URLs may be posted to, by their spelling alone. Where the name leads is checked when connecting."""

import re

from yarl import URL

MAX_URL_LENGTH = 2_048
_CLEAN = re.compile(r"[^\s\x00-\x1f\x7f\\]+")
# A last label of digits makes resolvers read the whole as an IPv4 address in a legacy form (127.1, 0x7f.1).
_NUMERIC_END = re.compile(r"(?:^|\.)(?:0[xX][0-9a-fA-F]*|[0-9]+)\.?$")
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}", re.ASCII)


def is_postable(text: str, *, require_https: bool = False) -> bool:
    """An absolute http(s) URL with a host, a possible port and no fragment-only tricks."""
    if len(text) > MAX_URL_LENGTH or not _CLEAN.fullmatch(text):
        return False
    try:
        url = URL(text)
        port = url.port
    except ValueError:
        return False
    if url.scheme not in (("https",) if require_https else ("http", "https")) or not text[len(url.scheme) :].startswith(
        "://"
    ):
        return False
    host = url.raw_host
    if not host or not port or (":" not in host and _NUMERIC_END.search(host) and not _IPV4.fullmatch(host)):
        return False
    return 0 < port < 65_536
