"""The buttons of a template in its content tree. `buttons` has the rules for each kind and for combinations. Pure."""

import itertools
from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from sent_server.http.zero_values import ZeroValues
from sent_server.templates import buttons as button_rules
from sent_server.templates import placeholders
from sent_server.templates.nodes import (
    Fault,
    Node,
    Text,
    Variable,
    Variables,
    refuse,
    resolve,
    short,
    with_names,
)

# `buttons` has the limit of a URL, because a placeholder may be longer than its value.
ONLY_URLS = "Only the URL of a URL button may have variables"
ButtonUrl = Annotated[str, AfterValidator(short(2_048))]


class ButtonProps(Node):
    text: Text | None = None
    quick_reply_type: Text | None = None
    url_type: Literal["static", "dynamic"] | None = None
    url: ButtonUrl | None = None
    active_for: int | None = Field(default=None, ge=1, le=365)
    country_code: Text | None = None
    phone_number: Text | None = None
    offer_code: Text | None = None
    otp_type: Text | None = None
    autofill_text: Text | None = None
    package_name: Text | None = None
    signature_hash: Text | None = None
    variables: Variables | None = None


class TemplateButton(Node):
    """An omitted `id` is 0. Answers show ids from 1, so a button with 0 gets a free one."""

    id: Annotated[int | None, ZeroValues()] = Field(default=None, ge=0, le=999_999_999)
    type: Literal["QUICK_REPLY", "URL", "PHONE_NUMBER", "VOICE_CALL", "COPY_CODE"]
    props: ButtonProps

    @model_validator(mode="after")
    def _usable(self) -> Self:
        faults = [(("props", name), text) for name, text in button_rules.problems(self.type, self.props)]
        if self.props.variables and self.type != "URL":
            faults.append((("props", "variables"), ONLY_URLS))
        refuse(faults)
        return self


def complete(
    buttons: list[TemplateButton] | None, of_body: Iterable[Variable]
) -> tuple[list[TemplateButton] | None, list[Fault]]:
    """The stored form. A URL's variable is listed with the button, or it is one of the body (older clients)."""
    if buttons is None:
        return None, []
    completed: list[TemplateButton] = []
    taken = {button.id for button in buttons}
    faults: list[Fault] = []
    for place, button in enumerate(buttons):
        props = button.props
        if props.url and "{{" in props.url:
            url, variables, found = resolve(props.url, props.variables, field="url", inherited=of_body)
            used = placeholders.used_ids(url) if not found else []
            kept = [variable for variable in variables if props.variables or variable.id in used]
            props = props.model_copy(update={"url": url, "variables": kept, "url_type": "dynamic"})
            if (
                not found and len(with_names(url, variables)) > button_rules.MAX_URL
            ):  # a response could not be sent back as a request
                found = [(("url",), button_rules.URL_TOO_LONG)]
            faults += [(("buttons", place, "props", *where), message) for where, message in found]
        number = button.id or next(number for number in itertools.count(place + 1) if number not in taken)
        completed.append(button.model_copy(update={"id": number, "props": props}))
    numbers = [button.id or 0 for button in buttons]
    faults += [
        (("buttons", place, "id"), f"The id {number} is taken")
        for place, number in enumerate(numbers)
        if number in numbers[:place]
    ]
    return completed, faults
