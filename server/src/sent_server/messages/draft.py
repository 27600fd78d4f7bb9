"""Drafts a send request before anything is written. Pure, except for new ids.

The draft of a request has a message per recipient and channel. A refusal of the whole request is an ApiError.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sent_server.channels.model import ChannelConfig
from sent_server.contacts.service import Recipient
from sent_server.errors import ApiError
from sent_server.kernel import ids
from sent_server.kernel.channels import MMS
from sent_server.kernel.values import value_object
from sent_server.messages import content, pools, routes, window
from sent_server.messages.content import RenderedSource, Source
from sent_server.messages.model import AUTOMATIC, SendCommand
from sent_server.messages.pools import NO_CHOICES, Choices
from sent_server.messages.routes import MessageRoute
from sent_server.messages.statuses import QUEUED, MessageStatus, refused_as
from sent_server.messages.window import NOTHING_HEARD, Windows
from sent_server.pricing.card import RateCard
from sent_server.routing.model import RoutePlan

NO_WINDOWS: Windows = {}


NO_MEDIA = "channel 'mms' needs an attachment, here or on the template"


class Target(NamedTuple):
    """A message to draft. `channel` is `sent` for an automatic choice."""

    id: str
    phone: str
    channel: str


@value_object
class DraftMessage:
    """`plan_number` is the index of the message's route among the routes of the request."""

    id: str
    recipient: Recipient
    channel: str | None
    route: MessageRoute
    plan_number: int
    active_contact_micros: int

    @property
    def hold_micros(self) -> int:
        return self.route.hold_micros + self.active_contact_micros

    @property
    def first_status(self) -> MessageStatus:
        """QUEUED, or the word for a message that may not go to this recipient."""
        reason = self.route.plan.reason
        return QUEUED if reason is None else refused_as(reason, is_newer=self.route.is_newer)


@value_object
class DraftRequest:
    command: SendCommand
    batch_id: str
    rendered: RenderedSource
    routes: Sequence[MessageRoute]
    messages: Sequence[DraftMessage]

    @property
    def hold_micros(self) -> int:
        return sum(message.hold_micros for message in self.messages)


def draft_request(
    command: SendCommand,
    *,
    card: RateCard,
    source: Source,
    configured: Mapping[str, ChannelConfig],
    recipients: Mapping[str, Recipient],
    active: Collection[str],
    sms_max_segments: int,
    windows: Windows = NO_WINDOWS,
    refused_as_newer: bool = False,
) -> DraftRequest | ApiError:
    """Route and price every message of a request. Returns a 400, or a 422 if no recipient can be reached.

    `active` are the ids of contacts whose active-contact price of this month was already charged. `windows` are the
    channels on which contacts wrote recently; only texts without a template depend on them. With `refused_as_newer`,
    refused messages are FILTERED or BLOCKED whatever the request says.
    """
    channels = command.request.channels
    absent = [name for name in channels if name not in (AUTOMATIC, MMS) and name not in configured]
    if absent:
        message = f"Channel not configured for this account: {', '.join(absent)}"
        return ApiError("VALIDATION_006", details={"channel": [message]})
    request = command.request
    if MMS in channels and not (request.media_urls or content.media_of(source)):
        return ApiError("VALIDATION_001", details={"media_urls": [NO_MEDIA]})
    rendered = content.render(
        source, channels, sms_max_segments=sms_max_segments, media_urls=request.media_urls, subject=request.subject
    )
    if rendered.is_text and (unfit := {name: rendered.unfit[name] for name in channels if name in rendered.unfit}):
        return ApiError("VALIDATION_005", details={"text": [problem for found in unfit.values() for problem in found]})
    targets = [
        Target(ids.new_id(command.now_ms), phone, channel) for phone in command.recipients for channel in channels
    ]
    drafted = draft_targets(
        command,
        targets,
        card=card,
        rendered=rendered,
        configured=configured,
        recipients=recipients,
        active=active,
        windows=windows,
        refused_as_newer=refused_as_newer,
    )
    refusal = _refusal([route.plan for route in drafted.routes])
    return ApiError(refusal) if refusal else drafted


def draft_targets(
    command: SendCommand,
    targets: Sequence[Target],
    *,
    card: RateCard,
    rendered: RenderedSource,
    configured: Mapping[str, ChannelConfig],
    recipients: Mapping[str, Recipient],
    active: Collection[str],
    windows: Windows = NO_WINDOWS,
    refused_as_newer: bool = False,
) -> DraftRequest:
    """Route and price these messages, in order. The route of a message that cannot be sent has no leg."""
    request = command.request
    terms = routes.terms(
        card,
        rendered,
        configured=configured,
        is_newer=refused_as_newer or command.request.is_newer,
        needs_conversation=window.OPTION in command.caller.options,
    )
    alike: dict[tuple[str, frozenset[str], bool, str, frozenset[str], Choices], tuple[MessageRoute, int]] = {}
    active_senders = {name: config.senders for name, config in configured.items()} if request.senders else {}
    messages: list[DraftMessage] = []
    counted = set(active)
    for message_id, phone, channel in targets:
        recipient = recipients[phone]
        heard = windows.get(recipient.id, NOTHING_HEARD)
        chosen = pools.choices(request.senders, active_senders, phone) if request.senders else NO_CHOICES
        key = (channel, recipient.channels, recipient.opted_out, recipient.region_code, heard, chosen)
        known = alike.get(key)
        if known is None:
            known = alike[key] = routes.find(terms, recipient, channel, heard, chosen), len(alike)
        route, number = known
        explicit = None if channel == AUTOMATIC else channel
        active_micros = 0
        if card.active_contact_micros and route.plan.legs and recipient.id not in counted:
            active_micros = card.active_contact_micros
            counted.add(recipient.id)
        messages.append(DraftMessage(message_id, recipient, explicit, route, number, active_micros))
    used = [route for route, _ in alike.values()]
    return DraftRequest(command, ids.new_id(command.now_ms), rendered, used, messages)


def draft_held(
    command: SendCommand, *, source: Source, recipients: Mapping[str, Recipient], sms_max_segments: int
) -> DraftRequest | ApiError:
    """The messages of a request for a later time, without routes and prices: `rounds` decides those at the release.

    Returns a 400 if the text does not fit a requested channel, or a 422 if every recipient has opted out.
    """
    request = command.request
    channels = request.channels
    if MMS in channels and not (request.media_urls or content.media_of(source)):
        return ApiError("VALIDATION_001", details={"media_urls": [NO_MEDIA]})
    rendered = content.render(
        source, channels, sms_max_segments=sms_max_segments, media_urls=request.media_urls, subject=request.subject
    )
    problems = _text_problems(rendered, channels)
    if problems:
        code, field = ("VALIDATION_005", "text") if rendered.is_text else ("VALIDATION_004", "template.parameters")
        return ApiError(code, "Request validation failed", details={field: problems})
    if all(recipients[phone].opted_out for phone in command.recipients):
        return ApiError("BUSINESS_004")
    held = routes.held(rendered)
    messages = [
        DraftMessage(
            ids.new_id(command.now_ms), recipients[phone], None if channel == AUTOMATIC else channel, held, 0, 0
        )
        for phone in command.recipients
        for channel in channels
    ]
    return DraftRequest(command, ids.new_id(command.now_ms), rendered, [held], messages)


def _text_problems(rendered: RenderedSource, channels: Sequence[str]) -> list[str]:
    """Why the text fits none of the channels of an automatic choice, or not a named one."""
    problems: dict[str, None] = {}
    for channel in channels:
        if channel != AUTOMATIC:
            problems.update(dict.fromkeys(rendered.unfit.get(channel, ())))
        elif not rendered.contents:
            problems.update(dict.fromkeys(problem for found in rendered.unfit.values() for problem in found))
    return list(problems)


def _refusal(plans: Sequence[RoutePlan]) -> str | None:
    """The 422 code if no message of the request can be sent, unless its parameters are the reason."""
    if any(found.legs or found.refusal is None for found in plans):
        return None
    codes = {found.refusal for found in plans}
    if codes == {"BUSINESS_004"}:
        return "BUSINESS_004"
    return "BUSINESS_005" if "BUSINESS_005" in codes else "BUSINESS_007"
