"""What a send asked for, in a form that is stored with its batch. Sending later and sending again start from it.

Pure. The rendered texts are in `batches.contents_json`; this is what they were rendered from.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, cast

import orjson

from sent_server.kernel.channels import MMS
from sent_server.kernel.values import value_object


@value_object
class TextAsked:
    """A text that is sent as it is."""

    text: str


@value_object
class TemplateAsked:
    """A template by id or, without one, by name. As stored, it has the id that was found."""

    id: str | None
    name: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])


Asked = TextAsked | TemplateAsked


@value_object
class SendRequest:
    """`channels` are distinct; `sent` means automatic. `senders` are the allowed senders of a channel, in order.

    A channel without an entry may use any sender.
    """

    asked: Asked
    channels: tuple[str, ...]
    media_urls: tuple[str, ...] = ()
    subject: str | None = None
    senders: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    scheduled_at_ms: int | None = None

    @property
    def is_newer(self) -> bool:
        """Whether it has a field that older clients do not know. Such clients know FILTERED and BLOCKED."""
        return bool(
            isinstance(self.asked, TextAsked)
            or self.media_urls
            or self.subject
            or self.senders
            or self.scheduled_at_ms is not None
            or MMS in self.channels
        )


def dump(request: SendRequest, *, template_id: str | None) -> str:
    """`template_id` is the template that was found, because a name may lead to another one later."""
    asked = request.asked
    raw: dict[str, Any] = {"channels": request.channels}
    if isinstance(asked, TextAsked):
        raw["text"] = asked.text
    else:
        raw["template_id"] = template_id
        if asked.parameters:
            raw["parameters"] = asked.parameters
    if request.media_urls:
        raw["media_urls"] = request.media_urls
    if request.subject is not None:
        raw["subject"] = request.subject
    if request.senders:
        raw["senders"] = request.senders
    if request.scheduled_at_ms is not None:
        raw["scheduled_at_ms"] = request.scheduled_at_ms
    return orjson.dumps(raw).decode()


def load(text: str) -> SendRequest:
    raw: dict[str, Any] = orjson.loads(text)
    asked: Asked
    if "text" in raw:
        asked = TextAsked(raw["text"])
    else:
        asked = TemplateAsked(raw["template_id"], None, raw.get("parameters", {}))
    senders = cast(dict[str, list[str]], raw.get("senders", {}))
    return SendRequest(
        asked=asked,
        channels=tuple(raw["channels"]),
        media_urls=tuple(raw.get("media_urls", ())),
        subject=raw.get("subject"),
        senders={channel: tuple(numbers) for channel, numbers in senders.items()},
        scheduled_at_ms=raw.get("scheduled_at_ms"),
    )
