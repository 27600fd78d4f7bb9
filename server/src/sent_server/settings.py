"""One frozen object of settings: defaults, then a TOML file, then `SENT_*` variables, then flags.

Every field's metadata holds its documentation; docs/reference/settings.md is generated from it.
"""

import dataclasses
import difflib
import os
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from sent_server.kernel.values import value_object

PREFIX = "SENT_"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
# The published clients use these names, so a developer's shell may have them.
CLIENT_NAMES = frozenset({"SENT_API_KEY", "SENT_BASE_URL", "SENT_LOG", "SENT_WEBHOOK_SECRET"})
CLIENT_PREFIX = "SENT_DM_"
OTHER_NAMES = frozenset(
    {"SENT_CONFIG", "SENT_BENCH_NO_WORKERS", "SENT_FAILPOINT", "SENT_TESTING", "SENT_TEST_DATABASE_URL"}
)
# Settings that earlier releases spelled differently. The old name still works, with a warning.
RENAMED = {"sms_max_parts": "sms_max_segments", "webhook_clean_body": "webhook_current_names_only"}


class SettingsError(Exception):
    """A configuration error. The message names the setting and the remedy."""


def _setting(default: Any, doc: str, *, between: tuple[int, int] | None = None) -> Any:
    return field(default=default, metadata={"doc": doc, "between": between})


@value_object
class Settings:
    home: str = _setting(".sent", "Folder of the installation: SQLite file, keys, demo.json, admin socket.")
    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8080, "Port to listen on; 0 takes any free one.")
    max_connections: int = _setting(
        10_000, "Maximum number of HTTP connections of a process, as far as open files allow."
    )
    max_connections_per_address: int = _setting(1_000, "The same per address (IPv6: per /64). Raise it behind a proxy.")
    database_url: str = _setting("", "`sqlite:///FILE` or `postgresql://...`; empty means HOME/sent.db.")
    database_connections: int = _setting(12, "Maximum number of connections of a process to PostgreSQL.")
    bus_url: str = _setting(
        "", "`nats://HOST:4222` (with JetStream) notifies several processes of work. If empty, they poll."
    )
    cache_url: str = _setting(
        "", "`redis://HOST:6379` counts rate limits for all processes. If empty, each process counts alone."
    )
    master_key: str = _setting("", "64 hex digits that encrypt stored secrets; empty means HOME/master.key.")
    health_port: int = _setting(
        0, "Port on which `sent worker` answers /health/live and /health/ready. 0 means no port."
    )
    drain_ms: int = _setting(0, "Time between SIGTERM, when /health/ready becomes 503, and the end of listening (ms).")
    doc_url_base: str = _setting("", "Base of `error.doc_url`; empty means this server's own /errors.")
    log_level: str = _setting("warning", "debug, info, warning or error.")
    egress_allow_loopback: bool = _setting(
        False,
        "Let webhooks reach 127.0.0.0/8 and ::1. Effective only while the server listens on loopback.",
    )
    egress_name_servers: str = _setting(
        "",
        "Name servers for webhook addresses, `HOST[:PORT]` separated by commas; empty means those of this machine.",
    )
    webhook_require_https: bool = _setting(False, "Refuse webhook endpoints and callback addresses that are not https.")
    webhook_current_names_only: bool = _setting(False, "Leave the older spellings out of webhook bodies.")
    public_url: str = _setting("", "Address of this server in the links of emails; empty means http://HOST:PORT.")
    smtp_url: str = _setting(
        "",
        "Mail server for invitations: `smtps://USER:PASSWORD@HOST:PORT` (TLS), `smtp://...` (STARTTLS, required) or "
        "`smtp+plain://HOST` (no encryption). Empty: links are written to the log.",
    )
    smtp_timeout_ms: int = _setting(10_000, "Timeout for each SMTP operation (ms).")
    mail_from: str = _setting("", "Sender of emails, `Name <name@example.com>`; needed with smtp_url.")
    user_quota: int = _setting(1_000, "Users that an account may have. Beyond: VALIDATION_001.")
    mail_retention_ms: int = _setting(
        2_592_000_000, "The record of an email (not its text) is kept this long (ms; default 30 days)."
    )
    receipt_timeout_ms: int = _setting(259_200_000, "A leg fails after this time without a receipt (ms; default 72 h).")
    simulator_receipt_timeout_ms: int = _setting(10_000, "The same for simulated carriers (ms).")
    simulator_messages_per_second: int = _setting(
        0, "Messages that simulated carriers accept per second; 0 means no limit."
    )
    sms_max_segments: int = _setting(
        10,
        "Segments of an SMS at most, 1 to 255. A longer SMS fails, or automatic choice uses the next channel.",
        between=(1, 255),
    )
    refused_as: str = _setting(
        "older",
        "Status of a template send that is refused before a carrier is asked. `older`: FAILED. `newer`: FILTERED or "
        "BLOCKED, as for texts.",
    )
    rate_card: str = _setting("", "JSON file of prices; empty means the built-in card with invented prices.")
    contact_quota: int = _setting(10_000_000, "Contacts that an account may have. Beyond: BUSINESS_008.")
    template_quota: int = _setting(10_000, "Templates that an account may have. Beyond: BUSINESS_008.")
    webhook_quota: int = _setting(100, "Webhooks that an account may have. Beyond: VALIDATION_001.")
    profile_quota: int = _setting(100, "Profiles that an organization may have. Beyond: BUSINESS_008.")
    profile_requires_whatsapp: bool = _setting(
        True, "Refuse a profile without a WhatsApp account if its organization has none either."
    )
    webhook_log_retention_ms: int = _setting(
        2_592_000_000, "Finished webhook deliveries stay in the log this long (ms; default 30 days)."
    )
    receipt_retention_ms: int = _setting(2_592_000_000, "Raw receipts are kept this long (ms; default 30 days).")

    def __post_init__(self) -> None:
        """Raises SettingsError for a number out of its range."""
        for item in dataclasses.fields(self):
            between = item.metadata["between"]
            if between and not between[0] <= getattr(self, item.name) <= between[1]:
                raise SettingsError(f"{item.name} must be between {between[0]} and {between[1]}")

    @property
    def listens_on_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in LOOPBACK_HOSTS


def _convert(name: str, text: str, wanted: type) -> Any:
    if wanted is bool:
        if text.lower() not in ("1", "0", "true", "false", "on", "off", "yes", "no"):
            raise SettingsError(f"{name}={text!r} must be true or false")
        return text.lower() in ("1", "true", "on", "yes")
    if wanted is int:
        if not text.lstrip("-").isdigit():
            raise SettingsError(f"{name}={text!r} must be a whole number")
        return int(text)
    return text


def load(
    *,
    environ: Mapping[str, str] | None = None,
    config_file: Path | None = None,
    flags: Mapping[str, Any] | None = None,
    defaults: Mapping[str, Any] | None = None,
    warn: Callable[[str], None] | None = None,
) -> Settings:
    """Merge the four sources. `defaults` replaces ours. Raises SettingsError for unknown or unreadable settings."""
    environ = os.environ if environ is None else environ
    warn = warn or _warn
    types: dict[str, type] = {item.name: type(item.default) for item in dataclasses.fields(Settings)}
    merged: dict[str, Any] = dict(defaults or {})
    if config_file is None and environ.get("SENT_CONFIG"):
        config_file = Path(environ["SENT_CONFIG"])
    if config_file is not None:
        merged.update(_from_file(config_file, types, warn))
    if environ.get("SENT_FAILPOINT") and environ.get("SENT_TESTING") != "1":
        raise SettingsError("SENT_FAILPOINT makes the server kill itself; it is for tests, which set SENT_TESTING=1")
    for name, text in environ.items():
        if not name.startswith(PREFIX) or name.startswith(CLIENT_PREFIX) or name in CLIENT_NAMES | OTHER_NAMES:
            continue
        key = name.removeprefix(PREFIX).lower()
        if key in RENAMED:
            new_name = PREFIX + RENAMED[key].upper()
            warn(f"{name} is now called {new_name}")
            if new_name in environ:
                raise SettingsError(f"{name} is the old name of {new_name}; set only the new one")
            key = RENAMED[key]
        if key in types:
            merged[key] = _convert(name, text, types[key])
        else:
            warn(f"{name} is not a setting of this server and is ignored{_meant(name, types)}")
    for key, value in (flags or {}).items():
        if value is not None:
            if key not in types:
                raise SettingsError(f"unknown flag {key!r}")
            merged[key] = value
    return Settings(**merged)


def _from_file(path: Path, types: Mapping[str, type], warn: Callable[[str], None]) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read the settings file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"the settings file {path} is not valid TOML: {error}") from error
    for old, new in RENAMED.items():
        if old in content:
            if new in content:
                raise SettingsError(f"{path}: {old} is the old name of {new}; write only the new one")
            warn(f"{path}: {old} is now called {new}")
            content[new] = content.pop(old)
    for key, value in content.items():
        if key not in types:
            raise SettingsError(
                f"{path}: unknown setting {key!r}{_near(key, types) or '; see docs/reference/settings.md'}"
            )
        if type(value) is not types[key]:
            raise SettingsError(f"{path}: {key} must be a {types[key].__name__}")
    return content


def _meant(name: str, types: Mapping[str, type]) -> str:
    key = name.removeprefix(PREFIX).lower()
    near = difflib.get_close_matches(key, types, n=1)
    return f"; did you mean {PREFIX}{near[0].upper()}?" if near else ""


def _near(key: str, types: Mapping[str, type]) -> str:
    near = difflib.get_close_matches(key.lower(), types, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr)  # noqa: T201 - before logging is set up
