"""The simulated registry, with predictable decisions for tests.

It registers an entry DECIDE_MS after the filing, on the platform's clock. If any text of the filing contains a trigger
word (a separate word, in any case), the registry refuses it at that time, with the reason of that word:

    REJECT_ME        a generic refusal
    REJECT_IDENTITY  the business cannot be identified
    REJECT_CONTENT   the content is not allowed
    NEVER_REVIEW     no decision: the filing stays pending

A publicly traded company becomes vetted, all others verified.
"""

import hashlib
import re
from collections.abc import Iterable

from sent_server.ports.registry import Answer, BrandFiling, CampaignFiling, FilingPending, FilingRefused, Registered

DECIDE_MS = 3_000
ASK_AGAIN_MS = 3_600_000
CSP_ID = "SIMULATED"
NEVER = "NEVER_REVIEW"
REASONS = {
    "REJECT_ME": "The simulated registry refuses every filing that says REJECT_ME",
    "REJECT_IDENTITY": "The business could not be identified by its name and tax number",
    "REJECT_CONTENT": "Messages of this content are not allowed",
}
_TRIGGER = re.compile(rf"\b({'|'.join([*REASONS, NEVER])})\b", re.IGNORECASE)


class SimulatedRegistry:
    """`ports.registry.Registry` without a network."""

    async def brand(self, filing: BrandFiling, *, now_ms: int) -> Answer:
        if held := _held(filing.fields.values(), filing.submitted_at_ms, now_ms):
            return held
        country, tax_id = (filing.fields.get(f"business.{name}") for name in ("country", "tax_id"))
        is_public = filing.fields.get("business.entity_type") == "PUBLIC_PROFIT"
        return Registered(
            reference=_reference("B", filing.brand_id),
            csp_id=CSP_ID,
            identity_status="VETTED_VERIFIED" if is_public else "VERIFIED",
            universal_ein=f"{country or 'US'}_{tax_id}" if tax_id else None,
        )

    async def campaign(self, filing: CampaignFiling, *, now_ms: int) -> Answer:
        texts = [*filing.fields.values(), *(text for _, samples in filing.samples for text in samples)]
        if held := _held(texts, filing.submitted_at_ms, now_ms):
            return held
        return Registered(reference=_reference("C", filing.campaign_id), csp_id=CSP_ID)


def _held(texts: Iterable[str], submitted_at_ms: int, now_ms: int) -> FilingPending | FilingRefused | None:
    """Why it is not registered (yet)."""
    waiting_ms = submitted_at_ms + DECIDE_MS - now_ms
    if waiting_ms > 0:
        return FilingPending(waiting_ms)
    trigger = _TRIGGER.search("\n".join(texts))
    if trigger is None:
        return None
    word = trigger.group(1).upper()
    return FilingPending(ASK_AGAIN_MS) if word == NEVER else FilingRefused(REASONS[word])


def _reference(kind: str, identifier: str) -> str:
    """A short id in capitals, like those of the registry. The same entry always gets the same id."""
    return kind + hashlib.sha256(identifier.encode()).hexdigest()[:6].upper()
