"""The rules for buttons: requirements of each type, and limits of combinations. Pure. Source: contract/NOTES.md c."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Protocol
from urllib.parse import urlsplit

from sent_server.templates import placeholders

TYPES = ("QUICK_REPLY", "URL", "PHONE_NUMBER", "VOICE_CALL", "COPY_CODE")
MAX_TEXT = 25
MAX_OFFER_CODE = 15
MAX_QUICK_REPLIES = 3
MAX_CALLS_TO_ACTION = 2
MAX_URL = 2_000
URL_TOO_LONG = f"A URL may have at most {MAX_URL} characters"
_MARKUP = re.compile(r"[*_~`]|<[^>]*>")
_NEEDS = {
    "QUICK_REPLY": ("text",),
    "URL": ("text", "url"),
    "PHONE_NUMBER": ("text", "phone_number"),
    "VOICE_CALL": ("text",),
    "COPY_CODE": (),
}
_WIRE_NAMES = {"phone_number": "phoneNumber"}


class Props(Protocol):
    """The properties with rules. None means absent."""

    @property
    def text(self) -> str | None: ...
    @property
    def url(self) -> str | None: ...
    @property
    def phone_number(self) -> str | None: ...
    @property
    def offer_code(self) -> str | None: ...


def problems(button_type: str, props: Props) -> Iterator[tuple[str, str]]:
    """Pairs of (property, problem) for one button."""
    for name in _NEEDS[button_type]:
        if not getattr(props, name):
            wire_name = _WIRE_NAMES.get(name, name)
            yield wire_name, f"'{wire_name}' is required for a {button_type} button"
    if props.text:
        for message in _text_problems(props.text):
            yield "text", message
    if props.url and button_type == "URL":
        for message in _url_problems(props.url):
            yield "url", message
    if props.offer_code and len(props.offer_code) > MAX_OFFER_CODE:
        yield "offerCode", f"An offer code may have at most {MAX_OFFER_CODE} characters"


def mix_problems(types: Sequence[str]) -> Iterator[str]:
    """Combinations that WhatsApp does not support."""
    replies = types.count("QUICK_REPLY")
    others = len(types) - replies
    if replies and others:
        yield "Quick replies cannot stand beside other buttons"
    if replies > MAX_QUICK_REPLIES:
        yield f"At most {MAX_QUICK_REPLIES} quick replies are allowed"
    if others > MAX_CALLS_TO_ACTION:
        yield f"At most {MAX_CALLS_TO_ACTION} call-to-action buttons are allowed"


def _text_problems(text: str) -> Iterator[str]:
    if len(text) > MAX_TEXT:
        yield f"Button text may have at most {MAX_TEXT} characters"
    if "{{" in text:
        yield "Button text cannot hold variables"
    if "\n" in text or "\r" in text:
        yield "Button text must be one line"
    if _MARKUP.search(text):
        yield "Button text cannot hold markup"
    if any(_is_emoji(character) for character in text):
        yield "Button text cannot hold emoji"


def _is_emoji(character: str) -> bool:
    return character in "\u200d\ufe0f\u20e3" or (
        unicodedata.category(character) in ("So", "Sk") and ord(character) > 0x2000
    )


def _url_problems(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(placeholders.plain(url).replace(" ", "x"))
        valid = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        valid = False
    if not valid or any(character.isspace() for character in re.sub(r"\{\{[^{}]*\}\}", "", url)):
        yield "Must be a valid HTTP or HTTPS URL"
    if placeholders.length(url) > MAX_URL:
        yield URL_TOO_LONG
    count = url.count("{{")
    if count > 1 or (count and not url.endswith("}}")):
        yield "A URL may hold one variable, at its end"
