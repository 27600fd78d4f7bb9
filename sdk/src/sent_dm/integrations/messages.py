"""What the integrations share about messages."""

import re
import uuid
from collections.abc import Mapping
from typing import Any

from sent_dm.core.not_given import NOT_GIVEN, NotGiven
from sent_dm.params import TemplateRefParam

E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def what_to_send(
    id_or_name: str | None, variables: Mapping[str, Any] | None, text: str | None
) -> tuple[TemplateRefParam | NotGiven, str | NotGiven]:
    """`template` and `text` of a send. Raises ValueError unless it is exactly one of them."""
    if bool(id_or_name) == bool(text):
        raise ValueError("Give either a template or a text")
    if text:
        return NOT_GIVEN, text
    return template_ref(str(id_or_name), variables), NOT_GIVEN


def template_ref(id_or_name: str, variables: Mapping[str, Any] | None) -> TemplateRefParam:
    """An id of a template is a UUID; whatever else is a name."""
    parameters = dict(variables or {})
    try:
        return {"id": str(uuid.UUID(id_or_name)), "parameters": parameters}
    except ValueError:
        return {"name": id_or_name, "parameters": parameters}
