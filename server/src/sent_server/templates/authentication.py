"""`authenticationConfig`: additions to the body and footer of templates for one-time codes. Pure."""

from pydantic import Field

from sent_server.templates.nodes import Node

SECURITY = "For your security, do not share this code."


class AuthenticationConfig(Node):
    add_security_recommendation: bool | None = None
    code_expiration_minutes: int | None = Field(default=None, ge=1, le=90)

    @property
    def is_active(self) -> bool:
        return bool(self.add_security_recommendation or self.code_expiration_minutes)

    @property
    def recommendation(self) -> str | None:
        """Ends the body on every channel."""
        return f" {SECURITY}" if self.add_security_recommendation else None

    @property
    def expiry(self) -> str | None:
        """The last line of the footer."""
        minutes = self.code_expiration_minutes
        return f"This code expires in {minutes} minute{'' if minutes == 1 else 's'}." if minutes else None
