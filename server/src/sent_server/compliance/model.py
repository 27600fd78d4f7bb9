"""Brands and campaigns as stored, and their state at the registry.

    draft --file--> filed --verdict--> registered
                      ^  \
               edit   |   --verdict--> rejected (can be changed again; an edit files it again)
                      +-------------------'
"""

from enum import StrEnum

from sent_server.compliance.details import BrandDetails, CampaignTexts
from sent_server.kernel.values import value_object


class FilingState(StrEnum):
    DRAFT = "draft"
    FILED = "filed"
    REGISTERED = "registered"
    REJECTED = "rejected"


FIXED = (FilingState.FILED, FilingState.REGISTERED)


@value_object
class Brand:
    """`reference` is the id at the registry, `csp_id` that of the filing party. `is_inherited`: it is the parent's."""

    customer_id: str
    id: str
    details: BrandDetails
    state: FilingState
    reference: str | None
    csp_id: str | None
    universal_ein: str | None
    identity_status: str | None
    rejection_reason: str | None
    submitted_at_ms: int | None
    created_at_ms: int
    updated_at_ms: int | None
    is_inherited: bool = False

    @property
    def is_fixed(self) -> bool:
        return self.state in FIXED

    @property
    def is_tcr_application(self) -> bool:
        return bool(self.details.compliance.is_tcr_application)


@value_object
class UseCase:
    """A kind of message with samples. It keeps its id while the campaign keeps the kind."""

    id: str
    kind: str
    sample_messages: list[str]
    created_at_ms: int
    updated_at_ms: int | None


@value_object
class Campaign:
    customer_id: str
    id: str
    texts: CampaignTexts
    use_cases: list[UseCase]
    state: FilingState
    reference: str | None
    csp_id: str | None
    rejection_reason: str | None
    submitted_at_ms: int | None
    created_at_ms: int
    updated_at_ms: int | None

    @property
    def is_fixed(self) -> bool:
        return self.state in FIXED

    @property
    def is_registered(self) -> bool:
        """From then on it is fixed, so its last change is the registration."""
        return self.state is FilingState.REGISTERED


class Registration(StrEnum):
    """The registration of a customer, brand and campaigns together."""

    NONE = "none"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


@value_object
class Facts:
    """Facts for completing a profile. Brand and campaigns are its own or inherited, as its settings define."""

    has_brand: bool
    is_tcr_application: bool
    has_main_country: bool
    campaigns: int
    registration: Registration
