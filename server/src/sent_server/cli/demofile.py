"""`HOME/demo.json`: server and demo account for scripts. No other file contains a key in plain text."""

from dataclasses import asdict, replace

import orjson

from sent_server import accounts, demo_account
from sent_server.accounts import service
from sent_server.app import Platform
from sent_server.cli import home as homes
from sent_server.cli.home import Home
from sent_server.http.authentication import hash_key
from sent_server.kernel.values import value_object

DEFAULT_TIER = "growth"


@value_object
class DemoFile:
    base_url: str
    api_key: str
    customer_id: str
    sender_numbers: dict[str, str]
    template_ids: dict[str, str]


def read(home: Home) -> DemoFile | None:
    """Returns None if the file is missing or not valid."""
    try:
        return DemoFile(**orjson.loads(homes.read_private(home.demo_file)))
    except (FileNotFoundError, ValueError, TypeError):
        return None


async def ensure(platform: Platform, home: Home, *, base_url: str, tier: str | None) -> tuple[DemoFile, bool]:
    """The demo account with a valid key, written to the file, and whether the account was created now."""
    kept = read(home)
    known = await _still_known(platform, kept) if kept else None
    if known:
        demo = replace(known, base_url=base_url)
        if tier:
            await platform.parts.database.write(lambda tx: service.set_tier(tx, demo.customer_id, tier))
    else:
        demo = await _create(platform, base_url=base_url, tier=tier or DEFAULT_TIER)
    homes.write_private(home.demo_file, orjson.dumps(asdict(demo), option=orjson.OPT_INDENT_2) + b"\n")
    return demo, known is None


async def _still_known(platform: Platform, kept: DemoFile) -> DemoFile | None:
    """The account of the file, with a new key if the old one was revoked. None if the database has no such account."""
    key_hash = hash_key(kept.api_key)
    caller = await platform.parts.database.read(lambda tx: service.find_caller(tx, key_hash, None))
    if caller:
        return kept
    now_ms = platform.parts.clock.now_ms()
    try:
        _, api_key = await platform.parts.database.write(
            lambda tx: service.create_key(tx, kept.customer_id, role="admin", now_ms=now_ms)
        )
    except accounts.OperatorError:
        return None
    return replace(kept, api_key=api_key)


async def _create(platform: Platform, *, base_url: str, tier: str) -> DemoFile:
    now_ms = platform.parts.clock.now_ms()
    made = await platform.parts.database.write(
        lambda tx: demo_account.create_demo(tx, sealer=platform.parts.sealer, tier=tier, now_ms=now_ms)
    )
    return DemoFile(base_url, made.api_key, made.customer_id, made.sender_numbers, made.template_ids)
