"""The fields of brands and campaigns, as clients send them and as they are stored. Pure.

Input is camelCase; snake_case names are accepted too. All errors are reported at once, each with its field.
Source: contract/NOTES.md d, contract/openapi-v3.json `BrandData` and `CampaignData`.
"""

import re
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

import orjson
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic.alias_generators import to_camel

from sent_server.http.fields import fault, one_of
from sent_server.http.lengths import AtMost
from sent_server.kernel import typed_text

VERTICALS = (
    "PROFESSIONAL",
    "REAL_ESTATE",
    "HEALTHCARE",
    "HUMAN_RESOURCES",
    "ENERGY",
    "ENTERTAINMENT",
    "RETAIL",
    "TRANSPORTATION",
    "AGRICULTURE",
    "INSURANCE",
    "POSTAL",
    "EDUCATION",
    "HOSPITALITY",
    "FINANCIAL",
    "POLITICAL",
    "GAMBLING",
    "LEGAL",
    "CONSTRUCTION",
    "NGO",
    "MANUFACTURING",
    "GOVERNMENT",
    "TECHNOLOGY",
    "COMMUNICATION",
)
RELATIONSHIPS = ("BASIC_ACCOUNT", "SMALL_ACCOUNT", "MEDIUM_ACCOUNT", "LARGE_ACCOUNT", "KEY_ACCOUNT")
ENTITY_TYPES = ("PRIVATE_PROFIT", "PUBLIC_PROFIT", "NON_PROFIT", "SOLE_PROPRIETOR", "GOVERNMENT")
USE_CASES = (
    "MARKETING",
    "ACCOUNT_NOTIFICATION",
    "CUSTOMER_CARE",
    "FRAUD_ALERT",
    "TWO_FA",
    "DELIVERY_NOTIFICATION",
    "SECURITY_ALERT",
    "M2M",
    "MIXED",
    "HIGHER_EDUCATION",
    "POLLING_VOTING",
    "PUBLIC_SERVICE_ANNOUNCEMENT",
    "LOW_VOLUME",
)
DEFAULT_CAMPAIGN_TYPE = "App"
MAX_SAMPLES = 5
MAX_COUNTRIES = 250
P = TypeVar("P", bound="DetailPart")


def _filled(value: str) -> str:
    if typed_text.is_blank(value):
        raise fault("VALIDATION_001", "Must not be blank")
    return value


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        absolute = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        absolute = False
    if not absolute or any(character.isspace() for character in value):
        raise fault("VALIDATION_001", "Must be an absolute http or https address")
    return value


def _country(value: str) -> str:
    if not re.fullmatch("[A-Z]{2}", value):
        raise fault("VALIDATION_001", "Must be a two-letter country code in capitals, such as US")
    return value


def _volume(value: str) -> str:
    if not re.fullmatch("[0-9]{1,9}", value, re.ASCII):
        raise fault("VALIDATION_001", "Must be 1 to 9 digits in a string")
    return value


def _type(value: Any) -> Any:
    """Some typed clients must send a type and send an empty one. It is ignored."""
    return DEFAULT_CAMPAIGN_TYPE if value == "" else value


Line = Annotated[str, StringConstraints(max_length=255)]
Text = Annotated[str, StringConstraints(max_length=4_096)]
Message = Annotated[str, StringConstraints(max_length=1_024)]
Filled = AfterValidator(_filled)
Link = Annotated[str, StringConstraints(max_length=2_048), AfterValidator(_web_address)]
Country = Annotated[str, AfterValidator(_country)]
# Expected messages. Below 2000 is the low-volume tier.
Volume = Annotated[str, AfterValidator(_volume)]
Vertical = Annotated[str, one_of(VERTICALS)]
Relationship = Annotated[str, one_of(RELATIONSHIPS)]
EntityType = Annotated[str, one_of(ENTITY_TYPES)]


class DetailPart(BaseModel):
    """A group of fields. Unknown ones are dropped."""

    model_config = ConfigDict(
        strict=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        alias_generator=AliasGenerator(validation_alias=lambda name: AliasChoices(to_camel(name), name)),
    )

    def merged(self: P, change: P) -> P:
        """A copy with the fields of `change`. Omitted fields stay unchanged."""
        update: dict[str, Any] = {}
        for name in change.model_fields_set:
            old, new = getattr(self, name), getattr(change, name)
            both = isinstance(old, DetailPart) and isinstance(new, DetailPart)
            update[name] = old.merged(new) if both else new
        return self.model_copy(update=update)


class BusinessContact(DetailPart):
    name: Annotated[Line, Filled]
    business_name: Line | None = None
    role: Line | None = None
    phone: Line | None = None
    email: Line | None = None
    phone_country_code: Line | None = None


class Business(DetailPart):
    legal_name: Line | None = None
    tax_id: Line | None = None
    tax_id_type: Line | None = None
    entity_type: EntityType | None = None
    street: Line | None = None
    city: Line | None = None
    state: Line | None = None
    postal_code: Line | None = None
    country: Line | None = None
    url: Annotated[str, StringConstraints(max_length=2_048)] | None = None
    country_of_registration: Line | None = None


class Destination(DetailPart):
    """Only `isMain` stays camelCase in responses."""

    id: Country
    is_main: bool = Field(default=False, serialization_alias="isMain")


Destinations = Annotated[list[Destination], AtMost(MAX_COUNTRIES, "countries")]


class Compliance(DetailPart):
    vertical: Vertical
    brand_relationship: Relationship
    primary_use_case: Text | None = None
    expected_messaging_volume: Line | None = None
    is_tcr_application: bool | None = None
    phone_number_prefix: Line | None = None
    destination_countries: Destinations | None = None
    notes: Text | None = None


class BrandDetails(DetailPart):
    contact: BusinessContact
    business: Business | None = None
    compliance: Compliance


class UseCaseDetails(DetailPart):
    messaging_use_case_us: Annotated[str, one_of(USE_CASES)]
    sample_messages: Annotated[
        list[Annotated[Message, Filled]], Field(min_length=1), AtMost(MAX_SAMPLES, "sample messages")
    ]


class CampaignTexts(DetailPart):
    """A campaign without its use cases."""

    name: Annotated[Line, Filled]
    description: Annotated[Text, Filled]
    type: Annotated[Line, Filled, BeforeValidator(_type)]
    message_flow: Text | None = None
    privacy_policy_link: Link | None = None
    terms_and_conditions_link: Link | None = None
    optin_message: Message | None = None
    optout_message: Message | None = None
    help_message: Message | None = None
    optin_keywords: Message | None = None
    optout_keywords: Message | None = None
    help_keywords: Message | None = None
    volume: Volume | None = None


class CampaignDetails(CampaignTexts):
    use_cases: Annotated[list[UseCaseDetails], Field(min_length=1), AtMost(len(USE_CASES), "use cases")]

    @property
    def texts(self) -> CampaignTexts:
        return CampaignTexts.model_construct(**{name: getattr(self, name) for name in CampaignTexts.model_fields})


def dump(details: BrandDetails | CampaignTexts) -> str:
    return details.model_dump_json(by_alias=True)


def load_brand(text: str) -> BrandDetails:
    """Reads the result of `dump` without validation, so that newer rules do not make a stored brand unreadable."""
    stored = orjson.loads(text)
    business, compliance = stored["business"], stored["compliance"]
    countries = compliance["destination_countries"]
    compliance["destination_countries"] = countries and [Destination.model_construct(**one) for one in countries]
    return BrandDetails.model_construct(
        contact=BusinessContact.model_construct(**stored["contact"]),
        business=Business.model_construct(**business) if business else None,
        compliance=Compliance.model_construct(**compliance),
    )


def load_campaign(text: str) -> CampaignTexts:
    return CampaignTexts.model_construct(**orjson.loads(text))
