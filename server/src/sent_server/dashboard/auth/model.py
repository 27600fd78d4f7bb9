"""People and their sessions as stored."""

from sent_server.kernel.values import value_object


@value_object
class Person:
    """`zone` is an IANA time zone, `theme` is `light` or `dark`; None follows the browser."""

    id: str
    email: str
    password_hash: str | None
    zone: str | None
    theme: str | None


@value_object
class Session:
    """A signed-in browser. Forms carry `csrf_token`."""

    token_hash: str
    person: Person
    csrf_token: str
    seen_at_ms: int
