"""Templates on both engines: the look-up for sending, the status rules, and the review."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import orjson
import pytest

from harness.runners import run_due
from sent_server import events, jobs
from sent_server.carriers.base import MessageContent
from sent_server.db import Tx, migrate
from sent_server.db.database import Param, Row
from sent_server.db.open import open_database
from sent_server.db.postgres import PostgresDatabase
from sent_server.db.sqlite import SqliteDatabase
from sent_server.errors import ApiError
from sent_server.events import filters
from sent_server.kernel.clock import FixedClock
from sent_server.kernel.paging import Page
from sent_server.ports.review import Reviewer, TemplateApproved, TemplateSubmission, Verdict
from sent_server.ports.simulated_review import REVIEW_MS, SimulatedReviewer
from sent_server.templates import definition, rendering, review, seeds, service
from sent_server.templates.model import Filter, Template
from sent_server.templates.service import TemplateDraft

US = "0190a000-0000-7000-8000-000000000001"
THEM = "0190a000-0000-7000-8000-000000000002"
UNKNOWN = "0190a0b0-c0d0-7000-8000-00000000dead"
ENDPOINT = "0190a000-0000-7000-8000-00000000000e"
AnyDatabase = SqliteDatabase | PostgresDatabase
Scenario = Callable[[AnyDatabase], Awaitable[None]]


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncGenerator[AnyDatabase]:
    database = await open_database(url)
    try:
        await migrate.apply(database)
        yield database
    finally:
        await database.close()


def run(url: str, scenario: Scenario) -> None:
    async def go() -> None:
        async with opened(url) as database:
            await scenario(database)

    asyncio.run(go())


def draft(text: str = "Hello", **values: Any) -> TemplateDraft:
    return TemplateDraft(definition=definition.parse({"body": {"multiChannel": {"template": text}}}), **values)


def create(
    wanted: TemplateDraft, *, customer_id: str = US, submit: bool = False, quota: int = 100, now_ms: int = 1_000
) -> Callable[[Tx], Awaitable[Template]]:
    return lambda tx: service.create(tx, customer_id, wanted, quota=quota, submit=submit, now_ms=now_ms)


def update(template: Template, wanted: TemplateDraft, *, submit: bool = False) -> Callable[[Tx], Awaitable[Template]]:
    return lambda tx: service.update(tx, US, template.id, wanted, submit=submit, now_ms=5_000)


def status(template: Template) -> Callable[[Tx], Awaitable[str]]:
    async def read(tx: Tx) -> str:
        return (await service.get(tx, US, template.id))[0].status

    return read


class Counting:
    """A transaction that counts what it is asked."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.statements = 0

    async def fetch(self, sql: str, **params: Param) -> list[Row]:
        self.statements += 1
        return await self._tx.fetch(sql, **params)


def test_sending_finds_by_id_and_by_name_in_two_statements_and_then_in_one(database_url: str) -> None:
    async def scenario(database: AnyDatabase) -> None:
        a = await database.write(create(draft("A {{x}}", name="First One")))
        b = await database.write(create(draft("B", name="second")))
        theirs = await database.write(create(draft("C", name="third"), customer_id=THEM))

        async def look_up(tx: Tx) -> int:
            counted: Any = Counting(tx)
            found = await service.for_sending(counted, US, ids=[a.id, UNKNOWN, theirs.id], names=["SECOND", "third"])
            picked = found.pick(id=a.id, name="ignored")
            assert picked is not None
            assert (picked.id, picked.name, picked.status) == (a.id, "First One", "DRAFT")
            assert picked.channels == {"sms", "whatsapp", "rcs", "mms"}
            assert rendering.render(picked.compiled, "sms", {"x": "y"}) == MessageContent("A y")
            by_name = found.pick(id=None, name="Second")
            assert by_name is not None
            assert by_name.id == b.id
            assert found.pick(id=theirs.id, name=None) is None
            assert found.pick(id=None, name="third") is None
            assert found.pick(id=UNKNOWN, name="second") is None
            return counted.statements

        assert await database.read(look_up) == 2
        assert await database.read(look_up) == 1

    run(database_url, scenario)


def test_an_edit_is_what_the_next_send_says_and_an_undone_edit_is_not(database_url: str) -> None:
    async def scenario(database: AnyDatabase) -> None:
        made = await database.write(create(draft("old")))

        async def said(tx: Tx) -> object:
            found = (await service.for_sending(tx, US, ids=[made.id], names=[])).pick(id=made.id, name=None)
            assert found is not None
            return rendering.render(found.compiled, "sms", {})

        async def undone(tx: Tx) -> None:
            await service.update(tx, US, made.id, draft("never"), now_ms=2_000)
            assert await said(tx) == MessageContent("never")
            raise LookupError

        assert await database.read(said) == MessageContent("old")
        with pytest.raises(LookupError):
            await database.write(undone)
        assert await database.read(said) == MessageContent("old")
        await database.write(update(made, draft("new")))
        assert await database.read(said) == MessageContent("new")

    run(database_url, scenario)


def test_of_several_templates_of_one_name_the_newest_approved_one_is_meant(database_url: str) -> None:
    async def scenario(database: AnyDatabase) -> None:
        ready = await database.write(lambda tx: seeds.create_ready(tx, US, 1_000))
        await database.write(create(draft(name="Welcome"), now_ms=9_000))
        older = await database.write(create(draft(name="twice"), now_ms=1_000))
        newer = await database.write(create(draft(name="twice"), now_ms=2_000))
        assert older.id < newer.id
        found = await database.read(lambda tx: service.for_sending(tx, US, ids=[], names=["welcome", "twice"]))
        picked = [found.pick(id=None, name=name) for name in ("welcome", "TWICE")]
        assert [one and one.id for one in picked] == [ready["welcome"], newer.id]

    run(database_url, scenario)


def test_ready_templates_are_approved_and_welcome_needs_no_parameters(database_url: str) -> None:
    async def scenario(database: AnyDatabase) -> None:
        ready = await database.write(lambda tx: seeds.create_ready(tx, US, 1_000))
        found = await database.read(lambda tx: service.for_sending(tx, US, ids=list(ready.values()), names=[]))
        assert len(ready) == 6
        for ready_one in seeds.READY:
            template = found.pick(id=ready[ready_one.name], name=None)
            assert template is not None
            assert (template.status, template.category) == ("APPROVED", ready_one.category)
            for channel in template.channels:
                assert isinstance(rendering.render(template.compiled, channel, ready_one.samples), MessageContent)
        welcome = found.pick(id=ready["welcome"], name=None)
        assert welcome is not None
        assert isinstance(rendering.render(welcome.compiled, "sms", {}), MessageContent)

        async def flagged(tx: Tx) -> list[str]:
            wanted = Filter(is_welcome_playground=True)
            rows, total = await service.list_page(tx, US, Page(), filter=wanted, pattern="%")
            assert total == 1
            return [row.name for row in rows]

        assert await database.read(flagged) == ["welcome"]

    run(database_url, scenario)


def test_a_derived_name_that_is_taken_gets_an_ending(database_url: str) -> None:
    async def scenario(database: AnyDatabase) -> None:
        first = await database.write(create(draft("Hello there")))
        second = await database.write(create(draft("Hello there")))
        assert (first.name, second.name) == ("hello_there", f"hello_there_{second.id[-6:]}")

    run(database_url, scenario)


def test_the_quota_counts_what_is_there_now(database_url: str) -> None:
    async def scenario(database: AnyDatabase) -> None:
        made = await database.write(create(draft(), quota=1))
        with pytest.raises(ApiError, match="BUSINESS_008"):
            await database.write(create(draft(), quota=1))
        await database.write(create(draft(), quota=1, customer_id=THEM))
        await database.write(lambda tx: service.delete(tx, US, made.id))
        await database.write(create(draft(), quota=1))

    run(database_url, scenario)


async def reviewing(database: AnyDatabase, clock: FixedClock, reviewer: Reviewer | None = None) -> bool:
    """Ask about the submissions that are due. Returns whether there were any."""
    return await run_due(database, clock, review.kind(reviewer or SimulatedReviewer(), clock))


async def reviewed(database: AnyDatabase, clock: FixedClock) -> None:
    """Let the simulated reviewer see everything that has waited, until its time is over."""
    await reviewing(database, clock)
    clock.advance(REVIEW_MS)
    await reviewing(database, clock)


def test_the_status_rules(database_url: str) -> None:
    async def scenario(database: AnyDatabase) -> None:
        clock = FixedClock(1_000)
        made = await database.write(create(draft()))
        assert made.status == "DRAFT"
        assert (await database.write(update(made, TemplateDraft()))).updated_at_ms == made.updated_at_ms
        pending = await database.write(update(made, TemplateDraft(), submit=True))
        assert pending.status == "PENDING"
        assert (await database.write(update(made, TemplateDraft(), submit=True))).status == "PENDING"
        for frozen in (TemplateDraft(category="UTILITY"), TemplateDraft(language="de"), draft("other")):
            with pytest.raises(ApiError, match="in review"):
                await database.write(update(made, frozen))
        renamed = await database.write(update(made, TemplateDraft(name="other one")))
        assert (renamed.status, renamed.revision, renamed.name) == ("PENDING", pending.revision, "other one")
        clock.advance(5_000)
        await reviewed(database, clock)
        assert await database.read(status(made)) == "APPROVED"
        assert (await database.write(update(made, TemplateDraft(), submit=True))).status == "APPROVED"
        edited = await database.write(update(made, TemplateDraft(name="other")))
        assert (edited.status, edited.is_published) == ("DRAFT", False)
        assert (await database.write(update(made, draft("REJECT_ME"), submit=True))).status == "PENDING"
        await reviewed(database, clock)
        found, _ = await database.read(lambda tx: service.get(tx, US, made.id))
        assert found.status == "REJECTED"
        assert found.rejection_reason
        again = await database.write(update(made, TemplateDraft(), submit=True))
        assert (again.status, again.rejection_reason) == ("PENDING", None)

    run(database_url, scenario)


def test_a_verdict_takes_the_reviewers_time_and_is_told_once(database_url: str) -> None:
    async def scenario(database: AnyDatabase) -> None:
        await database.write(lambda tx: events.subscribe(tx, US, ENDPOINT, filters.expand(["templates"])))
        clock = FixedClock(1_000)
        made = await database.write(create(draft(), submit=True))
        assert await reviewing(database, clock)
        assert not await reviewing(database, clock)
        clock.advance(REVIEW_MS - 1)
        assert not await reviewing(database, clock)
        assert await database.read(status(made)) == "PENDING"
        clock.advance(1)
        assert await reviewing(database, clock)
        assert not await reviewing(database, clock)
        assert await database.read(status(made)) == "APPROVED"
        told = await database.read(lambda tx: tx.fetch("SELECT name, subject_id FROM events"))
        left = await database.read(lambda tx: tx.fetch("SELECT id FROM jobs"))
        assert ([tuple(row) for row in told], left) == ([("templates", made.id)], [])

    run(database_url, scenario)


def test_a_deleted_template_is_not_reviewed_and_its_job_ends(database_url: str) -> None:
    async def scenario(database: AnyDatabase) -> None:
        made = await database.write(create(draft(), submit=True))
        await database.write(lambda tx: service.delete(tx, US, made.id))
        assert await reviewing(database, FixedClock(9_000))
        assert await database.read(lambda tx: tx.fetch("SELECT id FROM jobs")) == []

    run(database_url, scenario)


class Interrupted:
    """A reviewer during whose answer something else happens."""

    def __init__(self, meanwhile: Callable[[], Awaitable[object]]) -> None:
        self._meanwhile = meanwhile

    async def review(self, submission: TemplateSubmission, *, now_ms: int) -> Verdict:
        await self._meanwhile()
        return TemplateApproved("ref-1")


def test_an_answer_is_void_when_another_worker_has_taken_the_job(database_url: str) -> None:
    async def scenario(database: AnyDatabase) -> None:
        clock = FixedClock(1_000)
        made = await database.write(create(draft("REJECT_ME"), submit=True))

        async def outlast_the_lease() -> None:
            clock.advance(review.LEASE_MS)
            assert await reviewing(database, clock)

        assert await reviewing(database, clock, Interrupted(outlast_the_lease))
        assert await database.read(status(made)) == "REJECTED"

    run(database_url, scenario)


def test_a_late_answer_counts_while_nobody_else_has_the_job(database_url: str) -> None:
    async def scenario(database: AnyDatabase) -> None:
        clock = FixedClock(1_000)
        made = await database.write(create(draft(), submit=True))

        async def outlast_the_lease() -> None:
            clock.advance(review.LEASE_MS)

        assert await reviewing(database, clock, Interrupted(outlast_the_lease))
        assert await database.read(status(made)) == "APPROVED"
        assert not await reviewing(database, clock)

    run(database_url, scenario)


def test_a_second_worker_that_answers_too_changes_and_tells_nothing(database_url: str) -> None:
    async def scenario(database: AnyDatabase) -> None:
        await database.write(lambda tx: events.subscribe(tx, US, ENDPOINT, filters.expand(["templates"])))
        clock = FixedClock(5_000)
        made = await database.write(create(draft(), submit=True))

        async def let_another_decide() -> None:
            await database.write(lambda tx: jobs.release_all(tx, review.KIND, now_ms=5_000, lease_ms=review.LEASE_MS))
            assert await reviewing(database, clock)

        assert await reviewing(database, clock, Interrupted(let_another_decide))
        found, _ = await database.read(lambda tx: service.get(tx, US, made.id))
        assert (found.status, found.review_reference) == ("APPROVED", None)
        told = await database.read(lambda tx: tx.fetch("SELECT name FROM events"))
        assert len(told) == 1

    run(database_url, scenario)


def test_a_reviewer_that_fails_holds_up_nobody_else(database_url: str) -> None:
    async def scenario(database: AnyDatabase) -> None:
        clock = FixedClock(9_000)
        made = [await database.write(create(draft(), submit=True, now_ms=at)) for at in (1_000, 2_000)]

        class Moody:
            async def review(self, submission: TemplateSubmission, *, now_ms: int) -> Verdict:
                if submission.template_id == made[0].id:
                    raise ConnectionError("no route to the reviewer")
                return TemplateApproved("ref-2")

        assert await reviewing(database, clock, Moody())
        assert [await database.read(status(one)) for one in made] == ["PENDING", "APPROVED"]
        clock.advance(review.RETRY_AFTER_MS)
        assert await reviewing(database, clock)
        assert await database.read(status(made[0])) == "APPROVED"

    run(database_url, scenario)


def test_a_flat_update_leaves_the_parts_that_it_does_not_name(database_url: str) -> None:
    async def scenario(database: AnyDatabase) -> None:
        whole = definition.parse(
            {
                "header": {"template": "Head"},
                "body": {"multiChannel": {"template": "old"}},
                "buttons": [{"type": "QUICK_REPLY", "props": {"text": "Yes"}}],
            }
        )
        made = await database.write(create(TemplateDraft(definition=whole)))
        body = definition.parse({"body": {"multiChannel": {"template": "new {{x}}"}}})
        await database.write(update(made, TemplateDraft(definition=body, parts=["body"])))
        found, changed = await database.read(lambda tx: service.get(tx, US, made.id))
        assert (changed.header, changed.buttons, changed.body) == (whole.header, whole.buttons, body.body)
        assert found.variables == ["x"]
        call = definition.parse(
            {
                "body": {"multiChannel": {"template": "x"}},
                "header": {"template": "{{a}}"},
                "buttons": [{"type": "VOICE_CALL", "props": {"text": "Call"}}],
            }
        )
        await database.write(update(made, TemplateDraft(definition=call, parts=["body", "header", "buttons"])))
        found, changed = await database.read(lambda tx: service.get(tx, US, made.id))
        assert changed.buttons == call.buttons

    run(database_url, scenario)


def test_the_event_tells_what_receivers_are_promised(database_url: str) -> None:
    async def scenario(database: AnyDatabase) -> None:
        await database.write(lambda tx: events.subscribe(tx, US, ENDPOINT, filters.expand(["templates"])))
        clock = FixedClock(1_000)
        made = await database.write(create(draft("reject_policy please", name="n"), submit=True))
        await reviewed(database, clock)
        rows = await database.read(lambda tx: tx.fetch("SELECT payload_json FROM events"))
        assert orjson.loads(rows[0][0]) == {
            "account_id": US,
            "template_id": made.id,
            "template_name": "n",
            "whatsapp_template_id": None,
            "status": "REJECTED",
            "language": "en_US",
            "category": "MARKETING",
            "channel": "whatsapp",
            "reason": "The content goes against the messaging policy",
        }

    run(database_url, scenario)
