"""Rows of the sender profile operations."""

from harness.contract_examples.examples import example
from harness.rows import Row

EVERY, ONE = "/v3/sender-profiles", "/v3/sender-profiles/{fresh_profile}"
UNKNOWN, MALFORMED = "/v3/sender-profiles/{unknown}", "/v3/sender-profiles/{malformed}"
LIST, CREATE = f"GET {EVERY}", f"POST {EVERY}"
GET, UPDATE, DELETE = (f"{method} {EVERY}/{{id}}" for method in ("GET", "PATCH", "DELETE"))
NAMED = {"name": "Rows", "short_name": "ROWS"}

SENDER_PROFILES = [
    Row(LIST, "a page", f"{EVERY}?page_size=2", 200, check=lambda data: data["pagination"]["page_size"] == 2),
    Row(LIST, "a bad size", f"{EVERY}?page_size=0", 400, "VALIDATION_001"),
    Row(LIST, "a bad page", f"{EVERY}?page=0", 400, "VALIDATION_005"),
    Row(
        CREATE, "documented example", EVERY, 201, body=example(CREATE, "plain"),
        check=lambda data: data["billing"]["inherit"] and data["api_key"],
    ),
    Row(CREATE, "a bad short name", EVERY, 400, "VALIDATION_001", body={**NAMED, "short_name": "x"}),
    Row(CREATE, "nothing", EVERY, 400, "VALIDATION_004", body={}, details="short_name"),
    Row(
        CREATE, "an unknown number type", EVERY, 400, "VALIDATION_006",
        body={**NAMED, "channels": {"sms": {"country": "GB", "number_type": "PIGEON"}}},
        details="channels.sms.number_type",
    ),
    Row(GET, "one", ONE, 200, check=lambda data: data["name"] == "Fresh" and "api_key" not in data),
    Row(GET, "unknown", UNKNOWN, 404, "RESOURCE_014"),
    Row(GET, "malformed", MALFORMED, 400, "VALIDATION_001", says="Invalid profile ID format."),
    Row(UPDATE, "documented example", ONE, 200, body=example(UPDATE, "rename"), check=lambda d: d["name"][-2:] == "EU"),
    Row(UPDATE, "nothing", ONE, 400, "VALIDATION_001", body={}),
    Row(UPDATE, "billing", ONE, 400, "VALIDATION_001", body={"billing": {"inherit": True}}, details="billing"),
    Row(UPDATE, "unknown", UNKNOWN, 404, "RESOURCE_014", body={"name": "x"}),
    Row(DELETE, "one", ONE, 204, body={"_": True}),
    Row(DELETE, "unknown", UNKNOWN, 404, "RESOURCE_014"),
    Row(DELETE, "malformed", MALFORMED, 400, "VALIDATION_001"),
]  # fmt: skip
