"""Converts the flat create form of the data-model pages into a content tree. Pure. Source: contract/NOTES.md a40, c.

This module validates nothing. The tree reports errors, and `place` finds the flat name of their field.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from sent_server.kernel.channels import CHANNELS

FIELDS = ("body", "header", "footer", "buttons")
_ENOUGH = 1_000
# Names in the tree -> names in the flat form. None for levels that only the tree has.
_FLAT_NAMES: dict[str, str | None] = {
    "definition": None,
    "multiChannel": None,
    **dict.fromkeys(CHANNELS),
    "props": None,
    "template": "content",
    "sample": "example",
    "variableType": "type",
    "phoneNumber": "phone_number",
}


def is_flat(request: Mapping[str, Any]) -> bool:
    return request.get("definition") is None and request.get("body") is not None


def tree(request: Mapping[str, Any]) -> dict[str, Any]:
    """One text for every channel, or for those in `channels`."""
    part = _part(request["body"])
    listed = request.get("channels")
    names = [name for name in _list(listed) if name in CHANNELS] or ["multiChannel"]
    found: dict[str, Any] = {"body": dict.fromkeys(names, part)}
    if request.get("header") is not None:
        header = _part(request["header"])
        match header:
            case {"type": str(kind)}:
                header["type"] = kind.lower()
                _give_address(header)
            case _:
                pass
        found["header"] = header
    if request.get("footer") is not None:
        found["footer"] = _part(request["footer"])
    if request.get("buttons") is not None:
        buttons = request["buttons"]
        found["buttons"] = _numbered(buttons, _button, 1) if isinstance(buttons, list) else buttons
    return found


def place(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """The flat field of an error in the tree."""
    if location[:1] != ("definition",):
        return location
    if location[1:2] == ("header",) and "url" in location:
        return ("header", "content")
    named = [_FLAT_NAMES.get(part, part) if isinstance(part, str) else part for part in location]
    return tuple(part for part in named if part is not None)


def _part(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    given = cast(dict[str, Any], value)
    part: dict[str, Any] = {"type": given.get("type")}
    if "content" in given:
        part["template"] = given["content"]
    variables = given.get("variables")
    part["variables"] = _numbered(variables, _variable, 0) if isinstance(variables, list) else variables
    return part


def _give_address(header: dict[str, Any]) -> None:
    """The content of a media header is its address. In the tree the address belongs to a variable."""
    match header:
        case {"type": "image" | "video" | "gif" | "document" as kind, "template": str(address)} if "{{" not in address:
            props = {"variableType": kind, "url": address, "mediaType": kind}
            header["template"] = "{{0:media}}"
            header["variables"] = [{"id": 0, "name": f"header_{kind}", "type": "media", "props": props}]
        case _:
            pass


def _variable(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    given = cast(dict[str, Any], value)
    made: dict[str, Any] = {
        "type": "variable",
        "props": {"variableType": given.get("type"), "sample": given.get("example")},
    }
    return made | ({"name": given["name"]} if "name" in given else {})


def _button(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    given = cast(dict[str, Any], value)
    props = {"text": given.get("text"), "url": given.get("url"), "phoneNumber": given.get("phone_number")}
    return {"props": props} | ({"type": given["type"]} if "type" in given else {})


def _numbered(items: Any, convert: Callable[[Any], Any], first: int) -> list[Any]:
    """The flat form has no ids, so the position is used."""
    converted = map(convert, _first(items))
    return [{"id": number, **one} if isinstance(one, dict) else one for number, one in enumerate(converted, first)]


def _first(value: Any) -> list[Any]:
    """Enough elements of a list to detect that it is too long."""
    return _list(value)[:_ENOUGH]


def _list(value: Any) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else []
