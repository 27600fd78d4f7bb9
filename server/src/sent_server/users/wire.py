"""Bodies of the user routes. Source: contract/openapi-v3.json, contract/NOTES.md d "Users" and a46."""

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, AliasChoices, Field

from sent_server.http.fields import RequestBody, fault, one_of
from sent_server.kernel import mailbox, timestamps, typed_text
from sent_server.users.model import ROLES, User

MAX_NAME_LENGTH = 200
_ROLE = "Role must be one of: admin, billing, developer"


def _address(text: str) -> str:
    if not mailbox.is_address(text):
        raise fault("VALIDATION_001", "Email must be a valid email address")
    return text


def _name(text: str) -> str:
    name = text.strip()
    if typed_text.is_blank(name) or len(name) > MAX_NAME_LENGTH or not mailbox.is_one_line(name):
        raise fault("VALIDATION_001", f"Name must have 1 to {MAX_NAME_LENGTH} characters on one line")
    return name


Role = Annotated[str, one_of(ROLES, code="VALIDATION_001", message=_ROLE)]
Name = Annotated[str, AfterValidator(_name)]
Token = Annotated[str, Field(validation_alias=AliasChoices("token", "invitation_token", "invitationToken"))]


class InviteUser(RequestBody):
    required_code: ClassVar[str] = "VALIDATION_001"

    email: Annotated[str, AfterValidator(_address)]
    name: Name
    role: Role


class ChangeRole(RequestBody):
    required_code: ClassVar[str] = "VALIDATION_001"

    role: Role


class Acceptance(RequestBody):
    """`name` replaces the name in the invitation."""

    required_code: ClassVar[str] = "VALIDATION_001"

    token: Token
    name: Name | None = None


class Rejection(RequestBody):
    required_code: ClassVar[str] = "VALIDATION_001"

    token: Token


def user(found: User) -> dict[str, Any]:
    return {
        "id": found.id,
        "customer_id": found.customer_id,
        "email": found.email,
        "name": found.name,
        "role": found.shown_role,
        "status": found.status,
        "invited_at": timestamps.iso_or_none(found.invited_at_ms),
        "last_login_at": timestamps.iso_or_none(found.last_login_at_ms),
        "created_at": timestamps.iso(found.created_at_ms),
        "updated_at": timestamps.iso(found.updated_at_ms),
    }
