"""The ten operations of /v3/webhooks. Source: contract/openapi-v3.json."""

from sent_server.db import Database, Tx
from sent_server.egress import Egress
from sent_server.events import names
from sent_server.http import query, route
from sent_server.http.fields import Mutation
from sent_server.http.limits import LimitClass
from sent_server.http.reply import Reply
from sent_server.http.route import Call, Route
from sent_server.kernel import paging
from sent_server.kernel.clock import SystemClock
from sent_server.kernel.values import value_object
from sent_server.webhooks import service, test_event, wire
from sent_server.webhooks.model import EndpointHealth
from sent_server.webhooks.service import SenderProfileDraft, WebhookDraft, WebhookRules

BAD_ID = ("VALIDATION_001", "Invalid webhook ID format.")


@value_object
class Webhooks:
    database: Database
    egress: Egress
    clock: SystemClock
    rules: WebhookRules
    current_names_only: bool

    async def list(self, tx: Tx, call: Call) -> Reply:
        page = query.page(call.query)
        text = query.search(call.query)
        rows, total_count = await service.list_page(
            tx,
            call.caller.customer_id,
            page=page,
            pattern=query.like(text) if text else None,
            is_active=query.flag(call.query, "is_active"),
        )
        shown, position = paging.cut(page, rows, total_count=total_count, key=lambda row: row[0].id)
        return Reply(200, {"webhooks": [wire.webhook(*row) for row in shown], "pagination": position})

    async def create(self, tx: Tx, call: Call, body: wire.CreateWebhook) -> Reply:
        draft = _draft(body)
        await service.check_sender_profile(tx, call.caller, draft)
        webhook, secret = await service.create(
            tx,
            call.caller.customer_id,
            draft,
            self.rules,
            quota=call.caller.quota("webhooks", self.rules.quota),
            now_ms=call.now_ms,
        )
        return Reply(201, wire.webhook(webhook, EndpointHealth(), secret=secret))

    async def get(self, tx: Tx, call: Call) -> Reply:
        return Reply(200, wire.webhook(*await service.get(tx, call.caller.customer_id, call.path["id"])))

    async def update(self, tx: Tx, call: Call, body: wire.UpdateWebhook) -> Reply:
        draft = _draft(body)
        await service.check_sender_profile(tx, call.caller, draft)
        changed = await service.update(
            tx, call.caller.customer_id, call.path["id"], draft, self.rules, now_ms=call.now_ms
        )
        return Reply(200, wire.webhook(*changed))

    async def delete(self, tx: Tx, call: Call, _: Mutation) -> Reply:
        await service.delete(tx, call.caller.customer_id, call.path["id"])
        return Reply(204)

    async def toggle(self, tx: Tx, call: Call, body: wire.ToggleWebhook) -> Reply:
        changed = await service.toggle(
            tx, call.caller.customer_id, call.path["id"], active=body.is_active, now_ms=call.now_ms
        )
        return Reply(200, wire.webhook(*changed))

    async def rotate_secret(self, tx: Tx, call: Call, _: Mutation) -> Reply:
        secret = await service.rotate_secret(
            tx, call.caller.customer_id, call.path["id"], self.rules, now_ms=call.now_ms
        )
        return Reply(200, {"signing_secret": secret})

    async def test(self, call: Call, body: wire.TestWebhook) -> Reply:
        customer_id, webhook_id = call.caller.customer_id, call.path["id"]
        webhook, _ = await self.database.read(lambda tx: service.get(tx, customer_id, webhook_id))
        request = test_event.prepare(
            webhook, body.event_type, self.rules.sealer, now_ms=call.now_ms, wall_ms=self.clock.wall_ms(),
            clean=self.current_names_only,
        )  # fmt: skip
        if call.sandbox:
            return Reply(200, {"success": True, "message": test_event.DELIVERED})
        return Reply(200, await test_event.send(self.egress, request))

    async def log(self, tx: Tx, call: Call) -> Reply:
        page = query.page(call.query)
        text = query.search(call.query)
        pattern = query.like(text) if text else None
        entries, total_count, parked = await service.log_page(
            tx, call.caller.customer_id, call.path["id"], page=page, pattern=pattern
        )
        rows, position = paging.cut(page, entries, total_count=total_count, key=lambda entry: entry.id)
        shown = [wire.delivery(row, parked=parked, current_names_only=self.current_names_only) for row in rows]
        return Reply(200, {"events": shown, "pagination": position})

    async def replay(self, tx: Tx, call: Call, body: wire.Replay) -> Reply:
        customer_id, webhook_id = call.caller.customer_id, call.path["id"]
        if body.event_id:
            count = await service.replay_one(tx, customer_id, webhook_id, body.event_id, now_ms=call.now_ms)
            return Reply(202, {"replayed": count, "next_after": None})
        count, after = await service.replay_span(
            tx, customer_id, webhook_id, body.span(call.now_ms), now_ms=call.now_ms
        )
        return Reply(202, {"replayed": count, "next_after": after})

    async def event_types(self, tx: Tx, call: Call) -> Reply:
        described, position = paging.cut_all(None, names.described(), key=lambda one: one.name)
        return Reply(200, {"event_types": [wire.event_type(one) for one in described], "pagination": position})


def _draft(body: wire.CreateWebhook | wire.UpdateWebhook) -> WebhookDraft:
    profile = body.sender_profile
    is_active = body.is_active if isinstance(body, wire.UpdateWebhook) else None
    return WebhookDraft(
        body.display_name,
        body.endpoint_url,
        body.event_types,
        body.retry_count,
        body.timeout_seconds,
        body.signature_mode,
        is_active,
        body.event_filters,
        SenderProfileDraft(profile.event_types, profile.event_filters) if profile else None,
    )


def routes(
    *, database: Database, egress: Egress, clock: SystemClock, rules: WebhookRules, current_names_only: bool
) -> list[Route]:
    on = Webhooks(database, egress, clock, rules, current_names_only)
    one = "/v3/webhooks/{id}"
    return [
        route.get("/v3/webhooks", on.list),
        route.mutate("POST", "/v3/webhooks", on.create, body=wire.CreateWebhook, sealed=True),
        route.get("/v3/webhooks/event-types", on.event_types),
        route.get(one, on.get, bad_id=BAD_ID),
        route.mutate("PUT", one, on.update, body=wire.UpdateWebhook, bad_id=BAD_ID),
        route.mutate("DELETE", one, on.delete, body=Mutation, bad_id=BAD_ID),
        route.get(f"{one}/events", on.log, bad_id=BAD_ID, heavy_when=("search",)),
        route.mutate(
            "POST",
            f"{one}/rotate-secret",
            on.rotate_secret,
            body=Mutation,
            bad_id=BAD_ID,
            sealed=True,
            limit=LimitClass.SENSITIVE,
        ),
        route.external_command(
            "POST", f"{one}/test", on.test, body=wire.TestWebhook, bad_id=BAD_ID, limit=LimitClass.WEBHOOK_TEST
        ),
        route.mutate("POST", f"{one}/replay", on.replay, body=wire.Replay, bad_id=BAD_ID),
        route.mutate("PATCH", f"{one}/toggle-status", on.toggle, body=wire.ToggleWebhook, bad_id=BAD_ID),
    ]
