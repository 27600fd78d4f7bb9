"""A simulated handset: what it shows, and what the person who holds it writes."""

import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sent_dm.models import INSTANT, Model, wrap

if TYPE_CHECKING:
    from sent_dm.client import SentDm

POLL_S = 0.05
Wanted = str | re.Pattern[str] | Callable[["HandsetMessage"], bool]


class HandsetMessage(Model):
    """`direction` is to_phone or from_phone; `sender` is your number in both. `message_id` is that of the API."""

    id: str
    message_id: str | None
    direction: str
    channel: str
    phone: str
    sender: str
    text: str
    header: Any
    footer: Any
    buttons: list[Any]
    state: str
    duplicates: int
    created_at: datetime

    _parts = {"created_at": INSTANT}


class Phone:
    def __init__(self, client: "SentDm", number: str) -> None:
        self._client = client
        self._given: set[str] = set()
        self.number = number

    def messages(self) -> list[HandsetMessage]:
        """What it shows, oldest first; what the person wrote included. The last hundred of them."""
        answer = self._client.get(f"/sim/phones/{self.number}/messages", params={"page_size": 100})
        return [wrap(HandsetMessage, one) for one in reversed(answer["data"]["messages"])]

    def wait_for(
        self, wanted: Wanted | None = None, *, channel: str | None = None, timeout: float = 10.0
    ) -> HandsetMessage:
        """The next message that has arrived: the oldest one that this method has not returned before.

        `wanted` narrows it: a part of the text, a pattern, or a function of the message. Raises AssertionError after
        `timeout` seconds, saying what there was instead.
        """
        deadline_s = time.monotonic() + timeout
        while True:
            shown = [one for one in self.messages() if one.direction == "to_phone" and one.id not in self._given]
            for one in shown:
                if one.state in ("delivered", "read") and channel in (None, one.channel) and _fits(one, wanted):
                    self._given.add(one.id)
                    return one
            if time.monotonic() > deadline_s:
                raise AssertionError(
                    f"{self.number} did not get {_told(wanted, channel)} in {timeout:g} s; {_had(shown)}"
                )
            time.sleep(POLL_S)

    def reply(self, text: str, *, channel: str = "sms") -> HandsetMessage:
        """The person writes back to your number."""
        answer = self._client.post(
            f"/sim/phones/{self.number}/messages", body={"channel": channel, "text": text}, cast_to=object
        )
        return wrap(HandsetMessage, answer["data"])

    def takes(self, *, sms: bool | None = None, whatsapp: bool | None = None, rcs: bool | None = None) -> None:
        """Change what the handset can receive; None leaves a channel as it is."""
        wanted = {"sms": sms, "whatsapp": whatsapp, "rcs": rcs}
        self._client.put(f"/sim/phones/{self.number}", body=wanted)

    def __repr__(self) -> str:
        return f"Phone({self.number!r})"


def _fits(message: HandsetMessage, wanted: Wanted | None) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return wanted in message.text
    return wanted.search(message.text) is not None if isinstance(wanted, re.Pattern) else wanted(message)


def _told(wanted: Wanted | None, channel: str | None) -> str:
    where = "" if channel is None else f" by {channel}"
    if wanted is None:
        return f"a message{where}"
    return f"a message{where} with {wanted.pattern if isinstance(wanted, re.Pattern) else wanted!r}"


def _had(shown: list[HandsetMessage]) -> str:
    if not shown:
        return "it got nothing"
    return "it shows " + ", ".join(f"{one.text!r} ({one.channel}, {one.state})" for one in shown)
