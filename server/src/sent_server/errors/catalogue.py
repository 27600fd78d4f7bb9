"""Codes with their HTTP status and documented message. Source: contract/errors.json, copied beside this file."""

import json
from importlib import resources

from sent_server.kernel.values import value_object


@value_object
class ErrorEntry:
    code: str
    status: int
    message: str
    when: str


# RESOURCE_011 is reserved in the contract; here it answers an unknown route. Source: docs/reference/errors.md.
_OURS = {"RESOURCE_011": 404}
_OUR_WHEN = {"RESOURCE_011": "a path that this server does not have"}


def _load() -> dict[str, ErrorEntry]:
    text = resources.files("sent_server.errors").joinpath("catalogue.json").read_text(encoding="utf-8")
    entries: dict[str, ErrorEntry] = {}
    for row in json.loads(text)["errors"]:
        status = row["http_status"] or _OURS.get(row["code"])
        if status:
            entries[row["code"]] = ErrorEntry(
                row["code"],
                status,
                row["default_message"],
                _OUR_WHEN[row["code"]] if row["code"] in _OUR_WHEN else row["when"],
            )
    return entries


CATALOGUE: dict[str, ErrorEntry] = _load()
