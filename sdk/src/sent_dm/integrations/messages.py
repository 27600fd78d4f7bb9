"""What the integrations share about messages."""

import re
import uuid
from collections.abc import Mapping
from typing import Any

from sent_dm.params import TemplateRefParam

E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def template_ref(id_or_name: str, variables: Mapping[str, Any] | None) -> TemplateRefParam:
    """An id of a template is a UUID; whatever else is a name."""
    parameters = dict(variables or {})
    try:
        return {"id": str(uuid.UUID(id_or_name)), "parameters": parameters}
    except ValueError:
        return {"name": id_or_name, "parameters": parameters}
