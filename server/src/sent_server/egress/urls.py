"""Parses URLs that tenants choose, and decides which are valid. Pure.

`parse` serves both the check and the request, so the checked URL is the requested one. A URL is requested byte for byte
as given. Only characters outside ASCII are converted to ASCII.
"""

import functools
import re
from base64 import b64encode
from dataclasses import field
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import quote, unquote_to_bytes

import idna

from sent_server.kernel.values import value_object

MAX_URL_LENGTH = 2_048
DEFAULT_PORTS = {"http": 80, "https": 443}
MASK = "***"
_CLEAN = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\\]+")
_PARTS = re.compile(r"(https?)://([^/?#]*)([^#]*)", re.ASCII | re.IGNORECASE)
_USERINFO = re.compile(r"^([A-Za-z]+://)([^/?#]*)@")
_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::([0-9]*))?", re.ASCII)
_NAMED = re.compile(r"([^:\[\]]+)(?::([0-9]*))?", re.ASCII)
_NAME = re.compile(r"(?=.{1,254}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?", re.ASCII)
# If the last label has only digits, resolvers read the host as a legacy IPv4 address (127.1, 0x7f.1).
_NUMERIC_END = re.compile(r"(?:^|\.)(?:0x[0-9a-f]*|[0-9]+)\.?$", re.ASCII)
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}", re.ASCII)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_LOCALHOST = re.compile(r"(?:.+\.)?localhost\.?", re.ASCII)


class UrlError(ValueError):
    """The text is not an http(s) URL that can be posted to."""


@value_object
class Url:
    """`host` is lower-case ASCII, an IPv6 address without brackets. `target` is the path and query of the request."""

    scheme: str
    host: str
    port: int
    target: str
    is_literal: bool
    authorization: str | None = field(repr=False)

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_localhost(self) -> bool:
        """Whether the name means this machine by definition (RFC 6761)."""
        return _LOCALHOST.fullmatch(self.host) is not None


@functools.lru_cache(maxsize=4_096)
def parse(text: str) -> Url:
    """Raises UrlError."""
    if len(text) > MAX_URL_LENGTH or not _CLEAN.fullmatch(text):
        raise UrlError("too long, or it holds blanks, control characters or backslashes")
    parts = _PARTS.match(text)
    if parts is None:
        raise UrlError("not an absolute http or https URL")
    scheme, authority, rest = parts[1].lower(), parts[2], parts[3]
    userinfo, at, place = authority.rpartition("@")
    host, port, is_literal = _host_and_port(place, scheme)
    try:
        target = _NOT_ASCII.sub(lambda found: quote(found[0]), rest)
        authorization = _authorization(userinfo) if at and userinfo else None
    except UnicodeEncodeError as error:
        raise UrlError("it holds lone surrogates") from error
    return Url(scheme, host, port, target if target.startswith("/") else f"/{target}", is_literal, authorization)


def is_postable(text: str) -> bool:
    """An absolute http(s) URL with a host and a possible port."""
    try:
        parse(text)
    except UrlError:
        return False
    return True


def masked(text: str) -> str:
    """The URL without user and password, for display."""
    return _USERINFO.sub(rf"\1{MASK}@", text, count=1)


def userinfo(text: str) -> str | None:
    """User and password as written, or None."""
    found = _USERINFO.match(text)
    return found[2] if found else None


def with_userinfo(text: str, credentials: str | None) -> str:
    """The URL with these credentials in place of its mask."""
    if credentials is None:
        return text
    found = _USERINFO.match(text)
    return f"{found[1]}{credentials}@{text[found.end() :]}" if found else text


def is_masked(text: str) -> bool:
    return userinfo(text) == MASK


def is_same_origin(one: str, other: str) -> bool:
    """Raises UrlError."""
    first, second = parse(one), parse(other)
    return (first.scheme, first.host, first.port) == (second.scheme, second.host, second.port)


def _host_and_port(place: str, scheme: str) -> tuple[str, int, bool]:
    if found := _BRACKETED.fullmatch(place):
        try:
            host, is_literal = IPv6Address(found[1]).compressed, True
        except AddressValueError as error:
            raise UrlError("not an IPv6 address") from error
    elif found := _NAMED.fullmatch(place):
        host = _ascii(found[1])
        is_literal = _IPV4.fullmatch(host) is not None
        if not is_literal and (_NUMERIC_END.search(host) or not _NAME.fullmatch(host)):
            raise UrlError("not a host name")
    else:
        raise UrlError("no host")
    digits = found[2]
    if digits and len(digits) > 5:
        raise UrlError("no such port")
    port = int(digits) if digits else DEFAULT_PORTS[scheme]
    if not 0 < port < 65_536:
        raise UrlError("no such port")
    return host, port, is_literal


def _ascii(host: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True).decode().lower()
    except UnicodeError:
        pass
    try:
        return host.encode("idna").decode().lower()  # the older standard knows symbols
    except UnicodeError as error:
        raise UrlError("not a host name") from error


def _authorization(credentials: str) -> str:
    """The Basic header that browsers and curl send for `user:password@`."""
    user, _, password = credentials.partition(":")
    pair = unquote_to_bytes(user), unquote_to_bytes(password)
    if b":" in pair[0]:
        raise UrlError("a user name holds no colon")
    return f"Basic {b64encode(b':'.join(pair)).decode()}"
