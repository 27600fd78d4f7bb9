"""Bodies of the profile routes. Source: contract/openapi-v3.json, contract/NOTES.md a33-a35, a51, d."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from sent_server.accounts.model import MAX_NAME_LENGTH, PROFILE_FLAGS
from sent_server.compliance import service as compliance
from sent_server.compliance.wire import BrandInput, brand_wire
from sent_server.egress import is_postable, urls
from sent_server.http.fields import PostUrl, RequestBody, Uuid, fault, one_of
from sent_server.http.zero_values import ZeroValues
from sent_server.kernel import mailbox, phone, timestamps, typed_text
from sent_server.ports.payment import PaymentCard
from sent_server.profiles.model import (
    BILLING_MODELS,
    NUMBERS,
    PAYS_ITSELF,
    PREFERENCES,
    BillingContact,
    Profile,
    Wanted,
    WhatsappAccount,
)

NO_NAME = "Profile name is required"
BAD_NAME = f"Profile name must have at most {MAX_NAME_LENGTH} characters on one line"
BAD_SHORT_NAME = (
    "short_name must be 3–11 characters, contain only letters, numbers, and spaces, and include at least one letter"
)
BAD_EXPIRY = "payment_details.expiry must be in MM/YY format (e.g. '09/27')"
NO_CARD = "payment_details is not allowed when billing_model is 'organization'"
NO_BILLING_CONTACT = "billing_contact is required unless billing_model is 'organization'"
_SHORT_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{3,11}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def _matches(pattern: str, message: str) -> Any:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise fault("VALIDATION_001", message)
        return value

    return AfterValidator(check)


def _check_name(value: str) -> str:
    if typed_text.is_blank(value):
        raise fault("VALIDATION_001", NO_NAME)
    name = value.strip()
    if len(name) > MAX_NAME_LENGTH or not mailbox.is_one_line(name):
        raise fault("VALIDATION_001", BAD_NAME)
    return name


def _check_filled(value: str) -> str:
    if typed_text.is_blank(value):
        raise fault("VALIDATION_001", "Must not be blank")
    return value


def _check_icon(value: str) -> str:
    if value and not is_postable(value):
        raise fault("VALIDATION_001", "icon must be a valid HTTP or HTTPS URL")
    return value


def _check_email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise fault("VALIDATION_001", "Must be a valid email address")
    return value


def _check_number(value: str) -> str:
    if not phone.is_e164(value):
        raise fault("VALIDATION_001", "Phone number must be in E.164 format (e.g., +1234567890)")
    return value


Name = Annotated[str, AfterValidator(_check_name)]
Icon = Annotated[str, StringConstraints(max_length=2_048), AfterValidator(_check_icon)]
Description = Annotated[str, StringConstraints(max_length=2_000)]
ShortName = Annotated[str, _matches(_SHORT_NAME.pattern, BAD_SHORT_NAME)]
Line = Annotated[str, StringConstraints(max_length=255)]
FilledLine = Annotated[Line, AfterValidator(_check_filled)]
Email = Annotated[Line, AfterValidator(_check_email)]
Number = Annotated[str, AfterValidator(_check_number)]
BillingModel = Annotated[str, one_of(BILLING_MODELS)]


class _Group(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)


class BillingContactInput(_Group):
    name: FilledLine
    email: Email
    phone: Line | None = None
    address: Annotated[str, StringConstraints(max_length=1_024)] | None = None


class PaymentDetails(_Group):
    """Sent to the payment processor only."""

    card_number: Annotated[str, _matches("[0-9]{13,19}", "payment_details.card_number must be 13 to 19 digits")] = (
        Field(repr=False)
    )
    expiry: Annotated[str, _matches("(0[1-9]|1[0-2])/[0-9]{2}", BAD_EXPIRY)] = Field(repr=False)
    cvc: Annotated[str, _matches("[0-9]{3,4}", "payment_details.cvc must be 3 or 4 digits")] = Field(repr=False)
    zip_code: Annotated[Line, AfterValidator(_check_filled)] = Field(repr=False)

    @property
    def card(self) -> PaymentCard:
        return PaymentCard(self.card_number, self.expiry, self.cvc, self.zip_code)


class WhatsappAccountInput(_Group):
    waba_id: FilledLine
    phone_number_id: Line | None = None
    access_token: Annotated[str, StringConstraints(max_length=4_096), AfterValidator(_check_filled)] = Field(repr=False)


class Preferences(_Group):
    """`settings` of an older form of profiles."""

    default_channel: Line | None = None
    webhook_url: PostUrl | None = None
    timezone: Line | None = None
    language: Line | None = None


class _Described(RequestBody):
    """Fields of both create and update."""

    icon: Icon | None = None
    description: Description | None = None
    short_name: ShortName | None = None
    allow_contact_sharing: bool | None = None
    allow_template_sharing: bool | None = None
    inherit_contacts: bool | None = None
    inherit_templates: bool | None = None
    inherit_tcr_brand: bool | None = None
    inherit_tcr_campaign: bool | None = None
    billing_model: BillingModel | None = None
    billing_contact: BillingContactInput | None = None
    payment_details: PaymentDetails | None = None
    brand: BrandInput | None = None
    settings: Preferences | None = None

    @field_validator("payment_details", mode="after")
    @classmethod
    def _goes_with_a_bill(cls, value: PaymentDetails | None, info: ValidationInfo) -> PaymentDetails | None:
        if value is not None and info.data.get("billing_model") == "organization":
            raise fault("VALIDATION_001", NO_CARD)
        return value

    @field_validator("brand", mode="after")
    @classmethod
    def _is_its_own(cls, value: BrandInput | None, info: ValidationInfo) -> BrandInput | None:
        if value is not None and info.data.get("inherit_tcr_brand"):
            raise fault("VALIDATION_001", compliance.INHERITED)
        return value

    @property
    def flags(self) -> dict[str, bool]:
        """The given flags. A profile with its own brand does not inherit one."""
        given = {name: getattr(self, name) for name in PROFILE_FLAGS if getattr(self, name) is not None}
        return {**({} if self.brand is None else {"inherit_tcr_brand": False}), **given}

    def _common(self) -> dict[str, Any]:
        contact, preferences = self.billing_contact, self.settings
        return {
            "icon": self.icon,
            "description": self.description,
            "short_name": self.short_name,
            "flags": self.flags,
            "billing_model": self.billing_model,
            "billing_contact": BillingContact(**contact.model_dump()) if contact else None,
            "has_card": self.payment_details is not None,
            "brand": self.brand,
            "preferences": preferences.model_dump(exclude_unset=True) if preferences else {},
        }


class CreateProfile(_Described):
    """The default billing model is `profile`, and its contact may follow later, as in the older form of this body."""

    missing: ClassVar[dict[str, tuple[str, str]]] = {"name": ("VALIDATION_001", NO_NAME)}

    name: Name
    billing_contact: BillingContactInput | None = Field(default=None, validate_default=True)
    whatsapp_business_account: WhatsappAccountInput | None = None

    @field_validator("billing_contact", mode="after")
    @classmethod
    def _is_given_with_the_model(
        cls, value: BillingContactInput | None, info: ValidationInfo
    ) -> BillingContactInput | None:
        if value is None and info.data.get("billing_model") in PAYS_ITSELF:
            raise fault("VALIDATION_001", NO_BILLING_CONTACT)
        return value

    @property
    def wanted(self) -> Wanted:
        waba = self.whatsapp_business_account
        account = WhatsappAccount(waba.waba_id, waba.phone_number_id, waba.access_token) if waba else None
        return Wanted(name=self.name, whatsapp_account=account, **self._common())


class UpdateProfile(_Described):
    """Absent, null and empty fields stay unchanged, but a name cannot become empty."""

    required_code: ClassVar[str] = "VALIDATION_001"

    name: Annotated[Name | None, ZeroValues()] = None
    sending_phone_number: Number | None = None
    sending_phone_number_profile_id: Uuid | None = None
    sending_whatsapp_number_profile_id: Uuid | None = None
    whatsapp_phone_number: Number | None = None
    allow_number_change_during_onboarding: bool | None = None

    @property
    def wanted(self) -> Wanted:
        numbers = {name: getattr(self, name) for name in NUMBERS if getattr(self, name) is not None}
        return Wanted(name=self.name, numbers=numbers, **self._common())


class CompleteProfile(RequestBody):
    web_hook_url: PostUrl = Field(validation_alias=AliasChoices("webHookUrl", "web_hook_url", "webhook_url"))


def profile(found: Profile) -> dict[str, Any]:
    account, details = found.account, found.details
    contact = details.billing_contact
    return {
        "id": account.id,
        "organization_id": account.organization_id,
        "name": account.name,
        "email": found.email,
        "icon": account.icon,
        "description": account.description,
        "short_name": account.short_name,
        "status": account.profile_status,
        "created_at": timestamps.iso(account.created_at_ms),
        "updated_at": timestamps.iso(account.updated_at_ms or account.created_at_ms),
        **{flag: account.has(flag) for flag in PROFILE_FLAGS},
        "billing_model": account.billing_model,
        **{name: details.numbers.get(name) for name in NUMBERS},
        "waba_id": details.waba_id,
        "billing_contact": contact
        and {"name": contact.name, "email": contact.email, "phone": contact.phone, "address": contact.address},
        "brand": brand_wire(found.brand) if found.brand else None,
        "settings": _shown(details.preferences),
    }


def _shown(preferences: Mapping[str, Any]) -> dict[str, Any]:
    url = preferences.get("webhook_url")
    return {name: preferences.get(name) for name in PREFERENCES} | {"webhook_url": url and urls.masked(url)}
