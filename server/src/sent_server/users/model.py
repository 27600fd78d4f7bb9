"""Users and invitations as stored.

invite -> INVITED -- accept --> ACTIVE <--> SUSPENDED (by the operator)
             |
             +----- reject --> REJECTED -- invite --> INVITED
"""

from sent_server.kernel.values import value_object

# Roles that an admin can assign. The owner created the account: an admin whom nobody can remove or demote.
ROLES = ("admin", "billing", "developer")
OWNER = "owner"
ACTIVE, INVITED, SUSPENDED, REJECTED = "active", "invited", "suspended", "rejected"
ACCEPTED = "accepted"
INVITATION_LIFE_MS = 7 * 86_400_000


@value_object
class User:
    """A person's place in one account, which is an organization or a profile."""

    customer_id: str
    id: str
    email: str
    name: str
    role: str
    status: str
    invited_at_ms: int | None
    last_login_at_ms: int | None
    created_at_ms: int
    updated_at_ms: int

    @property
    def shown_role(self) -> str:
        return "admin" if self.role == OWNER else self.role

    @property
    def is_acting_admin(self) -> bool:
        return self.shown_role == "admin" and self.status == ACTIVE


@value_object
class Membership:
    """An account that a person works with. `kind` is that of the account: organization, user or profile."""

    customer_id: str
    user_id: str
    name: str
    role: str
    account: str
    kind: str
    organization_id: str


@value_object
class Invitation:
    """`answer` is None, `accepted` or `rejected`. The sealed token is deleted once there is an answer."""

    id: str
    customer_id: str
    user_id: str
    secret_hash: str
    token_sealed: str | None
    expires_at_ms: int
    answer: str | None
    created_at_ms: int

    def is_open(self, now_ms: int) -> bool:
        return self.answer is None and now_ms < self.expires_at_ms
