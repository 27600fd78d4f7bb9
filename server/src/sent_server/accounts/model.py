"""Accounts as stored, and errors of operators."""

import orjson

from sent_server.kernel.values import value_object

MAX_NAME_LENGTH = 200
KINDS = ("organization", "user", "profile")
ROLES = ("admin", "billing", "developer")
TIERS = ("starter", "growth", "enterprise", "unlimited")
ACTIVE = "ACTIVE"
# Onboarding, in order. Source: contract/NOTES.md f, contract/errors.json AUTH_005 to AUTH_007.
BEFORE_KYC = ("SIGNED_UP", "KYC_STARTED", "WHITELISTED", "KYC_RESUBMISSION_REQUESTED", "ONBOARDING_STARTED")
AFTER_KYC = ("KYC_COMPLETED", "MESSAGE_COMPLIANCE_COMPLETED")
STATUSES = (*BEFORE_KYC, *AFTER_KYC, ACTIVE)
PROFILE_FLAGS = {
    "allow_contact_sharing": False,
    "allow_template_sharing": False,
    "inherit_contacts": True,
    "inherit_templates": True,
    "inherit_tcr_brand": True,
    "inherit_tcr_campaign": True,
}


# Quotas of an account. By default the settings of the same name apply, and messages_per_day is unlimited.
QUOTAS = ("contacts", "templates", "webhooks", "users", "profiles", "messages_per_day")
MESSAGES_PER_DAY = "messages_per_day"


# What an operator may switch on for an organization and its profiles. All are off by default.
OPTIONS = ("text_needs_conversation",)


def load_options(text: str | None) -> frozenset[str]:
    return frozenset(orjson.loads(text)) if text else frozenset()


def load_quotas(text: str | None) -> dict[str, int]:
    return orjson.loads(text) if text else {}


class OperatorError(Exception):
    """An operator's request that failed. The message names the next step."""


@value_object
class Account:
    """A customer: an organization, a user without profiles, or a profile of an organization."""

    id: str
    kind: str
    organization_id: str
    name: str
    short_name: str | None
    email: str | None
    icon: str | None
    description: str | None
    status: str
    profile_status: str | None
    settings_json: str | None
    billing_model: str | None
    tier: str
    messages_per_minute: int | None
    created_at_ms: int
    updated_at_ms: int | None = None
    template_auto_creation: int = 0

    @property
    def payer_id(self) -> str:
        return payer(self.id, self.organization_id, self.billing_model)

    @property
    def may_create_on_profiles(self) -> bool:
        """Whether it may create templates on its profiles. A profile never may."""
        return self.kind == "organization" and bool(self.template_auto_creation)

    def has(self, flag: str) -> bool:
        """A profile's setting by its name in PROFILE_FLAGS. Other accounts inherit and share nothing."""
        if self.kind != "profile":
            return False
        return flags_of(self.settings_json)[flag]


@value_object
class Key:
    """A user's key has the user's current role, not the role at its creation."""

    id: str
    customer_id: str
    role: str
    hint: str
    created_at_ms: int
    revoked_at_ms: int | None
    user_id: str | None = None


def shown_role(role: str) -> str:
    """Responses show an owner as an admin."""
    return "admin" if role == "owner" else role


def flags_of(settings_json: str | None) -> dict[str, bool]:
    return {**PROFILE_FLAGS, **orjson.loads(settings_json or "{}")}


def payer(customer_id: str, organization_id: str, billing_model: str | None) -> str:
    """The account whose balance pays. A profile pays itself only while its billing model is `profile`, the default."""
    if customer_id == organization_id or billing_model in (None, "profile"):
        return customer_id
    return organization_id


def gate(status: str, *, has_channel: bool) -> str | None:
    """The AUTH code that blocks an account in this onboarding state. None if it has access."""
    if status == ACTIVE:
        return None
    if status in BEFORE_KYC:
        return "AUTH_006"
    return "AUTH_005" if has_channel else "AUTH_007"
