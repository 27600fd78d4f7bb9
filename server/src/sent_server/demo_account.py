"""The demo account that the first start creates."""

from sent_server.accounts import service as accounts
from sent_server.db import Tx
from sent_server.kernel.money import MICROS
from sent_server.kernel.sealing import Sealer
from sent_server.kernel.values import value_object
from sent_server.ledger import service as ledger
from sent_server.templates import seeds
from sent_server.users import service as users

NAME = "Demo"
OWNER_EMAIL = "owner@demo.example"
OWNER_NAME = "Demo Owner"
BALANCE_MICROS = 10_000 * MICROS


@value_object
class DemoAccount:
    customer_id: str
    api_key: str
    sender_numbers: dict[str, str]
    template_ids: dict[str, str]


async def create_demo(tx: Tx, *, sealer: Sealer, tier: str, now_ms: int) -> DemoAccount:
    """Create an active organization with a balance, three simulated channels, MMS, templates and its owner's key."""
    account = await accounts.create_account(tx, name=NAME, tier=tier, email=OWNER_EMAIL, sealer=sealer, now_ms=now_ms)
    senders = await accounts.configure_simulated_channels(tx, account.id, name=NAME, now_ms=now_ms)
    await accounts.set_mms(tx, account.id, enabled=True)
    await ledger.top_up(tx, account.id, BALANCE_MICROS, ref=account.id, now_ms=now_ms)
    templates = await seeds.create_ready(tx, account.id, now_ms)
    owner = await users.add_owner(tx, account.id, email=OWNER_EMAIL, name=OWNER_NAME, now_ms=now_ms)
    _, api_key = await accounts.create_key(tx, account.id, role=owner.shown_role, user_id=owner.id, now_ms=now_ms)
    return DemoAccount(account.id, api_key, senders, templates)
