"""The calls of newer clients on the wire: method, path, query and body, by every driver, over a real socket."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from peer import Peer, answer, envelope
from sent_dm import types, webhooks

CONTRACT = json.loads((Path(__file__).parents[2] / "contract" / "openapi-v3.json").read_text(encoding="utf-8"))
ID = "8ba7b830-9dad-11d1-80b4-00c04fd430c8"
TO = ["+14155551234"]
NINE = datetime(2026, 12, 1, 9, tzinfo=timezone(timedelta(hours=-5)))
AGENT = {
    "display_name": "Shop", "description": "A shop", "agent_use_case": "NOTIFICATIONS", "brand_name": "Shop",
    "privacy_policy_url": "https://x.example/p", "terms_and_conditions_url": "https://x.example/t",
    "website_url": "https://x.example", "brand_color": "#00AA00", "logo_url": "https://x.example/l.png",
    "banner_url": "https://x.example/b.png", "brand_phone_number": "+14155550100",
    "customer_support_phone_number": "+14155550100", "brand_email": "a@x.example",
    "customer_support_email": "a@x.example", "contact_name_and_title": "Ann, owner", "company_ein": "12-3456789",
    "entity_type": "PRIVATE_PROFIT", "official_address": {"city": "Springfield"},
    "brief_company_description": "Sells", "opt_in_process_description": "A form", "start_message": "Hello",
    "help_message": "Help", "stop_message": "Bye", "sample_messages": ["Hello"],
}  # fmt: skip
CALLS: dict[str, tuple[Any, str, str, Any]] = {
    "text": (
        lambda c: c.messages.send(to=TO, text="Your table is ready."),
        "POST",
        "/v3/messages",
        {"to": TO, "text": "Your table is ready."},
    ),
    "schedule": (
        lambda c: c.messages.send(to=TO, template={"name": "welcome"}, scheduled_at=NINE),
        "POST",
        "/v3/messages",
        {"to": TO, "template": {"name": "welcome"}, "scheduled_at": "2026-12-01T09:00:00-05:00"},
    ),
    "media": (
        lambda c: c.messages.send(to=TO, text="Menu", media_urls=("https://x.example/1.jpg",), subject="Today"),
        "POST",
        "/v3/messages",
        {"to": TO, "text": "Menu", "media_urls": ["https://x.example/1.jpg"], "subject": "Today"},
    ),
    "senders": (
        lambda c: c.messages.send(
            to=TO, text="Hi", channels={"sms": [{"from_": ["+15005550006"]}, {"from": ["Shop"]}]}
        ),
        "POST",
        "/v3/messages",
        {"to": TO, "text": "Hi", "channels": {"sms": [{"from": ["+15005550006"]}, {"from": ["Shop"]}]}},
    ),
    "older channels": (
        lambda c: c.messages.send(to=TO, text="Hi", channels=["sms"]),
        "POST",
        "/v3/messages",
        {"to": TO, "text": "Hi", "channels": ["sms"]},
    ),
    "cancel": (lambda c: c.messages.cancel(ID), "POST", f"/v3/messages/{ID}/cancel", {}),
    "resend": (lambda c: c.messages.resend(ID, sandbox=True), "POST", f"/v3/messages/{ID}/resend", {"sandbox": True}),
    "summary": (
        lambda c: c.contacts.retrieve_message_summary(ID),
        "GET",
        f"/v3/contacts/{ID}/message-summary",
        None,
    ),
    "filters": (
        lambda c: c.webhooks.update(ID, display_name="x", event_filters={"message": ["delivered"]}),
        "PUT",
        f"/v3/webhooks/{ID}",
        {"display_name": "x", "event_filters": {"message": ["delivered"]}},
    ),
    "no filters": (
        lambda c: c.webhooks.update(ID, display_name="x", event_filters={}),
        "PUT",
        f"/v3/webhooks/{ID}",
        {"display_name": "x", "event_filters": {}},
    ),
    "events of profiles": (
        lambda c: c.webhooks.create(display_name="x", sender_profile={"event_types": ["message"]}),
        "POST",
        "/v3/webhooks",
        {"display_name": "x", "sender_profile": {"event_types": ["message"]}},
    ),
    "senders of the account": (lambda c: c.channels.retrieve(), "GET", "/v3/channels", None),
    "markets": (lambda c: c.channels.sms.list(), "GET", "/v3/channels/sms", None),
    "market": (lambda c: c.channels.sms.get("US", "TEN_DLC"), "GET", "/v3/channels/sms/US/TEN_DLC", None),
    "new market": (
        lambda c: c.channels.sms.create(country="US", number_type="TEN_DLC", compliance={"brand": {"name": "Shop"}}),
        "POST",
        "/v3/channels/sms",
        {"country": "US", "number_type": "TEN_DLC", "compliance": {"brand": {"name": "Shop"}}},
    ),
    "changed market": (
        lambda c: c.channels.sms.update("GB", "ALPHANUMERIC", compliance={"campaign": {"name": "News"}}),
        "PATCH",
        "/v3/channels/sms/GB/ALPHANUMERIC",
        {"compliance": {"campaign": {"name": "News"}}},
    ),
    "whatsapp": (
        lambda c: c.channels.whatsapp.create(waba_id="1"),
        "POST",
        "/v3/channels/whatsapp",
        {"waba_id": "1"},
    ),
    "agent": (lambda c: c.channels.rcs.create(**AGENT), "POST", "/v3/channels/rcs", AGENT),
    "new profile": (
        lambda c: c.sender_profiles.create(
            name="Shop",
            short_name="SHOP",
            billing={"inherit": True},
            channels={"sms": {"inherit": True}, "whatsapp": {"waba_id": "1"}},
        ),
        "POST",
        "/v3/sender-profiles",
        {
            "name": "Shop",
            "short_name": "SHOP",
            "billing": {"inherit": True},
            "channels": {"sms": {"inherit": True}, "whatsapp": {"waba_id": "1"}},
        },
    ),
    "profile": (lambda c: c.sender_profiles.retrieve(ID), "GET", f"/v3/sender-profiles/{ID}", None),
    "changed profile": (
        lambda c: c.sender_profiles.update(ID, name="Store"),
        "PATCH",
        f"/v3/sender-profiles/{ID}",
        {"name": "Store"},
    ),
    "for all profiles": (
        lambda c: c.templates.create(definition={"body": {}}, auto_create_for_sp=True),
        "POST",
        "/v3/templates",
        {"definition": {"body": {}}, "auto_create_for_sp": True},
    ),
}


def example(method: str, path: str) -> tuple[int, Any]:
    """The status and the body of the documented answer."""
    for pattern, item in CONTRACT["paths"].items():
        if method.lower() in item and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path):
            found = next((s, r) for s, r in item[method.lower()]["responses"].items() if s.startswith("2"))
            media = found[1]["content"]["application/json"]
            shown = media["example"] if "example" in media else next(iter(media["examples"].values()))["value"]
            return int(found[0]), shown
    raise AssertionError(f"the contract has no {method} {path}")


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_what_the_contract_describes(make_caller, name):
    ask, method, path, body = CALLS[name]
    status, shown = example(method, path)
    with Peer(answer(status, json.dumps(shown).encode())) as peer:
        found = make_caller(base_url=peer.base_url)(ask)
        (seen,) = peer.seen
    assert (seen.method, seen.path) == (method, path)
    assert (json.loads(seen.body) if seen.body else None) == body
    assert found.to_dict() == shown


def test_a_profile_is_deleted_without_an_answer(make_caller):
    with Peer(answer(204)) as peer:
        assert make_caller(base_url=peer.base_url)(lambda c: c.sender_profiles.delete(ID)) is None
        assert (peer.seen[0].method, peer.seen[0].path) == ("DELETE", f"/v3/sender-profiles/{ID}")


def _page(number: int, *, more: bool) -> bytes:
    pagination = {"page": number, "page_size": 1, "total_count": 2, "total_pages": 2, "has_more": more, "cursors": None}
    return envelope({"messages": [{"id": f"m{number}", "direction": "inbound"}], "pagination": pagination})


LISTS = {
    "/v3/messages": lambda c: c.messages.list(
        page_size=1, status="READ", created_after=datetime(2026, 1, 1, tzinfo=UTC)
    ),
    "/v3/conversations": lambda c: c.conversations.list(page_size=1),
    f"/v3/conversations/{ID}": lambda c: c.conversations.retrieve(ID, page_size=1),
}


@pytest.mark.parametrize("path", LISTS)
def test_a_list_of_messages_continues_over_its_pages(make_caller, path):
    with Peer(answer(body=_page(1, more=True)), answer(body=_page(2, more=False))) as peer:
        found = make_caller(base_url=peer.base_url).items(LISTS[path])
        targets = [urlsplit(seen.path) for seen in peer.seen]
    assert [message.id for message in found] == ["m1", "m2"]
    assert [target.path for target in targets] == [path, path]
    queries = [parse_qs(target.query) for target in targets]
    assert [query["page_size"] for query in queries] == [["1"], ["1"]]
    assert queries[1]["page"] == ["2"]
    if path == "/v3/messages":
        assert [(query["status"], query["created_after"]) for query in queries] == [
            (["READ"], ["2026-01-01T00:00:00+00:00"])
        ] * 2


def test_requirements_are_asked_for_by_market(make_caller):
    with Peer(answer(body=envelope({"required": False}))) as peer:
        ask = make_caller(base_url=peer.base_url)
        found = ask(lambda c: c.compliance.requirements(country="GB", type="ALPHANUMERIC"))
        assert peer.seen[0].path == "/v3/compliance/requirements?country=GB&type=ALPHANUMERIC"
    assert found.data.required is False


def test_what_a_held_and_a_cancelled_message_say(make_caller):
    held = {"id": ID, "status": "CANCELLED", "scheduled_at": "2026-12-01T14:00:00Z", "template_id": None}
    with Peer(answer(body=envelope(held))) as peer:
        message = make_caller(base_url=peer.base_url)(lambda c: c.messages.cancel(ID)).data
    assert (message.status, message.scheduled_at) == ("CANCELLED", NINE)
    assert (message.template_id, message.reason_code) == (None, None)


def test_the_event_of_a_market_has_a_class():
    event = webhooks.parse(
        json.dumps(
            {
                "field": "channel",
                "event": "channel.activated",
                "timestamp": "2026-11-30T10:00:00Z",
                "payload": {"channel": "sms", "country": "US", "number_type": "TEN_DLC", "status": "ACTIVE"},
            }
        )
    )
    assert isinstance(event, types.WebhookChannelEvent)
    assert (event.payload.country, event.payload.status) == ("US", "ACTIVE")
