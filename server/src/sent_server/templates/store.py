"""The SQL of templates."""

from collections.abc import Sequence
from typing import NamedTuple

from sent_server.db import Row, Tx, counters, keyset
from sent_server.db.counters import CounterRow
from sent_server.db.database import fetch_one
from sent_server.kernel.paging import Page
from sent_server.templates.derive import CATEGORIES
from sent_server.templates.model import STATUSES, Filter, Template

COUNTER = "templates"
COLUMNS = """customer_id, id, revision, name, category, language, status, channels, variables_json, creation_source,
        rejection_reason, review_reference, welcome_playground_at_ms, submitted_at_ms, created_at_ms, updated_at_ms"""
INSERT = """
    INSERT INTO templates
        (customer_id, id, revision, name, name_lower, category, language, status, channels, variables_json,
         definition_json, search_text, creation_source, rejection_reason, review_reference,
         welcome_playground_at_ms, submitted_at_ms, created_at_ms, updated_at_ms, auto_create_for_sp)
    VALUES
        (:customer_id, :id, :revision, :name, :name_lower, :category, :language, :status, :channels, :variables_json,
         :definition_json, :search_text, :creation_source, :rejection_reason, :review_reference,
         :welcome_playground_at_ms, :submitted_at_ms, :created_at_ms, :updated_at_ms, :auto_create_for_sp)
"""
# Copies the template of an organization to a profile.
COPY = """
    INSERT INTO templates
        (customer_id, id, revision, name, name_lower, category, language, status, channels, variables_json,
         definition_json, search_text, creation_source, submitted_at_ms, created_at_ms, updated_at_ms)
    SELECT :customer_id, :id, :revision, name, name_lower, category, language, :status, channels, variables_json,
        definition_json, search_text, creation_source, CAST(:submitted_at_ms AS BIGINT),
        CAST(:created_at_ms AS BIGINT), CAST(:created_at_ms AS BIGINT)
    FROM templates
    WHERE customer_id = :organization_id AND id = :source_id
"""
FOR_NEW_PROFILES = f"""
    SELECT {COLUMNS}
    FROM templates
    WHERE customer_id = :customer_id AND auto_create_for_sp = 1
    ORDER BY id
"""
UPDATE = """
    UPDATE templates
    SET revision = :revision, name = :name, name_lower = :name_lower, category = :category, language = :language,
        status = :status, channels = :channels, variables_json = :variables_json,
        definition_json = :definition_json, search_text = :search_text, rejection_reason = :rejection_reason,
        review_reference = :review_reference, submitted_at_ms = :submitted_at_ms, updated_at_ms = :updated_at_ms
    WHERE customer_id = :customer_id AND id = :id
"""
DECIDE = """
    UPDATE templates
    SET status = :status, rejection_reason = :rejection_reason, review_reference = :review_reference,
        updated_at_ms = :updated_at_ms
    WHERE customer_id = :customer_id AND id = :id AND revision = :revision AND status = 'PENDING'
"""
DELETE = """
    DELETE FROM templates
    WHERE customer_id = :customer_id AND id = :id
"""
BY_ID = f"""
    SELECT {COLUMNS}, definition_json
    FROM templates
    WHERE customer_id = :customer_id AND id = :id
"""
BY_ID_FOR_CHANGE = BY_ID + "    /*pg: FOR UPDATE*/\n"
PAGE = f"""
    SELECT {COLUMNS}
    FROM templates
    WHERE customer_id = :customer_id AND id > :above_id AND id < :below_id
    ORDER BY id DESC
    LIMIT :count OFFSET :skip
"""
# An account has at most `template_quota` templates, and the route runs these scans off the event loop.
_MATCHING = """
    WHERE customer_id = :customer_id
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
IDS_OF_NAME = """
    SELECT id
    FROM templates
    WHERE customer_id = :customer_id AND name_lower = :name_lower
    LIMIT 1
"""
SENDABLE_BY_ID = """
    SELECT id, name, category, language, status, revision
    FROM templates
    WHERE customer_id = :customer_id AND id IN (:ids[])
"""
# Separate from the lookup by id, so that each uses one index on both engines.
SENDABLE_BY_NAME = """
    SELECT id, name, category, language, status, revision
    FROM templates
    WHERE customer_id = :customer_id AND name_lower IN (:names[])
"""
SENDABLE = f"{SENDABLE_BY_ID}    UNION{SENDABLE_BY_NAME}"
DEFINITIONS = """
    SELECT id, revision, definition_json
    FROM templates
    WHERE customer_id = :customer_id AND id IN (:ids[])
"""
# Transactions that add a template wait here, so that concurrent ones cannot exceed the quota.
LOCK = """
    SELECT 1 /*pg: FROM pg_advisory_xact_lock(hashtextextended('templates:' || CAST(:customer_id AS TEXT), 0))*/
"""


class CopyRow(NamedTuple):
    customer_id: str
    id: str
    revision: str
    status: str
    submitted_at_ms: int | None
    created_at_ms: int
    organization_id: str
    source_id: str


async def lock(tx: Tx, customer_id: str) -> None:
    """Lock: other transactions that add templates wait until our commit."""
    await tx.fetch(LOCK, customer_id=customer_id)


async def insert(
    tx: Tx, template: Template, *, definition_json: str, search_text: str, auto_create_for_sp: bool = False
) -> None:
    await tx.execute(
        INSERT,
        customer_id=template.customer_id,
        id=template.id,
        revision=template.revision,
        name=template.name,
        name_lower=template.name.lower(),
        category=template.category,
        language=template.language,
        status=template.status,
        channels=template.channels_text,
        variables_json=template.variables_json,
        definition_json=definition_json,
        search_text=search_text,
        creation_source=template.creation_source,
        rejection_reason=template.rejection_reason,
        review_reference=template.review_reference,
        welcome_playground_at_ms=template.welcome_playground_at_ms,
        submitted_at_ms=template.submitted_at_ms,
        created_at_ms=template.created_at_ms,
        updated_at_ms=template.updated_at_ms,
        auto_create_for_sp=int(auto_create_for_sp),
    )
    await counters.add(tx, [CounterRow(template.customer_id, COUNTER, 1)])


async def insert_copies(tx: Tx, rows: Sequence[CopyRow]) -> None:
    await tx.execute_many(COPY, rows)
    await counters.add(tx, [CounterRow(row.customer_id, COUNTER, 1) for row in rows])


async def for_new_profiles(tx: Tx, customer_id: str) -> list[Template]:
    """The templates of which every later profile of this organization gets a copy."""
    return [to_template(row) for row in await tx.fetch(FOR_NEW_PROFILES, customer_id=customer_id)]


async def update(tx: Tx, template: Template, *, definition_json: str, search_text: str) -> None:
    await tx.execute(
        UPDATE,
        customer_id=template.customer_id,
        id=template.id,
        revision=template.revision,
        name=template.name,
        name_lower=template.name.lower(),
        category=template.category,
        language=template.language,
        status=template.status,
        channels=template.channels_text,
        variables_json=template.variables_json,
        definition_json=definition_json,
        search_text=search_text,
        rejection_reason=template.rejection_reason,
        review_reference=template.review_reference,
        submitted_at_ms=template.submitted_at_ms,
        updated_at_ms=template.updated_at_ms,
    )


async def decide(tx: Tx, template: Template) -> bool:
    """Write a verdict. False if the template was deleted, edited or decided in the meantime."""
    changed = await tx.execute(
        DECIDE,
        customer_id=template.customer_id,
        id=template.id,
        revision=template.revision,
        status=template.status,
        rejection_reason=template.rejection_reason,
        review_reference=template.review_reference,
        updated_at_ms=template.updated_at_ms,
    )
    return changed > 0


async def delete(tx: Tx, customer_id: str, template_id: str) -> bool:
    if not await tx.execute(DELETE, customer_id=customer_id, id=template_id):
        return False
    await counters.add(tx, [CounterRow(customer_id, COUNTER, -1)])
    return True


async def by_id(tx: Tx, customer_id: str, template_id: str) -> tuple[Template, str] | None:
    """The template and its definition's JSON."""
    row = await fetch_one(tx, BY_ID, customer_id=customer_id, id=template_id)
    return (to_template(row), row[-1]) if row else None


async def by_id_for_change(tx: Tx, customer_id: str, template_id: str) -> tuple[Template, str] | None:
    """The same, locked until the end of the transaction."""
    row = await fetch_one(tx, BY_ID_FOR_CHANGE, customer_id=customer_id, id=template_id)
    return (to_template(row), row[-1]) if row else None


async def page(tx: Tx, customer_id: str, page: Page) -> list[Template]:
    """Newest first, one row more than the page."""
    rows = await tx.fetch(keyset.ordered(PAGE, page), customer_id=customer_id, **keyset.window(page))
    return [to_template(row) for row in rows]


async def filtered_page(tx: Tx, customer_id: str, page: Page, *, filter: Filter, pattern: str) -> list[Template]:
    statuses, categories, welcome = allowed(filter)
    rows = await tx.fetch(
        keyset.ordered(FILTERED_PAGE, page),
        customer_id=customer_id,
        pattern=pattern,
        statuses=statuses,
        categories=categories,
        welcome=welcome,
        **keyset.window(page),
    )
    return [to_template(row) for row in rows]


async def filtered_count(tx: Tx, customer_id: str, *, filter: Filter, pattern: str) -> int:
    statuses, categories, welcome = allowed(filter)
    rows = await tx.fetch(
        FILTERED_COUNT,
        customer_id=customer_id,
        pattern=pattern,
        statuses=statuses,
        categories=categories,
        welcome=welcome,
    )
    return rows[0][0]


async def count(tx: Tx, customer_id: str) -> int:
    return await counters.read(tx, customer_id, COUNTER)


async def name_is_taken(tx: Tx, customer_id: str, name: str) -> bool:
    return bool(await tx.fetch(IDS_OF_NAME, customer_id=customer_id, name_lower=name.lower()))


async def sendable(tx: Tx, customer_id: str, *, ids: Sequence[str], names: Sequence[str]) -> list[Row]:
    """Rows of (id, name, category, language, status, revision). `names` are lower-case."""
    if not names:
        return await tx.fetch(SENDABLE_BY_ID, customer_id=customer_id, ids=ids)
    if not ids:
        return await tx.fetch(SENDABLE_BY_NAME, customer_id=customer_id, names=names)
    return await tx.fetch(SENDABLE, customer_id=customer_id, ids=ids, names=names)


async def definitions(tx: Tx, customer_id: str, ids: Sequence[str]) -> list[Row]:
    """Rows of (id, revision, definition's JSON)."""
    return await tx.fetch(DEFINITIONS, customer_id=customer_id, ids=ids)


def allowed(filter: Filter) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    match filter.is_welcome_playground:
        case None:
            welcome = ["no", "yes"]
        case True:
            welcome = ["yes"]
        case False:
            welcome = ["no"]
    return (
        [filter.status] if filter.status else STATUSES,
        [filter.category] if filter.category else CATEGORIES,
        welcome,
    )


def to_template(row: Row) -> Template:
    return Template(*row[:16])
