"""Which deliveries are written for an event: the rule of docs/reference/events.md over random webhooks."""

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sent_server import events
from sent_server.db import Tx
from sent_server.events import Event, names
from sent_server.webhooks import service
from sent_server.webhooks.service import SenderProfileDraft
from webhooks.sending import CUSTOMER, World, run

ORGANIZATION, STRANGER = CUSTOMER, "01900000-0000-7000-8000-00000000000b"
PROFILE, THEIRS = "01900000-0000-7000-8000-0000000000aa", "01900000-0000-7000-8000-0000000000bb"
FAMILIES = {PROFILE: ORGANIZATION, THEIRS: STRANGER, ORGANIZATION: ORGANIZATION, STRANGER: STRANGER}
KEYS = {"message": "message", "messages": "message", "contact": "contact", "channel": "channel"}
ACCOUNT = """
    INSERT INTO customers (id, kind, organization_id, name, status, tier, callback_secret_sealed, created_at_ms)
    VALUES (:id, :kind, :organization_id, '', 'ACTIVE', 'unlimited', '', 1)
    ON CONFLICT (id) DO NOTHING
"""

Choice = tuple[Sequence[str], dict[str, list[str]]]


def _is_subscribed(key: str, wanted: Sequence[str]) -> bool:
    return "*" in wanted or any(KEYS.get(name) == KEYS[key] for name in wanted)


@st.composite
def choices(draw: st.DrawFn) -> Choice:
    """Names in event_types, and filters that fit them."""
    wanted = draw(st.lists(st.sampled_from(sorted(names.COVERED)), min_size=1, max_size=4, unique=True))
    filters: dict[str, list[str]] = {}
    for key, family in KEYS.items():
        if _is_subscribed(key, wanted) and draw(st.booleans()):
            filters[key] = draw(st.lists(st.sampled_from(names.SUB_TYPES[family]), max_size=3))
    return wanted, filters


def goes_out(event: str, choice: Choice) -> bool:
    wanted, filters = choice
    if event in wanted or ("message.status.updated" in wanted and event in names.STATES):
        return True
    if event == "templates":
        return bool({"*", "template"} & set(wanted))
    family = event.partition(".")[0]
    if "*" not in wanted and not any(KEYS.get(name) == family for name in wanted):
        return False
    narrowed = [one for key, sub_types in filters.items() if KEYS[key] == family for one in sub_types]
    return not narrowed or event in narrowed


webhooks = st.lists(
    st.tuples(st.sampled_from(sorted(FAMILIES)), choices(), st.none() | choices(), st.booleans()),
    min_size=1,
    max_size=6,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(webhooks)
def test_an_event_is_delivered_to_the_webhooks_that_the_rule_names(
    database_url: str, made: list[tuple[str, Choice, Choice | None, bool]]
) -> None:
    async def act(world: World) -> None:
        async def accounts(tx: Tx) -> None:
            for one, organization in FAMILIES.items():
                kind = "organization" if one == organization else "profile"
                await tx.execute(ACCOUNT, id=one, kind=kind, organization_id=organization)

        await world.database.write(accounts)
        expected: dict[str, set[tuple[str, str]]] = {}
        owners: dict[str, str] = {}
        for owner, (wanted, filters), profiles, is_off in made:
            of_profiles = None
            if profiles is not None and owner == FAMILIES[owner]:  # the API refuses it for a profile
                of_profiles = SenderProfileDraft(*profiles)
            draft: dict[str, Any] = {"event_filters": filters, "sender_profile": of_profiles}
            hook, _ = await world.webhook("https://example.com/", *wanted, customer_id=owner, **draft)
            owners[hook.id] = owner
            if is_off:
                await world.switch(hook, active=False)
            expected[hook.id] = {
                (customer, event)
                for customer, organization in FAMILIES.items()
                for event in names.COVERED["*"]
                if not is_off
                and (
                    (customer == owner and goes_out(event, (wanted, filters)))
                    or (of_profiles and customer != owner == organization and goes_out(event, profiles or ((), {})))
                )
            }
        now_ms = world.clock.now_ms()
        raised = [
            Event(customer, event, "subject", {"account_id": customer}, now_ms)
            for customer in FAMILIES
            for event in names.COVERED["*"]
        ]
        await world.database.write(lambda tx: events.emit(tx, raised))
        for hook_id, pairs in expected.items():
            rows = await world.database.read(
                lambda tx, hook_id=hook_id: tx.fetch(
                    "SELECT d.customer_id, d.event_name, e.payload_json FROM deliveries d "
                    "JOIN events e ON e.customer_id = d.customer_id AND e.id = d.event_id "
                    "WHERE d.endpoint_id = :hook_id",
                    hook_id=hook_id,
                )
            )
            found = [(row[2].split('"')[3], row[1]) for row in rows]
            assert set(found) == pairs
            assert len(found) == len(pairs)
            [owner] = {owner for owner, *_ in rows} or {None}
            assert owner is None or owner == owners[hook_id], "the log is the owner's"
            await world.database.write(lambda tx, hook_id=hook_id: service.delete(tx, owners[hook_id], hook_id))

    run(database_url, act)
