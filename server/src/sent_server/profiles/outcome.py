r"""The outcome of completing a profile. Pure. Source: contract/NOTES.md a32, d.

incomplete --complete--> pending_review (SUBMITTED) --registry's verdict--> approved | rejected
          \--complete--> approved (COMPLETED)
"""

from enum import StrEnum
from typing import assert_never

from sent_server.accounts.model import Account
from sent_server.compliance.model import Facts
from sent_server.profiles.model import PAYS_ITSELF, BillingContact, ProfileStatus

NO_BILLING_CONTACT = "The profile pays for itself and needs a billing contact"
NO_OWN_BRAND = "The profile needs a brand"
NO_PARENTS_BRAND = "The profile inherits its brand, and its organization has none"
NO_OWN_CAMPAIGN = "A TCR application needs at least one campaign"
NO_PARENTS_CAMPAIGN = "The profile inherits its campaigns, and its organization has none"


class CompletionOutcome(StrEnum):
    SUBMITTED = "submitted"
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def status(self) -> ProfileStatus | None:
        """The new status of the profile. None means unchanged."""
        match self:
            case CompletionOutcome.SUBMITTED:
                return ProfileStatus.PENDING_REVIEW
            case CompletionOutcome.COMPLETED:
                return ProfileStatus.APPROVED
            case CompletionOutcome.FAILED:
                return None
        assert_never(self)


def lacking(account: Account, contact: BillingContact | None, facts: Facts) -> dict[str, list[str]]:
    """Missing prerequisites, by field. Empty if the profile can be completed."""
    found: dict[str, list[str]] = {}
    if contact is None and account.billing_model in PAYS_ITSELF:
        found["billing_contact"] = [NO_BILLING_CONTACT]
    if not facts.has_brand:
        found["brand"] = [NO_PARENTS_BRAND if account.has("inherit_tcr_brand") else NO_OWN_BRAND]
    elif facts.is_tcr_application and not facts.campaigns:
        found["campaigns"] = [NO_PARENTS_CAMPAIGN if account.has("inherit_tcr_campaign") else NO_OWN_CAMPAIGN]
    return found


def decide(account: Account, facts: Facts, *, has_channel: bool) -> CompletionOutcome:
    """`has_channel`: SMS or WhatsApp, own or inherited."""
    inherits = account.has("inherit_tcr_brand") and account.has("inherit_tcr_campaign")
    if not has_channel:
        return CompletionOutcome.SUBMITTED
    if facts.is_tcr_application:
        return CompletionOutcome.COMPLETED if inherits else CompletionOutcome.SUBMITTED
    return CompletionOutcome.SUBMITTED if facts.has_main_country else CompletionOutcome.COMPLETED
