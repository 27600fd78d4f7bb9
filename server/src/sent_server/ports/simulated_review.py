"""The simulated reviewer, with predictable decisions for tests.

It approves a template REVIEW_MS after the submission, on the platform's clock. If the text contains a trigger word (a
separate word, in any case), the reviewer rejects it at that time, with the reason of that word:

    REJECT_ME       a generic refusal
    REJECT_POLICY   against the content policy
    REJECT_FORMAT   wrong use of variables or formatting
    NEVER_REVIEW    no decision: the template stays PENDING
"""

import re

from sent_server.ports.review import TemplateApproved, TemplateRejected, TemplateSubmission, TemplateUndecided, Verdict

REVIEW_MS = 2_000
ASK_AGAIN_MS = 3_600_000
NEVER = "NEVER_REVIEW"
REASONS = {
    "REJECT_ME": "The simulated reviewer rejects every template that says REJECT_ME",
    "REJECT_POLICY": "The content goes against the messaging policy",
    "REJECT_FORMAT": "Variables or formatting are used incorrectly",
}
_TRIGGER = re.compile(rf"\b({'|'.join([*REASONS, NEVER])})\b", re.IGNORECASE)


class SimulatedReviewer:
    """`ports.review.Reviewer` without a network."""

    async def review(self, submission: TemplateSubmission, *, now_ms: int) -> Verdict:
        waiting_ms = submission.submitted_at_ms + REVIEW_MS - now_ms
        if waiting_ms > 0:
            return TemplateUndecided(waiting_ms)
        trigger = _TRIGGER.search(submission.text)
        if trigger is None:
            return TemplateApproved()
        word = trigger.group(1).upper()
        return TemplateUndecided(ASK_AGAIN_MS) if word == NEVER else TemplateRejected(REASONS[word])
