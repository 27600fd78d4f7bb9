"""The navigation: the pages that a role may see."""

from collections.abc import Sequence

from sent_server.kernel.values import value_object

OWNER, ADMIN, DEVELOPER, BILLING = "owner", "admin", "developer", "billing"
EVERYBODY = frozenset({OWNER, ADMIN, DEVELOPER, BILLING})
ADMINS = frozenset({OWNER, ADMIN})
DEVELOPERS = frozenset({OWNER, ADMIN, DEVELOPER})


@value_object
class NavItem:
    """`path` is below the account, `icon` a name of the sprite."""

    label: str
    path: str
    icon: str
    may: frozenset[str] = EVERYBODY


GROUPS: Sequence[tuple[str, Sequence[NavItem]]] = (
    (
        "",
        (
            NavItem("Overview", "", "overview"),
            NavItem("Activities", "/activities", "activities"),
            NavItem("Playground", "/playground", "playground", DEVELOPERS),
            NavItem("Phones", "/phones", "phone", ADMINS),
        ),
    ),
    (
        "Build",
        (
            NavItem("Templates", "/templates", "templates"),
            NavItem("Contacts", "/contacts", "contacts"),
            NavItem("Webhooks", "/webhooks", "webhooks"),
            NavItem("API keys", "/keys", "keys", DEVELOPERS),
            NavItem("Number lookup", "/lookup", "lookup"),
        ),
    ),
    (
        "Account",
        (
            NavItem("Users", "/users", "users", DEVELOPERS),
            NavItem("Billing", "/billing", "billing"),
            NavItem("Audit log", "/audit", "audit", ADMINS),
        ),
    ),
)


def of(role: str) -> list[tuple[str, list[NavItem]]]:
    """Groups with their items, without those that the role may not see."""
    shown = [(heading, [item for item in items if role in item.may]) for heading, items in GROUPS]
    return [(heading, items) for heading, items in shown if items]
