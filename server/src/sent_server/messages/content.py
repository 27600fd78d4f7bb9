"""What a message says on each channel: the rendered template, or the text as it is. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sent_server.carriers import limits
from sent_server.carriers.base import Attachment, MessageContent
from sent_server.kernel.channels import BASE_CHANNELS, CHANNELS, MMS
from sent_server.kernel.values import value_object
from sent_server.messages.model import AUTOMATIC
from sent_server.pricing.card import SERVICE
from sent_server.templates import rendering
from sent_server.templates.model import APPROVED
from sent_server.templates.service import SendableTemplate


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


def render(
    source: Source,
    channels: Sequence[str],
    *,
    sms_max_segments: int,
    media_urls: Sequence[str] = (),
    subject: str | None = None,
) -> RenderedSource:
    """Render the texts of the allowed channels. MMS needs media, here or on the template.

    `media_urls` replace the media of the template, and `subject` its subject.
    """
    attachments = tuple(map(Attachment, media_urls))
    if isinstance(source, TextSource):
        return _of_text(source, channels, sms_max_segments, attachments, subject)
    template = source.template
    contents: dict[str, MessageContent] = {}
    unfit: dict[str, tuple[str, ...]] = {}
    wanted = template.channels if AUTOMATIC in channels else template.channels.intersection(channels)
    for channel in sorted(wanted):
        if channel == MMS and not (attachments or template.compiled.media):
            continue
        match rendering.render(template.compiled, channel, source.parameters, sms_max_segments=sms_max_segments):
            case MessageContent() as content:
                contents[channel] = _with_media(content, attachments, subject) if channel == MMS else content
            case rendering.InvalidParameters(problems=found):
                unfit[channel] = found
    category, approved = template.category, template.status == APPROVED
    return RenderedSource(template.id, template.name, category, category, approved, contents, unfit)


def media_of(source: Source) -> Sequence[Attachment]:
    """The media of the template. A text has none."""
    return source.template.compiled.media if isinstance(source, TemplateSource) else ()


def _with_media(content: MessageContent, attachments: tuple[Attachment, ...], subject: str | None) -> MessageContent:
    return replace(content, media=attachments or content.media, subject=subject or content.subject)


def _of_text(
    source: TextSource,
    channels: Sequence[str],
    sms_max_segments: int,
    attachments: tuple[Attachment, ...],
    subject: str | None,
) -> RenderedSource:
    contents: dict[str, MessageContent] = {}
    unfit: dict[str, tuple[str, ...]] = {}
    content = MessageContent(source.text)
    every = CHANNELS if attachments else BASE_CHANNELS
    for channel in every if AUTOMATIC in channels else sorted({*channels}.intersection(every)):
        problem = limits.text_problem(channel, source.text, sms_max_segments)
        if problem is None:
            contents[channel] = _with_media(content, attachments, subject) if channel == MMS else content
        else:
            unfit[channel] = (problem,)
    return RenderedSource(None, None, None, SERVICE, True, contents, unfit)
