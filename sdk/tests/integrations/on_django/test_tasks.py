"""Celery inside Django, and what the documents have people write by hand."""

import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app, shared_task
from django.test import RequestFactory, override_settings
from django.urls import include, path

import sent_dm
from django_parts import HOOK, body, post, signals
from gateway import LostAnswer, Refusal
from harness.waiting import equal_to
from sent_dm.integrations.django.apps import get_sent_client
from sent_dm.integrations.django.models import SentMessage

DOCS = Path(__file__).parents[3] / "docs"

pytestmark = pytest.mark.usefixtures("configured")

# With Celery


@pytest.fixture
def eager() -> Iterator[None]:
    """Tasks run where they are started."""
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


@pytest.fixture
def tasks() -> Iterator[Any]:
    from sent_dm.integrations.django import tasks

    with override_settings(SENT_DM_MAX_RETRIES=3):
        yield tasks


def test_a_task_keeps_a_record_and_sends_once(tasks, new_phone, gateway, client, texts):
    phone = new_phone()
    gateway.will(LostAnswer(), Refusal(503))
    arguments = {"phone_number": phone, "template_id": "otp_code", "variables": {"code": "1"}, "channel": ["sms"]}
    for _ in range(2):
        told = tasks.send_message_task.apply(kwargs=arguments, task_id="delivered-twice").get()
    message = SentMessage.objects.get(phone_number=phone)
    assert told == {"success": True, "message_id": message.sent_id}
    client.messages.wait_until_delivered(message.sent_id)
    assert len(texts(phone)) == 1
    assert len(set(gateway.keys(phone))) == 1


def test_a_task_that_gives_up_fails_its_record(tasks, new_phone, gateway, heard):
    phone = new_phone()
    gateway.will(*[Refusal(503)] * 9)
    try:
        with pytest.raises(sent_dm.InternalServerError):
            tasks.send_message_task.apply(args=[phone, "welcome"]).get()
    finally:
        gateway.forget()
    assert SentMessage.objects.get(phone_number=phone).status == "failed"
    assert len(gateway.keys(phone)) == 4
    assert [name for name, _ in heard] == ["message_queued", "message_failed"]


def test_a_bulk_delivered_twice_sends_once(eager, tasks, new_phone):
    phones = [new_phone() for _ in range(3)]
    for _ in range(2):
        told = tasks.send_bulk_messages_task.apply(args=[phones, "welcome"], task_id="bulk").get()
    assert told["queued"] == len(set(told["task_ids"])) == 3
    rows = SentMessage.objects.all()
    assert sorted(one.phone_number for one in rows) == sorted(phones)
    assert {one.status for one in rows} == {"sent"}


# What the documents write by hand


def test_a_view_of_the_documents_verifies_signatures_over_the_body(client):
    """Without the headers of v1, a webhook's `signature_mode` must be one that signs the body alone."""
    made = client.webhooks.create(
        display_name="Hex", endpoint_url="http://127.0.0.1:9/", event_types=["messages"], signature_mode="hex"
    )
    secret = made.data.signing_secret
    payload = json.dumps({"type": "message.delivered", "data": {"id": "msg_123"}})
    signature = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
    request = RequestFactory().post(
        HOOK, data=payload, content_type="application/json", headers={"X-Webhook-Signature": signature}
    )
    webhooks = get_sent_client().webhooks
    told = {"signature": request.headers.get("X-Webhook-Signature"), "secret": secret}
    assert webhooks.verify_signature(payload=request.body.decode("utf-8"), **told) is True
    assert webhooks.verify_signature(payload=payload + " ", **told) is False
    client.webhooks.delete(made.data.id)


def test_a_task_of_the_documents(new_phone, gateway, server, texts, client):
    from sent_dm.exceptions import APIError, RateLimitError

    @shared_task(
        bind=True, max_retries=3, default_retry_delay=60, autoretry_for=(RateLimitError,), name="documents.send"
    )
    def send_message_task(self, phone_number, template_id, template_name=None, variables=None, channel=None):
        try:
            result = get_sent_client().messages.send(
                to=[phone_number],
                template={"id": template_id, "name": template_name or template_id, "parameters": variables or {}},
                channel=channel or ["whatsapp"],
            )
            if result.success:
                return {"success": True, "message_id": result.data.id}
            raise APIError(str(result.error) if result.error else "Unknown error")
        except RateLimitError as exc:
            raise self.retry(exc=exc, countdown=60 * (2**self.request.retries)) from exc

    phone = new_phone()
    gateway.will(Refusal(429))
    told = send_message_task.apply(args=(phone, server.template_ids["welcome"], "welcome")).get()
    client.messages.wait_until_delivered(told["message_id"])
    assert len(texts(phone)) == 1


def test_the_page(eager, new_phone, capsys, client, wait_for, texts):
    """Its code, in order; the files of a site at its beginning are those of the example."""
    page = (DOCS / "django.md").read_text()
    phones = [new_phone(), new_phone()]
    for written, phone in zip(("+14155551234", "+14155551235"), phones, strict=True):
        page = page.replace(written, phone)
    settings_py, urls_py, *blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names = {"os": os, "INSTALLED_APPS": [], "path": path, "include": include, "urlpatterns": []}
    exec(settings_py + urls_py, names)
    assert (names["INSTALLED_APPS"], len(names["urlpatterns"])) == (["sent_dm.integrations.django"], 1)
    for block in blocks:
        exec(block, names)
    assert names["message"].sent_id in capsys.readouterr().out
    wait_for(lambda: [len(texts(phone)) for phone in phones], until=equal_to([3, 1]))
    message = names["message"]
    post(body("DELIVERED", message_id=message.sent_id))
    assert capsys.readouterr().out == f"{phones[0]} has it, by sms\n"
    signals.message_delivered.disconnect(names["thank"])
