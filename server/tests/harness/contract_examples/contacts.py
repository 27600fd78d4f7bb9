"""Rows of the contact operations."""

from typing import Any

from harness import samples
from harness.contract_examples.examples import BAD_KEY, example
from harness.rows import Row, World


def _example_contact(world: World) -> Any:
    body = example("POST /v3/contacts")
    world.forget(body["phone_number"])
    return body


CONTACTS = [
    Row("GET /v3/contacts", "the first page", "/v3/contacts", 200, check=lambda d: d["pagination"]["page"] == 1),
    Row("GET /v3/contacts", "page and size", "/v3/contacts?page=2&page_size=5", 200),
    Row("GET /v3/contacts", "by channel", "/v3/contacts?channel=whatsapp", 200),
    Row("GET /v3/contacts", "by text", "/v3/contacts?search=1415", 200),
    Row("GET /v3/contacts", "page 0", "/v3/contacts?page=0", 400, "VALIDATION_005", says="Page must be greater than 0"),
    Row("GET /v3/contacts", "size 101", "/v3/contacts?page_size=101", 400, "VALIDATION_001", details="page_size"),
    Row("GET /v3/contacts", "a channel unheard of", "/v3/contacts?channel=pigeon", 400, "VALIDATION_006"),
    Row(
        "GET /v3/contacts",
        "by a number nobody has",
        "/v3/contacts?phone=%2B14155550000",
        404,
        "RESOURCE_001",
        says="Contact not found with the specified phone number",
    ),
    Row("POST /v3/contacts", "documented example", "/v3/contacts", 201, body=_example_contact),
    Row("POST /v3/contacts", "no number", "/v3/contacts", 400, "VALIDATION_001", {}, "Phone number is required"),
    Row("POST /v3/contacts", "null", "/v3/contacts", 400, "VALIDATION_001", {"phone_number": None}),
    Row("POST /v3/contacts", "a bad number", "/v3/contacts", 400, "VALIDATION_002", {"phone_number": "123"}),
    Row("POST /v3/contacts", "a bad key", "/v3/contacts", 400, "VALIDATION_007", {}, headers=BAD_KEY),
    Row(
        "POST /v3/contacts",
        "a known number",
        "/v3/contacts",
        409,
        "RESOURCE_007",
        lambda world: {"phone_number": world.contact()["phone_number"]},
        "Contact with this phone number already exists for this customer",
    ),
    Row("GET /v3/contacts/{id}", "a contact", "/v3/contacts/{contact}", 200),
    Row(
        "GET /v3/contacts/{id}",
        "a malformed id",
        "/v3/contacts/{malformed}",
        400,
        "VALIDATION_003",
        says="Invalid ID format.",
    ),
    Row("GET /v3/contacts/{id}", "a query that is no text", "/v3/contacts/{contact}?x=%FF", 400, "VALIDATION_001"),
    Row("GET /v3/contacts/{id}", "unknown", "/v3/contacts/{unknown}", 404, "RESOURCE_001", says="Contact not found"),
    Row(
        "PATCH /v3/contacts/{id}",
        "documented example",
        "/v3/contacts/{contact}",
        200,
        body=example("PATCH /v3/contacts/{id}"),
        check=lambda data: data["default_channel"] == "whatsapp" and data["opt_out"] is False,
    ),
    Row(
        "PATCH /v3/contacts/{id}",
        "opting out",
        "/v3/contacts/{contact}",
        200,
        body={"opt_out": True},
        check=lambda data: data["opt_out"] is True and data["updated_at"],
    ),
    Row(
        "PATCH /v3/contacts/{id}",
        "nulls change nothing",
        "/v3/contacts/{contact}",
        200,
        body={"default_channel": None, "opt_out": None, "phone_number": None},
    ),
    Row(
        "PATCH /v3/contacts/{id}",
        "a new number",
        "/v3/contacts/{contact}",
        200,
        body=lambda _: {"phone_number": "+33612" + samples.phone()[-6:]},
        check=lambda data: data["region_code"] == "FR" and data["country_code"] == "33",
    ),
    Row(
        "PATCH /v3/contacts/{id}",
        "not a channel",
        "/v3/contacts/{contact}",
        400,
        "VALIDATION_006",
        {"default_channel": "x"},
    ),
    Row(
        "PATCH /v3/contacts/{id}",
        "a bad number",
        "/v3/contacts/{contact}",
        400,
        "VALIDATION_002",
        {"phone_number": "1"},
    ),
    Row("PATCH /v3/contacts/{id}", "not a boolean", "/v3/contacts/{contact}", 400, "VALIDATION_001", {"opt_out": "no"}),
    Row(
        "PATCH /v3/contacts/{id}",
        "a malformed id",
        "/v3/contacts/{malformed}",
        400,
        "VALIDATION_001",
        {},
        "Invalid contact ID format.",
    ),
    Row("PATCH /v3/contacts/{id}", "a bad key", "/v3/contacts/{contact}", 400, "VALIDATION_007", {}, headers=BAD_KEY),
    Row("PATCH /v3/contacts/{id}", "unknown", "/v3/contacts/{unknown}", 404, "RESOURCE_001", {"opt_out": True}),
    Row(
        "PATCH /v3/contacts/{id}",
        "a number that another contact has",
        "/v3/contacts/{contact}",
        409,
        "RESOURCE_007",
        lambda world: {"phone_number": world.contact()["phone_number"]},
    ),
    Row("DELETE /v3/contacts/{id}", "documented example", "/v3/contacts/{contact}", 204, body={"sandbox": False}),
    Row(
        "DELETE /v3/contacts/{id}",
        "a malformed id",
        "/v3/contacts/{malformed}",
        400,
        "VALIDATION_001",
        {},
        "Invalid contact ID format.",
    ),
    Row("DELETE /v3/contacts/{id}", "a bad key", "/v3/contacts/{contact}", 400, "VALIDATION_007", {}, headers=BAD_KEY),
    Row("DELETE /v3/contacts/{id}", "unknown", "/v3/contacts/{unknown}", 404, "RESOURCE_001", {}),
]
