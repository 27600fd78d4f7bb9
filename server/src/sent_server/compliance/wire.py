"""Bodies of brands and campaigns. Source: contract/openapi-v3.json, contract/NOTES.md a37, d.

Brands are camelCase in requests and snake_case in a profile's response, except `isMain`. Campaigns are camelCase in
both. The retired brand routes use a flat camelCase form in both, and also accept the nested one.
"""

from typing import Annotated, Any, ClassVar, cast

from pydantic import Discriminator, Tag
from pydantic.alias_generators import to_camel

from sent_server.compliance.details import (
    BrandDetails,
    Business,
    BusinessContact,
    CampaignDetails,
    Compliance,
    Destinations,
    DetailPart,
    EntityType,
    Filled,
    Line,
    Relationship,
    Text,
    Vertical,
)
from sent_server.compliance.model import Brand, Campaign, FilingState, UseCase
from sent_server.http.fields import RequestBody
from sent_server.kernel import timestamps

BrandInput = BrandDetails
_BRAND_STATUS = {FilingState.REGISTERED: "ACTIVE", FilingState.REJECTED: "INACTIVE"}
_CAMPAIGN_STATUS = {FilingState.FILED: "SENT_CREATED", FilingState.REGISTERED: "ACTIVE"}
_SHARING_STATUS = {FilingState.FILED: "PENDING", FilingState.REGISTERED: "ACCEPTED", FilingState.REJECTED: "DECLINED"}


class FlatBrand(DetailPart):
    """`brand_name` is an older name of `business_name`."""

    contact_name: Annotated[Line, Filled]
    contact_email: Line | None = None
    contact_phone: Line | None = None
    contact_phone_country_code: Line | None = None
    brand_name: Line | None = None
    business_name: Line | None = None
    business_role: Line | None = None
    business_legal_name: Line | None = None
    business_url: Line | None = None
    tax_id: Line | None = None
    tax_id_type: Line | None = None
    entity_type: EntityType | None = None
    street: Line | None = None
    city: Line | None = None
    state: Line | None = None
    postal_code: Line | None = None
    country: Line | None = None
    country_of_registration: Line | None = None
    vertical: Vertical
    brand_relationship: Relationship
    primary_use_case: Text | None = None
    expected_messaging_volume: Line | None = None
    is_tcr_application: bool | None = None
    phone_number_prefix: Line | None = None
    destination_countries: Destinations | None = None
    notes: Text | None = None

    @property
    def details(self) -> BrandDetails:
        return BrandDetails(
            contact=BusinessContact(
                name=self.contact_name,
                business_name=self.business_name or self.brand_name,
                role=self.business_role,
                phone=self.contact_phone,
                email=self.contact_email,
                phone_country_code=self.contact_phone_country_code,
            ),
            business=Business(
                legal_name=self.business_legal_name,
                url=self.business_url,
                **{name: getattr(self, name) for name in _SAME_IN_BUSINESS},
            ),
            compliance=Compliance(**{name: getattr(self, name) for name in Compliance.model_fields}),
        )


# Fields with the same name in both forms, including all of compliance.
_SAME_IN_BUSINESS = tuple(name for name in Business.model_fields if name in FlatBrand.model_fields)
_GROUPS = frozenset(BrandDetails.model_fields)


def _form(value: Any) -> str:
    """The brackets keep the tags out of the field names in errors."""
    is_nested = isinstance(value, dict) and not _GROUPS.isdisjoint(cast(dict[str, Any], value))
    return "[nested]" if is_nested else "[flat]"


class PutBrand(RequestBody):
    brand: Annotated[
        Annotated[FlatBrand, Tag("[flat]")] | Annotated[BrandDetails, Tag("[nested]")], Discriminator(_form)
    ]

    @property
    def details(self) -> BrandDetails:
        return self.brand.details if isinstance(self.brand, FlatBrand) else self.brand


class UpdateBrand(PutBrand):
    required_code: ClassVar[str] = "VALIDATION_001"


class CreateCampaign(RequestBody):
    campaign: CampaignDetails


class UpdateCampaign(CreateCampaign):
    required_code: ClassVar[str] = "VALIDATION_001"


def brand_wire(brand: Brand) -> dict[str, Any]:
    """A brand inside a profile's response."""
    details = brand.details.model_dump(by_alias=True)
    compliance = details["compliance"]
    return {
        "id": brand.id,
        "tcr_brand_id": brand.reference,
        "status": _BRAND_STATUS.get(brand.state),
        "identity_status": brand.identity_status,
        "universal_ein": brand.universal_ein,
        "csp_id": brand.csp_id,
        "submitted_to_tcr": brand.is_fixed,
        "submitted_at": timestamps.iso_or_none(brand.submitted_at_ms),
        "is_inherited": brand.is_inherited,
        "created_at": timestamps.iso(brand.created_at_ms),
        "updated_at": timestamps.iso_or_none(brand.updated_at_ms),
        **details,
        "compliance": {**compliance, "destination_countries": compliance["destination_countries"] or []},
    }


def flat_brand(brand: Brand) -> dict[str, Any]:
    """A brand in responses of the retired routes."""
    contact, compliance = brand.details.contact, brand.details.compliance
    business = brand.details.business or Business()
    return {
        "id": brand.id,
        "tcrBrandId": brand.reference,
        "universalEin": brand.universal_ein,
        "cspId": brand.csp_id,
        "status": _BRAND_STATUS.get(brand.state),
        "identityStatus": brand.identity_status,
        "submittedToTCR": brand.is_fixed,
        "submittedAt": timestamps.iso_or_none(brand.submitted_at_ms),
        "isInherited": brand.is_inherited,
        "createdAt": timestamps.iso(brand.created_at_ms),
        "updatedAt": timestamps.iso_or_none(brand.updated_at_ms),
        "contactName": contact.name,
        "contactEmail": contact.email,
        "contactPhone": contact.phone,
        "contactPhoneCountryCode": contact.phone_country_code,
        "businessName": contact.business_name,
        "businessRole": contact.role,
        "businessLegalName": business.legal_name,
        "businessUrl": business.url,
        **{to_camel(name): getattr(business, name) for name in _SAME_IN_BUSINESS},
        **{to_camel(name): getattr(compliance, name) for name in Compliance.model_fields},
        "destinationCountries": [one.model_dump(by_alias=True) for one in compliance.destination_countries or []],
    }


def campaign_wire(campaign: Campaign, *, brand_id: str) -> dict[str, Any]:
    texts = campaign.texts
    return {
        "useCases": [_use_case(one, campaign) for one in campaign.use_cases],
        "tcrSyncError": campaign.rejection_reason,
        "kycSubmissionFormId": None,
        "type": texts.type,
        "customerId": campaign.customer_id,
        "name": texts.name,
        "description": texts.description,
        "submittedToTCR": campaign.is_fixed,
        "submittedAt": timestamps.iso_or_none(campaign.submitted_at_ms),
        "billedDate": None,
        "cost": None,
        "telnyxCampaignId": None,
        "tcrCampaignId": campaign.reference,
        "cspId": campaign.csp_id,
        "status": _CAMPAIGN_STATUS.get(campaign.state),
        "brandId": brand_id,
        "resellerId": None,
        "messageFlow": texts.message_flow,
        "privacyPolicyLink": texts.privacy_policy_link,
        "termsAndConditionsLink": texts.terms_and_conditions_link,
        "optinMessage": texts.optin_message,
        "optoutMessage": texts.optout_message,
        "helpMessage": texts.help_message,
        "optinKeywords": texts.optin_keywords,
        "optoutKeywords": texts.optout_keywords,
        "helpKeywords": texts.help_keywords,
        "volume": texts.volume,
        "dcaElectionsComplete": campaign.is_registered,
        "dcaElectionsCompletedAt": timestamps.iso_or_none(campaign.updated_at_ms if campaign.is_registered else None),
        "hasSubmissionTransaction": campaign.is_registered,
        "upstreamCnpId": None,
        "sharingStatus": _SHARING_STATUS.get(campaign.state),
        "id": campaign.id,
        "createdAt": timestamps.iso(campaign.created_at_ms),
        "updatedAt": timestamps.iso_or_none(campaign.updated_at_ms),
    }


def _use_case(use_case: UseCase, campaign: Campaign) -> dict[str, Any]:
    return {
        "campaignId": campaign.id,
        "customerId": campaign.customer_id,
        "messagingUseCaseUs": use_case.kind,
        "sampleMessages": use_case.sample_messages,
        "id": use_case.id,
        "createdAt": timestamps.iso(use_case.created_at_ms),
        "updatedAt": timestamps.iso_or_none(use_case.updated_at_ms),
    }
