"""The registry of businesses that text people in the United States (10DLC), as The Campaign Registry runs one."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from sent_server.kernel.values import value_object


@value_object
class BrandFiling:
    """Who sends. `fields` holds what is known, by dotted names: `contact.name`, `business.legal_name`."""

    customer_id: str
    brand_id: str
    fields: Mapping[str, str]
    submitted_at_ms: int


@value_object
class CampaignFiling:
    """What a brand sends. `samples` pairs each use case with its sample messages."""

    customer_id: str
    campaign_id: str
    brand_reference: str
    fields: Mapping[str, str]
    samples: Sequence[tuple[str, Sequence[str]]]
    submitted_at_ms: int


@value_object
class Registered:
    """`reference` is the registry's id of the entry, `csp_id` that of the one who filed it; the rest is of brands."""

    reference: str
    csp_id: str
    identity_status: str | None = None
    universal_ein: str | None = None


@value_object
class FilingRefused:
    reason: str


@value_object
class FilingPending:
    """Ask again after `after_ms`."""

    after_ms: int


Answer = Registered | FilingRefused | FilingPending


class Registry(Protocol):
    """The first call files; the same filing may come any number of times, and is one entry all the same."""

    async def brand(self, filing: BrandFiling, *, now_ms: int) -> Answer: ...

    async def campaign(self, filing: CampaignFiling, *, now_ms: int) -> Answer: ...
