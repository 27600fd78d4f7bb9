"""Whoever approves templates before WhatsApp and RCS may carry them."""

from typing import Protocol

from sent_server.kernel.values import value_object


@value_object
class TemplateSubmission:
    """A template as the reviewer reads it. `text` is everything that a recipient could see, a part a line.

    `revision` changes with the content, so that a verdict is never given to a text that the reviewer has not read.
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
    """`reference` is the reviewer's own id of the template, if it has one."""

    reference: str | None = None


@value_object
class TemplateRejected:
    reason: str


@value_object
class TemplateUndecided:
    """Ask again after `after_ms`."""

    after_ms: int


Verdict = TemplateApproved | TemplateRejected | TemplateUndecided


class Reviewer(Protocol):
    async def review(self, submission: TemplateSubmission, *, now_ms: int) -> Verdict:
        """The verdict on a submission. The first call submits it; the same submission may come any number of times."""
        ...
