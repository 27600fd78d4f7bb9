"""Templates for sending, on the hot path: one statement if all are cached, else two.

Compiled templates are cached in this process by id and revision. A revision is never reused, so a changed template
needs no invalidation, and an entry of a rolled-back edit is never found.
"""

from collections import OrderedDict
from collections.abc import Sequence

from sent_server.db import Row, Tx
from sent_server.kernel.values import value_object
from sent_server.templates import rendering, sharing_store, store
from sent_server.templates.model import APPROVED
from sent_server.templates.rendering import Compiled

MAX_KEPT = 1_000
_kept: OrderedDict[tuple[str, str], Compiled] = OrderedDict()


@value_object
class SendableTemplate:
    """`channels` are those with a text. A multiChannel body also serves RCS, which responses do not list."""

    id: str
    name: str
    category: str
    language: str
    status: str
    channels: frozenset[str]
    compiled: Compiled


@value_object
class Sendable:
    """The result of `for_sending` for one customer."""

    by_id: dict[str, SendableTemplate]
    by_name: dict[str, SendableTemplate]

    def pick(self, *, id: str | None, name: str | None) -> SendableTemplate | None:
        """The id takes precedence (contract/NOTES.md a42). None if the template does not exist."""
        if id is not None:
            return self.by_id.get(id)
        return self.by_name.get(name.lower()) if name else None


async def for_sending(
    tx: Tx, customer_id: str, *, ids: Sequence[str], names: Sequence[str], owners: Sequence[str] = ()
) -> Sendable:
    """Templates by id, and by name in any case: the newest approved one of a name, else the newest.

    Templates that the customer does not have are searched among the `owners` that it inherits from, in their order.
    """
    names = [name.lower() for name in names]
    own = sorted(await store.sendable(tx, customer_id, ids=ids, names=names), key=_standing)
    inherited: list[Row] = []
    if owners:
        has_ids, has_names = {row[0] for row in own}, {row[1].lower() for row in own}
        other_ids = [template_id for template_id in ids if template_id not in has_ids]
        other_names = [name for name in names if name not in has_names]
        if other_ids or other_names:
            rows = await sharing_store.sendable(tx, owners, ids=other_ids, names=other_names)
            inherited = sorted(rows, key=lambda row: (-owners.index(row[6]), *_standing(row)))
    compiled = await _compiled(tx, customer_id, own) | await _compiled(tx, owners, inherited)
    found = Sendable({}, {})
    for template_id, name, category, language, status, *_ in [*inherited, *own]:
        content = compiled.get(template_id)
        if content is None:  # deleted between the two statements
            continue
        template = SendableTemplate(template_id, name, category, language, status, content.channels, content)
        found.by_id[template_id] = template
        found.by_name[name.lower()] = template
    return found


def _standing(row: Row) -> tuple[bool, str]:
    """The last in this order is the one for the name."""
    return row[4] == APPROVED, row[0]


async def _compiled(tx: Tx, owners: str | Sequence[str], rows: Sequence[Row]) -> dict[str, Compiled]:
    """By template id. `owners` is a customer, or the accounts that it inherits from."""
    found: dict[str, Compiled] = {}
    missing: list[str] = []
    for row in rows:
        key = (row[0], row[5])
        kept = _kept.get(key)
        if kept is None:
            missing.append(row[0])
        else:
            _kept.move_to_end(key)
            found[row[0]] = kept
    if missing:
        # The revision is read again with its text, because it may have changed since the first statement.
        texts = (
            await store.definitions(tx, owners, missing)
            if isinstance(owners, str)
            else await sharing_store.definitions(tx, owners, missing)
        )
        for template_id, revision, text in texts:
            found[template_id] = _kept[template_id, revision] = rendering.compile_stored(text)
        while len(_kept) > MAX_KEPT:
            _kept.popitem(last=False)
    return found
