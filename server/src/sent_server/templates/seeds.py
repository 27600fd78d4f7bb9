"""The sample templates of a new account. They are approved, and `welcome` has no parameters."""

from typing import Any

from sent_server.db import Tx
from sent_server.kernel.values import value_object
from sent_server.templates import definition, service

SOURCE = "ready-made"
OPT_OUT = "Reply STOP to opt out"


@value_object
class _Ready:
    """`samples` gives each variable of the body, in order, with an example.

    `ending` follows the body on SMS, which has no footer.
    """

    name: str
    category: str
    body: str
    samples: dict[str, str]
    footer: str | None = None
    ending: str | None = None
    button: dict[str, Any] | None = None
    authentication: dict[str, Any] | None = None


READY = (
    _Ready(
        "otp_code",
        "AUTHENTICATION",
        "{{code}} is your verification code.",
        {"code": "482913"},
        button={"type": "COPY_CODE", "props": {"text": "Copy code", "otpType": "COPY_CODE"}},
        authentication={"addSecurityRecommendation": True, "codeExpirationMinutes": 10},
    ),
    _Ready(
        "order_confirmation",
        "UTILITY",
        "Hi {{name}}, we have received your order {{order_number}}. The total is {{total}}.",
        {"name": "Ada", "order_number": "A-1042", "total": "$59.90"},
    ),
    _Ready(
        "appointment_reminder",
        "UTILITY",
        "Hi {{name}}, this is a reminder of your appointment on {{date}} at {{time}}.",
        {"name": "Ada", "date": "May 4", "time": "10:30"},
        button={"type": "QUICK_REPLY", "props": {"text": "Confirm"}},
    ),
    _Ready(
        "shipping_update",
        "UTILITY",
        "Your parcel {{tracking_number}} is on its way and should arrive on {{date}}.",
        {"tracking_number": "1Z999", "date": "Friday"},
    ),
    _Ready(
        "welcome",
        "MARKETING",
        "Welcome! Your first message is on its way, and this is it.",
        {},
        footer=OPT_OUT,
        ending=f" {OPT_OUT}.",
    ),
    _Ready(
        "seasonal_offer",
        "MARKETING",
        "Hi {{name}}, this week only: {{discount}} off everything with the code {{offer_code}}.",
        {"name": "Ada", "discount": "20%", "offer_code": "SPRING20"},
        footer=OPT_OUT,
        ending=f" {OPT_OUT}.",
    ),
)
WELCOME = "welcome"


def example() -> tuple[str, dict[str, str]]:
    """The name of a sample template with parameters, and values for them."""
    ready = next(one for one in READY if one.samples)
    return ready.name, ready.samples


async def create_ready(tx: Tx, customer_id: str, now_ms: int) -> dict[str, str]:
    """Ids by name."""
    made: dict[str, str] = {}
    for ready in READY:
        template = await service.create_approved(
            tx,
            customer_id,
            name=ready.name,
            category=ready.category,
            definition=definition.parse(_tree(ready)),
            is_welcome_playground=ready.name == WELCOME,
            source=SOURCE,
            now_ms=now_ms,
        )
        made[ready.name] = template.id
    return made


def _tree(ready: _Ready) -> dict[str, Any]:
    variables = [
        {"id": number, "name": name, "type": "variable", "props": {"variableType": "text", "sample": sample}}
        for number, (name, sample) in enumerate(ready.samples.items())
    ]
    body = {"multiChannel": {"type": "text", "template": ready.body, "variables": variables}}
    if ready.ending:
        body["sms"] = {"type": "text", "template": ready.body + ready.ending, "variables": variables}
    return {
        "body": body,
        "footer": {"type": "text", "template": ready.footer} if ready.footer else None,
        "buttons": [ready.button] if ready.button else None,
        "authenticationConfig": ready.authentication,
    }
