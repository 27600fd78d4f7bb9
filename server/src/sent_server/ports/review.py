"""The review of templates, which WhatsApp and RCS require."""

from typing import Protocol

from sent_server.kernel.values import value_object


@value_object
class TemplateSubmission:
    """A template as the reviewer reads it. `text` is everything that a recipient could see, one part per line.

    `revision` changes with the content, so that a verdict applies only to the text that was reviewed.
    """

    customer_id: str
    template_id: str
    revision: str
    name: str
    category: str
    language: str
    text: str
    submitted_at_ms: int


@value_object
class TemplateApproved:
    """`reference` is the reviewer's id of the template, if it has one."""

    reference: str | None = None


@value_object
class TemplateRejected:
    reason: str


@value_object
class TemplateUndecided:
    """Undecided. Repeat the request after `after_ms`."""

    after_ms: int


Verdict = TemplateApproved | TemplateRejected | TemplateUndecided


class Reviewer(Protocol):
    async def review(self, submission: TemplateSubmission, *, now_ms: int) -> Verdict:
        """The verdict on a submission. The first call submits it; repeated calls submit nothing new."""
        ...
