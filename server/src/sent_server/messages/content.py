"""What a message says on each channel: the rendered template, or the text as it is. Pure."""

from collections.abc import Mapping, Sequence

from sent_server.carriers import limits
from sent_server.carriers.base import MessageContent
from sent_server.kernel.channels import CHANNELS
from sent_server.kernel.values import value_object
from sent_server.messages.model import AUTOMATIC
from sent_server.templates import rendering
from sent_server.templates.model import APPROVED
from sent_server.templates.service import SendableTemplate

# The category of the rate card for texts without a template.
SERVICE = "SERVICE"


@value_object
class TemplateSource:
    """A template and the values of its variables."""

    template: SendableTemplate
    parameters: Mapping[str, str]


@value_object
class TextSource:
    """A text that is sent as it is."""

    text: str


Source = TemplateSource | TextSource


@value_object
class RenderedSource:
    """`contents` are the texts that fit their channel, `unfit` the problems of the others.

    Without a template, its three fields are None. `category` is the one of the rate card.
    """

    template_id: str | None
    template_name: str | None
    template_category: str | None
    category: str
    approved: bool
    contents: Mapping[str, MessageContent]
    unfit: Mapping[str, tuple[str, ...]]

    @property
    def is_text(self) -> bool:
        return self.template_id is None


def render(source: Source, channels: Sequence[str], *, sms_max_segments: int) -> RenderedSource:
    """Render the texts of the allowed channels."""
    if isinstance(source, TextSource):
        return _of_text(source, channels, sms_max_segments)
    template = source.template
    contents: dict[str, MessageContent] = {}
    unfit: dict[str, tuple[str, ...]] = {}
    wanted = template.channels if AUTOMATIC in channels else template.channels.intersection(channels)
    for channel in sorted(wanted):
        match rendering.render(template.compiled, channel, source.parameters, sms_max_segments=sms_max_segments):
            case MessageContent() as content:
                contents[channel] = content
            case rendering.InvalidParameters(problems=found):
                unfit[channel] = found
    category, approved = template.category, template.status == APPROVED
    return RenderedSource(template.id, template.name, category, category, approved, contents, unfit)


def _of_text(source: TextSource, channels: Sequence[str], sms_max_segments: int) -> RenderedSource:
    contents: dict[str, MessageContent] = {}
    unfit: dict[str, tuple[str, ...]] = {}
    content = MessageContent(source.text)
    for channel in CHANNELS if AUTOMATIC in channels else sorted({*channels}):
        problem = limits.text_problem(channel, source.text, sms_max_segments)
        if problem is None:
            contents[channel] = content
        else:
            unfit[channel] = (problem,)
    return RenderedSource(None, None, None, SERVICE, True, contents, unfit)
