"""The rules for templates: changes and approval.

DRAFT --submit--> PENDING --verdict--> APPROVED | REJECTED
  ^                                        |
  +----------------- edit -----------------+        of a PENDING one, only the name can change
"""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import ValidationError

from sent_server.db import Tx
from sent_server.errors import ApiError
from sent_server.http import fields
from sent_server.kernel import ids
from sent_server.kernel.paging import Page
from sent_server.kernel.values import value_object
from sent_server.templates import copies, derive, review, sharing_store, store, stored_form
from sent_server.templates import definition as definitions
from sent_server.templates.definition import Definition
from sent_server.templates.model import APPROVED, DRAFT, PENDING, Filter, Template
from sent_server.templates.sending import Sendable, SendableTemplate, for_sending

__all__ = ["Sendable", "SendableTemplate", "for_sending"]
FROM_API = "from-api"
UNDER_REVIEW = "The template is in review"
RESERVED_NAME = f"Names that start with {derive.RESERVED} are reserved"
NO_CONFIG = "Only AUTHENTICATION templates may have a security recommendation or an expiry"


@value_object
class TemplateDraft:
    """The changes of a request. None leaves a value unchanged; on create it is derived from the content.

    `parts` names the given parts of the definition; the others stay unchanged. None means a complete definition.
    """

    name: str | None = None
    category: str | None = None
    language: str | None = None
    definition: Definition | None = None
    parts: Sequence[str] | None = None


async def create(
    tx: Tx,
    customer_id: str,
    draft: TemplateDraft,
    *,
    quota: int,
    now_ms: int,
    submit: bool = False,
    creation_source: str | None = None,
    profiles: Sequence[str] | None = None,
) -> Template:
    """Raises BUSINESS_008 if the quota is used up, VALIDATION_001 without a definition or for a reserved name.

    Each of `profiles` gets a copy, and every later profile of the customer too. None means no profile at all.
    """
    definition = draft.definition
    if definition is None:
        raise ApiError("VALIDATION_001", definitions.REQUIRED, details={"definition": [definitions.REQUIRED]})
    _check_name(draft.name)
    await store.lock(tx, customer_id)
    if await store.count(tx, customer_id) >= quota:
        raise ApiError("BUSINESS_008")
    template_id = ids.new_id(now_ms)
    template = Template(
        customer_id=customer_id,
        id=template_id,
        revision=ids.new_id(now_ms),
        name=draft.name or await _free_name(tx, customer_id, definition, template_id),
        category=draft.category or derive.category(definition),
        language=draft.language or derive.DEFAULT_LANGUAGE,
        status=DRAFT,
        channels_text=derive.channels_text(definition),
        variables_json=derive.variables_json(definition),
        creation_source=creation_source or FROM_API,
        rejection_reason=None,
        review_reference=None,
        welcome_playground_at_ms=None,
        submitted_at_ms=None,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )
    _check_category(template, definition)
    if submit:
        template = await _submitted(tx, template, now_ms=now_ms)
    await _insert(tx, template, definition, auto_create_for_sp=profiles is not None)
    if profiles:
        await copies.to_profiles(tx, template, profiles, now_ms=now_ms)
    return template


async def create_approved(
    tx: Tx,
    customer_id: str,
    *,
    name: str,
    category: str,
    definition: Definition,
    is_welcome_playground: bool = False,
    source: str,
    now_ms: int,
) -> Template:
    """A sample template of a new account, which needs no review."""
    template = Template(
        customer_id=customer_id,
        id=ids.new_id(now_ms),
        revision=ids.new_id(now_ms),
        name=name,
        category=category,
        language=derive.DEFAULT_LANGUAGE,
        status=APPROVED,
        channels_text=derive.channels_text(definition),
        variables_json=derive.variables_json(definition),
        creation_source=source,
        rejection_reason=None,
        review_reference=None,
        welcome_playground_at_ms=now_ms if is_welcome_playground else None,
        submitted_at_ms=now_ms,
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
    )
    await _insert(tx, template, definition)
    return template


async def get(tx: Tx, customer_id: str, template_id: str, owners: Sequence[str] = ()) -> tuple[Template, Definition]:
    """An own template, or one of the `owners` that the customer inherits from. Raises RESOURCE_002."""
    found = await store.by_id(tx, customer_id, template_id)
    if found is None and owners:
        found = await sharing_store.by_id(tx, owners, template_id)
    return _found(found)


async def list_page(
    tx: Tx, customer_id: str, page: Page, *, filter: Filter, pattern: str, owners: Sequence[str] = ()
) -> tuple[list[Template], int]:
    """Newest first, one more than the page, and the number of matches. `pattern` is the filter's text for LIKE."""
    if owners:
        everyone = (customer_id, *owners)
        if filter.is_open:
            return await sharing_store.page(tx, everyone, page)
        return await sharing_store.filtered_page(tx, everyone, page, filter=filter, pattern=pattern)
    if filter.is_open:
        return await store.page(tx, customer_id, page), await store.count(tx, customer_id)
    found = await store.filtered_page(tx, customer_id, page, filter=filter, pattern=pattern)
    return found, await store.filtered_count(tx, customer_id, filter=filter, pattern=pattern)


async def update(
    tx: Tx,
    customer_id: str,
    template_id: str,
    draft: TemplateDraft,
    *,
    owners: Sequence[str] = (),
    submit: bool = False,
    now_ms: int,
) -> Template:
    """Change the given values. An edited template becomes a DRAFT. A request that changes nothing keeps the status.

    Raises RESOURCE_002, VALIDATION_001 for an inherited template or a reserved name, and CONFLICT_006 for an edit of
    anything but the name during a review.
    """
    found = await store.by_id_for_change(tx, customer_id, template_id)
    if found is None:
        await _refuse_inherited(tx, owners, template_id, "updated")
    template, definition = _found(found)
    if draft.name != template.name:
        _check_name(draft.name)
    new_definition = _merged(definition, draft)
    changed = replace(
        template,
        name=draft.name or template.name,
        category=draft.category or template.category,
        language=draft.language or template.language,
        channels_text=derive.channels_text(new_definition),
        variables_json=derive.variables_json(new_definition),
    )
    if template.status == PENDING:
        if replace(changed, name=template.name) != template or new_definition != definition:
            raise ApiError("CONFLICT_006", UNDER_REVIEW)
    elif changed != template or new_definition != definition:
        _check_category(changed, new_definition)
        changed = replace(changed, status=DRAFT, revision=ids.new_id(now_ms), rejection_reason=None)
    if submit and changed.status not in (PENDING, APPROVED):
        changed = await _submitted(tx, changed, now_ms=now_ms)
    if changed != template:
        changed = replace(changed, updated_at_ms=now_ms)
        await store.update(
            tx,
            changed,
            definition_json=stored_form.dump(new_definition),
            search_text=_search_text(changed, new_definition),
        )
    return changed


async def delete(tx: Tx, customer_id: str, template_id: str, owners: Sequence[str] = ()) -> None:
    """Raises RESOURCE_002, VALIDATION_001 for an inherited template.

    Messages keep the text they were accepted with. A review in progress ends by itself.
    """
    if not await store.delete(tx, customer_id, template_id):
        await _refuse_inherited(tx, owners, template_id, "deleted")
        raise ApiError("RESOURCE_002")


async def _refuse_inherited(tx: Tx, owners: Sequence[str], template_id: str, what: str) -> None:
    if owners and await sharing_store.by_id(tx, owners, template_id):
        raise ApiError("VALIDATION_001", f"This template is read-only and cannot be {what}.")


async def _insert(tx: Tx, template: Template, definition: Definition, *, auto_create_for_sp: bool = False) -> None:
    await store.insert(
        tx,
        template,
        definition_json=stored_form.dump(definition),
        search_text=_search_text(template, definition),
        auto_create_for_sp=auto_create_for_sp,
    )


async def _submitted(tx: Tx, template: Template, *, now_ms: int) -> Template:
    await review.enqueue(tx, [(template.customer_id, template.id)], now_ms=now_ms)
    return replace(template, status=PENDING, submitted_at_ms=now_ms, rejection_reason=None)


async def _free_name(tx: Tx, customer_id: str, definition: Definition, template_id: str) -> str:
    """A derived name must be unique. A given name need not be."""
    name = derive.name(definition)
    return f"{name}_{template_id[-6:]}" if await store.name_is_taken(tx, customer_id, name) else name


def _merged(stored: Definition, draft: TemplateDraft) -> Definition:
    if draft.definition is None:
        return stored
    if draft.parts is None:
        return draft.definition
    given = {part: getattr(draft.definition, part) for part in draft.parts}
    try:  # old and new parts are valid, but their combination may not be
        return stored.merged(given)
    except ValidationError as error:
        raise fields.refusal(Definition, error) from None


def _check_name(name: str | None) -> None:
    if name and derive.is_reserved(name):
        raise ApiError("VALIDATION_001", details={"name": [RESERVED_NAME]})


def _check_category(template: Template, definition: Definition) -> None:
    config = definition.authentication_config
    if config and config.is_active and template.category != "AUTHENTICATION":
        raise ApiError("VALIDATION_001", details={"definition.authenticationConfig": [NO_CONFIG]})


def _search_text(template: Template, definition: Definition) -> str:
    return f"{template.name}\n{derive.texts(definition)}".lower()


def _found(found: tuple[Template, str] | None) -> tuple[Template, Definition]:
    if found is None:
        raise ApiError("RESOURCE_002")
    return found[0], stored_form.load(found[1])
