"""The result of a send, under all the names that are documented for it.

`recipients[].message_id` and `messages[].id` are the same list, twice. A server that sends only one of them is read
under both.
"""

from typing import TYPE_CHECKING, Any, cast

from sent_dm.models import Model


class SendResult(Model):
    @property
    def id(self) -> str | None:
        """Id of the first message."""
        recipients: Any = getattr(self, "recipients", None)
        return recipients[0].message_id if recipients else None

    message_id = id

    if not TYPE_CHECKING:

        def _missing(self, name: str) -> Any:
            raw = self._raw
            if name == "messages" and isinstance(raw.get("recipients"), list):
                return self._parts[name].read([_as_message(raw, item) for item in raw["recipients"]])
            if name == "recipients" and isinstance(raw.get("messages"), list):
                return self._parts[name].read([_as_recipient(item) for item in raw["messages"]])
            return super()._missing(name)


def _as_message(result: dict[str, Any], recipient: Any) -> dict[str, Any]:
    told = cast("dict[str, Any]", recipient)
    return {
        "id": told.get("message_id"), "status": result.get("status"), "to": told.get("to"),
        "channel": told.get("channel"), "price": None,
    }  # fmt: skip


def _as_recipient(message: Any) -> dict[str, Any]:
    told = cast("dict[str, Any]", message)
    return {"message_id": told.get("id"), "to": told.get("to"), "channel": told.get("channel"), "body": None}
