"""Codes with their HTTP status, documented message, cause and remedy.

Source: contract/errors.json, copied beside this file, for status and message; remedies.py for cause and remedy.
"""

import json
from importlib import resources

from sent_server.errors.remedies import REMEDIES
from sent_server.kernel.values import value_object


@value_object
class ErrorEntry:
    code: str
    status: int
    message: str
    cause: str
    remedy: str


# RESOURCE_011 is reserved in the contract; here it answers an unknown route. Source: docs/reference/errors.md.
_OURS = {"RESOURCE_011": 404}


def _load() -> dict[str, ErrorEntry]:
    text = resources.files("sent_server.errors").joinpath("catalogue.json").read_text(encoding="utf-8")
    entries: dict[str, ErrorEntry] = {}
    for row in json.loads(text)["errors"]:
        status = row["http_status"] or _OURS.get(row["code"])
        if status:
            cause, remedy = REMEDIES[row["code"]]
            entries[row["code"]] = ErrorEntry(row["code"], status, row["default_message"], cause, remedy)
    return entries


CATALOGUE: dict[str, ErrorEntry] = _load()
