"""The public surface as type checkers see it. Nobody runs this; test_package.py has pyright and mypy check it.

What must be refused carries both ignores; an ignore that is not needed is an error too.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, assert_type

import httpx

import sent_dm
from sent_dm import AsyncPage, AsyncSentDm, DefaultAioHttpClient, SentDm, SyncPage, params, types, webhooks


def made() -> None:
    client = SentDm("key", base_url=None, timeout=20.0, max_retries=0, default_headers={"X-App": "shop"})
    SentDm(timeout=httpx.Timeout(60.0, read=5.0), http_client=httpx.Client(), default_query={"v": 1})
    AsyncSentDm(http_client=DefaultAioHttpClient(limits=httpx.Limits(max_connections=5)))
    AsyncSentDm(http_client=httpx.AsyncClient())
    assert_type(client.with_options(timeout=None, max_retries=5), SentDm)
    assert_type(sent_dm.Sent(), SentDm)
    SentDm(timeout="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    SentDm(apikey="x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    SentDm(http_client=httpx.AsyncClient())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def sends(client: SentDm) -> None:
    template: params.TemplateRefParam = {"id": "t", "name": "welcome", "parameters": {"name": "Ann"}}
    answer = client.messages.send(
        to=["+14155551234"], template=template, channel=["sms"], test_mode=True, idempotency_key="k", timeout=5
    )
    assert_type(answer, types.MessageSendResponse)
    assert_type(answer.data.recipients[0].message_id, str)
    assert_type(answer.data.messages[0].id, str)
    assert_type(answer.success, bool)
    client.messages.send(text="Hello")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    later = datetime.fromisoformat("2026-12-01T09:00:00-05:00")
    pools: params.SenderPoolsParam = {"sms": [{"from_": ["+15005550006"], "country": "US"}]}
    client.messages.send(to=["+1"], text="Hi", scheduled_at=later, channels=pools, media_urls=["u"], subject="s")
    assert_type(client.messages.cancel("m").data.scheduled_at, datetime | None)
    assert_type(client.messages.resend("m"), types.MessageSendResponse)
    client.messages.send(to=[1], template=template)  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    client.messages.send(to=["+1"], template=template, chanel="sms")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    _ = answer.data.recipient  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
    for event in client.messages.get("m").data.events or []:
        assert_type(event.timestamp, datetime)
    assert_type(client.messages.wait_until_delivered("m", timeout=5), types.Message)


def lists(client: SentDm) -> None:
    page = client.contacts.list(limit=100, page=2)
    assert_type(page, types.ContactPage)
    for contact in page:
        assert_type(contact, types.Contact)
    for contact in page.data:
        assert_type(contact.phone_number, str)
        assert_type(contact.created_at, datetime)
    assert_type(page.items, list[types.Contact])
    assert_type(page.get_next_page(), types.ContactPage)
    generic: SyncPage[types.ContactList, types.Contact] = page
    del generic


def newer_lists(client: SentDm) -> None:
    for message in client.messages.list(status="DELIVERED,READ", direction="inbound", created_after=datetime.min):
        assert_type(message, types.Message)
    assert_type(client.conversations.list(), types.MessagePage)
    assert_type(client.conversations.list_messages("c").items, list[types.Message])
    assert_type(client.contacts.retrieve_message_summary("c").data.channels_used, list[str])
    assert_type(client.channels.retrieve().data.sms, list[types.SmsMarket])
    assert_type(client.channels.sms.retrieve("US", "TEN_DLC").data, types.SmsMarket)
    assert_type(client.compliance.retrieve_requirements(country="US").data.required, bool)
    for profile in client.sender_profiles.list():
        assert_type(profile.api_key, str | None)


def others(client: SentDm) -> None:
    assert_type(client.contacts.create(phone_number="+1").data, types.Contact)
    assert_type(client.contacts.delete("c"), None)
    assert_type(client.templates.get("t").data.name, str)
    assert_type(client.get("/v3/x", params={"a": 1}, cast_to=httpx.Response), Any)
    raw = client.contacts.with_raw_response.get("c", timeout=5)
    assert_type(raw, sent_dm.RawResponse[types.ContactResponse])
    assert_type(raw.headers, httpx.Headers)
    assert_type(raw.request_id, str | None)
    assert_type(raw.body.data, types.Contact)
    assert_type(client.with_raw_response.messages.get("m").parse(), types.MessageResponse)
    with client.contacts.with_streaming_response.list() as streamed:
        assert_type(streamed, sent_dm.StreamedResponse[types.ContactPage])
        for chunk in streamed.iter_bytes():
            assert_type(chunk, bytes)
        for line in streamed.iter_lines():
            assert_type(line, str)


async def in_async(client: AsyncSentDm) -> AsyncIterator[types.Template]:
    answer = await client.messages.send(to=["+1"], template={"name": "welcome"})
    assert_type(answer, types.MessageSendResponse)
    page = await client.templates.list()
    assert_type(page, types.AsyncTemplatePage)
    generic: AsyncPage[types.TemplateList, types.Template] = page
    del generic
    async for template in client.templates.list(page_size=10):
        assert_type(template, types.Template)
        yield template
    raw = await client.templates.with_raw_response.get("t")
    assert_type(raw.body.data, types.Template)
    async with client.templates.with_streaming_response.get("t") as streamed:
        assert_type(streamed, sent_dm.AsyncStreamedResponse[types.TemplateResponse])
        async for chunk in streamed.iter_bytes(1024):
            assert_type(chunk, bytes)
    assert_type(await client.messages.wait_until_delivered("m"), types.Message)
    await client.close()


def fails(client: SentDm) -> None:
    try:
        client.me.retrieve()
    except sent_dm.RateLimitError as error:
        assert_type(error.retry_after, float | None)
    except sent_dm.APIStatusError as error:
        assert_type(error.status_code, int)
        assert_type(error.response, httpx.Response)
        assert_type(error.code, str | None)
        assert_type(error.details, dict[str, list[str]] | None)
        assert_type(error.request_id, str | None)
    except sent_dm.APIConnectionError as error:
        assert_type(error.response, httpx.Response | None)


def receives(client: SentDm, headers: dict[str, str], body: bytes) -> str | None:
    event = client.webhooks.unwrap(headers, body)
    assert_type(event, webhooks.WebhookEvent)
    match event:
        case types.WebhookMessageEvent():
            return event.payload.message_id
        case types.WebhookInboundEvent():
            return event.payload.text
        case types.WebhookContactEvent():
            return event.payload.keyword
        case types.WebhookTemplateEvent():
            return event.payload.template_id
        case types.WebhookChannelEvent():
            return event.payload.status
        case webhooks.WebhookOtherEvent():
            return event.field


def verifies(client: AsyncSentDm, body: str) -> bool:
    return client.webhooks.verify_signature(payload=body, signature="x", secret="whsec_x")
