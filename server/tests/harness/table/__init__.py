"""The contract of API v3 as requests: every documented example and every error that can be reached."""

from harness.rows import Row
from harness.table.compliance import BRANDS, CAMPAIGNS
from harness.table.contacts import CONTACTS
from harness.table.messages import MESSAGES
from harness.table.numbers import NUMBERS
from harness.table.profiles import PROFILES
from harness.table.reasons import NOT_REACHED, SHARED
from harness.table.templates import TEMPLATES
from harness.table.users import USERS
from harness.table.webhooks import WEBHOOKS

ME = [
    Row("GET /v3/me", "the account", "/v3/me", 200, check=lambda me: me["type"] == "organization"),
]
HEALTH = [
    Row("GET /v3/health", "well", "/v3/health", 200, caller=lambda world: world.server.anonymous()),
    Row("GET /healthcheck", "well", "/healthcheck", 204, caller=lambda world: world.server.anonymous()),
    Row("GET /health/live", "well", "/health/live", 204, caller=lambda world: world.server.anonymous()),
    Row("GET /health/ready", "well", "/health/ready", 204, caller=lambda world: world.server.anonymous()),
]

ROWS = [*ME, *BRANDS, *CAMPAIGNS, *CONTACTS, *MESSAGES, *NUMBERS, *PROFILES, *TEMPLATES, *USERS, *WEBHOOKS, *HEALTH]

__all__ = ["NOT_REACHED", "ROWS", "SHARED"]
