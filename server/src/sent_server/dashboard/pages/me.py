"""Your own page: password, time zone and theme."""

from starlette.responses import Response

from sent_server.dashboard import words
from sent_server.dashboard.auth import passwords
from sent_server.dashboard.auth import service as auth
from sent_server.dashboard.visit import Visit
from sent_server.kernel.values import value_object

THEMES = ("light", "dark")


@value_object
class View:
    """`problem` is why the password was not changed, `done` what was changed just now."""

    done: str
    problem: str
    has_password: bool


async def show(visit: Visit) -> Response:
    return visit.answer("me", View(visit.query.get("done", ""), "", visit.session.person.password_hash is not None))


async def set_password(visit: Visit) -> Response:
    """A person who has a password must repeat it, so that an unattended browser cannot change it."""
    person, new = visit.session.person, visit.form.get("new", "")
    problem = passwords.problem(new)
    if person.password_hash and not await passwords.verify(visit.form.get("current", ""), person.password_hash):
        problem = "The current password does not match"
    if problem:
        return visit.answer("me", View("", problem, person.password_hash is not None), status=422)
    password_hash = await passwords.hashed(new)
    await visit.write(lambda tx: auth.change_password(tx, visit.session, password_hash, now_ms=visit.now_ms))
    return visit.see_other("/me", done="password")


async def set_taste(visit: Visit) -> Response:
    """Absent values stay as they are. Unknown ones follow the browser again."""
    person = visit.session.person
    zone, theme = visit.form.get("zone", person.zone), visit.form.get("theme", person.theme)
    zone = zone if zone and words.is_zone(zone) else None
    theme = theme if theme in THEMES else None
    await visit.write(lambda tx: auth.set_taste(tx, person, zone=zone, theme=theme, now_ms=visit.now_ms))
    return visit.see_other("/me", done="taste")
