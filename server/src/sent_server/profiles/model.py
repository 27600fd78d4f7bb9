"""A profile as stored, and the changes of a request."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from sent_server.accounts.model import Account
from sent_server.compliance.model import Brand
from sent_server.compliance.wire import BrandInput
from sent_server.kernel.values import value_object

ORGANIZATION_PAYS = "organization"
PAYS_ITSELF = ("profile", "profile_and_organization")
BILLING_MODELS = ("profile", ORGANIZATION_PAYS, "profile_and_organization")
NUMBERS = (
    "sending_phone_number_profile_id",
    "sending_whatsapp_number_profile_id",
    "sending_phone_number",
    "whatsapp_phone_number",
    "allow_number_change_during_onboarding",
)
PREFERENCES = ("default_channel", "webhook_url", "timezone", "language")


class ProfileStatus(StrEnum):
    INCOMPLETE = "incomplete"
    PENDING_REVIEW = "pending_review"
    APPROVED = "approved"
    REJECTED = "rejected"


@value_object
class BillingContact:
    name: str
    email: str
    phone: str | None = None
    address: str | None = None


@value_object
class WhatsappAccount:
    """The profile's own WhatsApp Business Account."""

    waba_id: str
    phone_number_id: str | None
    access_token: str = field(repr=False)


@value_object
class ProfileDetails:
    """Details of a profile outside its row in `customers`. `numbers` and `preferences` are shown as they were given."""

    billing_contact: BillingContact | None = None
    payment_reference: str | None = None
    waba_id: str | None = None
    numbers: Mapping[str, Any] = field(default_factory=dict[str, Any])
    preferences: Mapping[str, Any] = field(default_factory=dict[str, Any])


@value_object
class Profile:
    """`email` is the organization's. The brand is the profile's own or inherited from the organization."""

    account: Account
    email: str | None
    details: ProfileDetails
    brand: Brand | None


@value_object
class Wanted:
    """The fields of a request. None leaves a field unchanged. `flags`, `numbers`, `preferences`: only the given."""

    name: str | None = None
    icon: str | None = None
    description: str | None = None
    short_name: str | None = None
    flags: Mapping[str, bool] = field(default_factory=dict[str, bool])
    billing_model: str | None = None
    billing_contact: BillingContact | None = None
    has_card: bool = False
    whatsapp_account: WhatsappAccount | None = None
    brand: BrandInput | None = None
    numbers: Mapping[str, Any] = field(default_factory=dict[str, Any])
    preferences: Mapping[str, Any] = field(default_factory=dict[str, Any])
