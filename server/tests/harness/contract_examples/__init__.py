"""The contract of API v3 as requests: every documented example and every error that can be reached."""

from harness.contract_examples.channels import CHANNELS
from harness.contract_examples.compliance import BRANDS, CAMPAIGNS
from harness.contract_examples.contacts import CONTACTS
from harness.contract_examples.conversations import CONVERSATIONS
from harness.contract_examples.messages import MESSAGES
from harness.contract_examples.numbers import NUMBERS
from harness.contract_examples.profiles import PROFILES
from harness.contract_examples.reasons import NOT_REACHED, SHARED
from harness.contract_examples.sender_profiles import SENDER_PROFILES
from harness.contract_examples.templates import TEMPLATES
from harness.contract_examples.users import USERS
from harness.contract_examples.webhooks import WEBHOOKS
from harness.rows import Row

ME = [
    Row("GET /v3/me", "the account", "/v3/me", 200, check=lambda me: me["type"] == "organization"),
]
HEALTH = [
    Row("GET /v3/health", "well", "/v3/health", 200, caller=lambda world: world.server.anonymous()),
    Row("GET /healthcheck", "well", "/healthcheck", 204, caller=lambda world: world.server.anonymous()),
    Row("GET /health/live", "well", "/health/live", 204, caller=lambda world: world.server.anonymous()),
    Row("GET /health/ready", "well", "/health/ready", 204, caller=lambda world: world.server.anonymous()),
]

ROWS = [
    *ME,
    *BRANDS,
    *CAMPAIGNS,
    *CHANNELS,
    *CONTACTS,
    *CONVERSATIONS,
    *MESSAGES,
    *NUMBERS,
    *PROFILES,
    *SENDER_PROFILES,
    *TEMPLATES,
    *USERS,
    *WEBHOOKS,
    *HEALTH,
]

__all__ = ["NOT_REACHED", "ROWS", "SHARED"]
