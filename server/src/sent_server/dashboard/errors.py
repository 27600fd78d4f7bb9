"""Errors for people: what happened, why, and the next step."""

import re
from collections.abc import Mapping
from dataclasses import field

from sent_server.errors import ApiError
from sent_server.kernel.values import value_object


class PageError(Exception):
    """Ends a request with a page. `status` is that of the response."""

    def __init__(self, status: int, title: str, text: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.text = text


def nothing_here() -> PageError:
    """The same for an unknown path, a foreign account and a page that the role may not see."""
    return PageError(404, "There is nothing here, or not for you", "Check the address, or go back to the overview.")


def expired_form() -> PageError:
    text = "The page was open for too long, or you signed in again. Go back, reload the page and try again."
    return PageError(403, "This form is no longer valid", text)


def read_only() -> PageError:
    return PageError(403, "Only an admin can do this", "Ask an admin of this account to change your role.")


@value_object
class FormProblems:
    """`by_field` are the problems of fields, `others` those of the whole form."""

    by_field: Mapping[str, str] = field(default_factory=dict[str, str])
    others: tuple[str, ...] = ()


def problems_of(error: ApiError, fields: frozenset[str]) -> FormProblems:
    """Sort the details of an API error to the fields of a form. What belongs to none goes to the whole form."""
    by_field: dict[str, str] = {}
    others: list[str] = []
    for name, texts in (error.details or {}).items():
        first = re.split(r"[.\[]", name, maxsplit=1)[0]
        if first in fields:
            by_field.setdefault(first, texts[0])
        else:
            others += texts
    if not by_field and not others:
        others.append(error.message)
    return FormProblems(by_field, tuple(others))
