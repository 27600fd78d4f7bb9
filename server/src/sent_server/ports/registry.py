"""The registry of businesses that send SMS in the United States (10DLC), such as The Campaign Registry."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from sent_server.kernel.values import value_object


@value_object
class BrandFiling:
    """The sender. `fields` holds the known data by dotted names: `contact.name`, `business.legal_name`."""

    customer_id: str
    brand_id: str
    fields: Mapping[str, str]
    submitted_at_ms: int


@value_object
class CampaignFiling:
    """The messages of a brand. `samples` pairs each use case with its sample messages."""

    customer_id: str
    campaign_id: str
    brand_reference: str
    fields: Mapping[str, str]
    samples: Sequence[tuple[str, Sequence[str]]]
    submitted_at_ms: int


@value_object
class Registered:
    """`reference` is the registry's id, `csp_id` that of the filing party. Only brands have the other fields."""

    reference: str
    csp_id: str
    identity_status: str | None = None
    universal_ein: str | None = None


@value_object
class FilingRefused:
    reason: str


@value_object
class FilingPending:
    """Undecided. Repeat the request after `after_ms`."""

    after_ms: int


Answer = Registered | FilingRefused | FilingPending


class Registry(Protocol):
    """File an entry. Repeated calls with the same filing create one entry."""

    async def brand(self, filing: BrandFiling, *, now_ms: int) -> Answer: ...

    async def campaign(self, filing: CampaignFiling, *, now_ms: int) -> Answer: ...
