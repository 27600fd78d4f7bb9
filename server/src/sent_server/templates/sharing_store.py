"""SQL across the customers whose templates a profile sees: `owners`."""

import functools
from collections.abc import Sequence

from sent_server.db import Row, Tx, counters, keyset
from sent_server.kernel.paging import Page
from sent_server.templates.model import Filter, Template
from sent_server.templates.store import COLUMNS, COUNTER, allowed, to_template

BY_ID = f"""
    SELECT {COLUMNS}, definition_json
    FROM templates
    WHERE customer_id IN (:owners[]) AND id = :id
"""
SENDABLE = """
    SELECT id, name, category, language, status, revision, customer_id
    FROM templates
    WHERE customer_id IN (:owners[]) AND id IN (:ids[])
    UNION
    SELECT id, name, category, language, status, revision, customer_id
    FROM templates
    WHERE customer_id IN (:owners[]) AND name_lower IN (:names[])
"""
DEFINITIONS = """
    SELECT id, revision, definition_json
    FROM templates
    WHERE customer_id IN (:owners[]) AND id IN (:ids[])
"""
_BRANCH = f"""
    SELECT {COLUMNS}
    FROM templates
    WHERE customer_id = :owner_{{number}} AND id > :above_id AND id < :below_id
"""
_END = """
    ORDER BY id DESC
    LIMIT :count OFFSET :skip
"""
# Each owner has at most `template_quota` templates, and the route runs these scans off the event loop.
_MATCHING = """
    WHERE customer_id IN (:owners[])
        AND search_text LIKE :pattern ESCAPE '\\'
        AND status IN (:statuses[])
        AND category IN (:categories[])
        AND (CASE WHEN welcome_playground_at_ms IS NULL THEN 'no' ELSE 'yes' END) IN (:welcome[])
"""
FILTERED_PAGE = f"""
    SELECT {COLUMNS}
    FROM templates
    {_MATCHING}
        AND id > :above_id AND id < :below_id
    ORDER BY id DESC
    LIMIT :count OFFSET :skip
"""
FILTERED_COUNT = f"""
    SELECT COUNT(*)
    FROM templates
    {_MATCHING}
"""


@functools.cache
def _merged(owners: int) -> str:
    """One branch per owner: both engines merge ordered branches without reading more than the page."""
    return "    UNION ALL".join(_BRANCH.format(number=number) for number in range(owners)) + _END


async def by_id(tx: Tx, owners: Sequence[str], template_id: str) -> tuple[Template, str] | None:
    """The template and its definition's JSON."""
    rows = await tx.fetch(BY_ID, owners=owners, id=template_id)
    return (to_template(rows[0]), rows[0][-1]) if rows else None


async def sendable(tx: Tx, owners: Sequence[str], *, ids: Sequence[str], names: Sequence[str]) -> list[Row]:
    """Rows of (id, name, category, language, status, revision, owner). `names` are lower-case."""
    return await tx.fetch(SENDABLE, owners=owners, ids=ids, names=names)


async def definitions(tx: Tx, owners: Sequence[str], ids: Sequence[str]) -> list[Row]:
    """Rows of (id, revision, definition's JSON)."""
    return await tx.fetch(DEFINITIONS, owners=owners, ids=ids)


async def page(tx: Tx, owners: Sequence[str], page: Page) -> tuple[list[Template], int]:
    """Newest first, one more than the page, and the total."""
    named = {f"owner_{number}": owner for number, owner in enumerate(owners)}
    rows = await tx.fetch(keyset.ordered(_merged(len(owners)), page), **keyset.window(page), **named)
    return [to_template(row) for row in rows], await counters.read_sum(tx, owners, COUNTER)


async def filtered_page(
    tx: Tx, owners: Sequence[str], page: Page, *, filter: Filter, pattern: str
) -> tuple[list[Template], int]:
    statuses, categories, welcome = allowed(filter)
    rows = await tx.fetch(
        keyset.ordered(FILTERED_PAGE, page),
        owners=owners,
        pattern=pattern,
        statuses=statuses,
        categories=categories,
        welcome=welcome,
        **keyset.window(page),
    )
    total = await tx.fetch(
        FILTERED_COUNT, owners=owners, pattern=pattern, statuses=statuses, categories=categories, welcome=welcome
    )
    return [to_template(row) for row in rows], total[0][0]
