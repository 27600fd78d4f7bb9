"""A required text that nobody can see is as good as none, in every body that asks for one."""

from typing import Any

import pytest

from harness import samples
from harness.server import Account

UNSEEN = "\u200b\u3164\ufeff \u2060"
WABA = {"waba_id": "1", "access_token": "t"}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v3/webhooks", {**samples.webhook(), "display_name": UNSEEN}, "display_name"),
        ("/v3/templates", samples.template(UNSEEN), "definition.body.multiChannel.template"),
        ("/v3/templates", {**samples.template(), "name": UNSEEN}, "name"),
        ("/v3/profiles", {"name": UNSEEN, "billing_model": "organization", "whatsapp_business_account": WABA}, "name"),
        ("/v3/users", {**samples.user(), "name": UNSEEN}, "name"),
        ("/v3/brands", samples.brand(contactName=UNSEEN), "brand.contactName"),
        ("/sim/phones/+14155550100/messages", {"channel": "sms", "text": UNSEEN}, "text"),
    ],
)
def test_a_text_of_invisible_characters_is_blank(
    fresh_account: Account, path: str, body: dict[str, Any], field: str
) -> None:
    answer = fresh_account.http.post(path, body)
    assert answer.status == 400, answer.body
    assert field in answer.details
