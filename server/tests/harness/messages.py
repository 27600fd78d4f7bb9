"""Waiting for messages to get somewhere, and what a failure says about one that did not."""

from collections.abc import Iterable, Sequence
from typing import Any

from harness.client import Client, Response
from harness.waiting import wait_for

FINAL = ("DELIVERED", "READ", "FAILED", "FILTERED", "BLOCKED", "CANCELLED")
Message = dict[str, Any]


def wait_for_status(http: Client, message_id: str, *statuses: str, timeout_s: float = 15.0) -> Message:
    """The message once it shows one of `statuses`; by default, once it has ended."""
    wanted = statuses or FINAL
    (found,) = _wait(http, [message_id], wanted, timeout_s)
    return found


def wait_for_end(http: Client, messages: Response | Iterable[str], *, timeout_s: float = 30.0) -> list[Message]:
    """The messages of an accepted send, or of these ids, once each has ended."""
    if isinstance(messages, Response):
        messages = [recipient["message_id"] for recipient in messages.data["recipients"]]
    return _wait(http, list(messages), FINAL, timeout_s)


def history(http: Client, message_id: str) -> str:
    """The activities of a message, oldest first, a line each."""
    answer = http.get(f"/v3/messages/{message_id}/activities", checked=False)
    if answer.status != 200:
        return f"activities of {message_id}: {answer.status} {answer.body!r}"
    lines = [
        f"  {one['timestamp']} {one['status']:<10} {one['description']}" for one in reversed(answer.data["activities"])
    ]
    return "\n".join([f"activities of {message_id}:", *lines])


def _wait(http: Client, message_ids: Sequence[str], wanted: Sequence[str], timeout_s: float) -> list[Message]:
    found: dict[str, Message] = {}

    def others() -> dict[str, str]:
        """Status by id of those that are not there yet. Who has arrived is not asked again."""
        for message_id in message_ids:
            if message_id not in found or found[message_id]["status"] not in wanted:
                answer = http.get(f"/v3/messages/{message_id}")
                assert answer.status == 200, answer.body
                found[message_id] = answer.data
        return {id: message["status"] for id, message in found.items() if message["status"] not in wanted}

    wait_for(
        others,
        timeout_s,
        until=lambda missing: not missing,
        what=f"{_count(message_ids)} to be {' or '.join(wanted)}",
        explain=lambda missing: history(http, next(iter(missing))),
    )
    return [found[message_id] for message_id in message_ids]


def _count(message_ids: Sequence[str]) -> str:
    return message_ids[0] if len(message_ids) == 1 else f"{len(message_ids)} messages"
