"""Bodies and numbers for requests. Numbers are never handed out twice in a run."""

import itertools
import os
import random
import uuid
from typing import Any

_numbers = itertools.count(random.Random(os.urandom(8)).randrange(1_000_000, 4_000_000))
_area_codes = itertools.cycle(range(201, 990))
UNKNOWN_ID = "0190a0b0-c0d0-7000-8000-00000000dead"


def phone() -> str:
    """An ordinary mobile number in the United States: delivered within a second."""
    number = next(_numbers)
    return f"+1415{2 + number // 1_000_000 % 7}{number % 1_000_000:06}"


def magic_phone(last_two_digits: str) -> str:
    """A fictitious number +1 NXX 555 01XX, whose last digits choose the outcome."""
    area = next(code for code in _area_codes if code % 100 != 11)
    return f"+1{area}55501{last_two_digits}"


def key() -> str:
    """A fresh idempotency key."""
    return f"test_{uuid.uuid4().hex}"


def definition(text: str = "Hello from the tests.", *names: str) -> dict[str, Any]:
    """A template definition for every channel; `{{0:variable}}` in the text stands for the first of `names`."""
    variables = [
        {"id": number, "name": name, "type": "variable", "props": {"variableType": "text", "sample": "x"}}
        for number, name in enumerate(names)
    ]
    return {"body": {"multiChannel": {"type": "text", "template": text, "variables": variables}}}


def template(text: str = "Hello from the tests.", *names: str, submit_for_review: bool = False) -> dict[str, Any]:
    return {
        "category": "UTILITY",
        "language": "en_US",
        "definition": definition(text, *names),
        "submit_for_review": submit_for_review,
    }


def user(role: str = "developer") -> dict[str, str]:
    """Somebody to invite, whom nobody knows yet."""
    return {"email": f"{uuid.uuid4().hex[:12]}@example.com", "name": "Jane Doe", "role": role}


def webhook(endpoint_url: str = "https://example.com/hook", *event_types: str) -> dict[str, Any]:
    return {
        "display_name": f"Hook {uuid.uuid4().hex[:8]}",
        "endpoint_url": endpoint_url,
        "event_types": list(event_types) or ["messages"],
    }


def brand(**values: Any) -> dict[str, Any]:
    """A brand in the flat form of the retired calls."""
    fixed = {"contactName": "Ann Example", "vertical": "RETAIL", "brandRelationship": "SMALL_ACCOUNT"}
    return {"brand": {**fixed, "isTcrApplication": True, **values}}


def nested_brand(**compliance: Any) -> dict[str, Any]:
    """A brand as profiles take it."""
    fixed = {"vertical": "RETAIL", "brandRelationship": "SMALL_ACCOUNT", "isTcrApplication": True}
    return {"contact": {"name": "Ann Example"}, "compliance": {**fixed, **compliance}}


def campaign(name: str = "Order news", **values: Any) -> dict[str, Any]:
    use_cases = [{"messagingUseCaseUs": "DELIVERY_NOTIFICATION", "sampleMessages": ["Your order is on its way."]}]
    return {"campaign": {"name": name, "description": "About orders", "type": "App", "useCases": use_cases, **values}}


def market() -> dict[str, str]:
    return {"country": "GB", "number_type": "ALPHANUMERIC", "sender_value": "ACME"}


def rcs_agent() -> dict[str, Any]:
    links = ("privacy_policy_url", "terms_and_conditions_url", "website_url", "logo_url", "banner_url")
    texts = (
        "display_name", "description", "brand_name", "brand_color", "brand_phone_number",
        "customer_support_phone_number", "brand_email", "customer_support_email", "contact_name_and_title",
        "company_ein", "entity_type", "brief_company_description", "opt_in_process_description", "start_message",
        "help_message", "stop_message",
    )  # fmt: skip
    return {
        **dict.fromkeys(texts, "Acme"),
        **dict.fromkeys(links, "https://acme.example/x"),
        "agent_use_case": "NOTIFICATIONS",
        "official_address": {"street": "1 Main St", "city": "Reno", "country": "US"},
        "sample_messages": ["Your order is on its way"],
    }
