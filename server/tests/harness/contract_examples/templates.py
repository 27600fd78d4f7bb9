"""Rows of the template operations."""

from harness import samples
from harness.contract_examples.examples import BAD_KEY, example
from harness.rows import Row

NO_CATEGORY = "Category must be one of: MARKETING, UTILITY, AUTHENTICATION"
FLAT_TEMPLATE = {
    "name": "flat_form",
    "category": "UTILITY",
    "language": "en_US",
    "body": {
        "content": "Hi {{name}}, order {{order}} left.",
        "variables": [
            {"name": "name", "type": "text", "example": "Jo"},
            {"name": "order", "type": "number", "example": "7"},
        ],
    },
    "header": {"type": "TEXT", "content": "News"},
    "footer": {"content": "Reply STOP to opt out"},
    "buttons": [{"type": "URL", "text": "Track", "url": "https://example.com/t"}],
    "channels": ["sms", "whatsapp"],
}

TEMPLATES = [
    Row("GET /v3/templates", "the first page", "/v3/templates", 200),
    Row("GET /v3/templates", "filtered", "/v3/templates?status=APPROVED&category=UTILITY&search=order", 200),
    Row("GET /v3/templates", "size 0", "/v3/templates?page_size=0", 400, "VALIDATION_001", details="page_size"),
    Row("GET /v3/templates", "page 0", "/v3/templates?page=0", 400, "VALIDATION_005"),
    Row("GET /v3/templates", "a status unheard of", "/v3/templates?status=LOST", 400, "VALIDATION_006"),
    Row(
        "POST /v3/templates",
        "documented example",
        "/v3/templates",
        201,
        body=example("POST /v3/templates"),
        check=lambda data: (
            (data["status"], data["variables"], data["channels"])
            == ("DRAFT", ["name", "company"], ["sms", "whatsapp", "rcs", "mms"])
        ),
    ),
    Row(
        "POST /v3/templates",
        "the flat form",
        "/v3/templates",
        201,
        body=FLAT_TEMPLATE,
        check=lambda data: (data["name"], data["variables"]) == ("flat_form", ["name", "order"]),
    ),
    Row(
        "POST /v3/templates",
        "submitted for review",
        "/v3/templates",
        201,
        body=samples.template(submit_for_review=True),
        check=lambda data: data["status"] == "PENDING" and data["is_published"] is False,
    ),
    Row(
        "POST /v3/templates",
        "no definition",
        "/v3/templates",
        400,
        "VALIDATION_001",
        {"category": "UTILITY"},
        "Template definition is required",
        details="definition",
    ),
    Row("POST /v3/templates", "a bad key", "/v3/templates", 400, "VALIDATION_007", samples.template(), headers=BAD_KEY),
    Row("GET /v3/templates/{id}", "a template", "/v3/templates/{template}", 200),
    Row(
        "GET /v3/templates/{id}",
        "a malformed id",
        "/v3/templates/{malformed}",
        400,
        "VALIDATION_001",
        says="Invalid template ID format.",
    ),
    Row("GET /v3/templates/{id}", "unknown", "/v3/templates/{unknown}", 404, "RESOURCE_002", says="Template not found"),
    Row(
        "PUT /v3/templates/{id}",
        "documented example",
        "/v3/templates/{template}",
        200,
        body=example("PUT /v3/templates/{id}"),
        check=lambda data: (
            (data["name"], data["category"], data["variables"])
            == ("Updated Welcome Message", "MARKETING", ["name", "company"])
        ),
    ),
    Row(
        "PUT /v3/templates/{id}",
        "only a name",
        "/v3/templates/{template}",
        200,
        body={"name": "renamed"},
        check=lambda data: data["name"] == "renamed" and data["category"] == "UTILITY",
    ),
    Row(
        "PUT /v3/templates/{id}",
        "a category unheard of",
        "/v3/templates/{template}",
        400,
        "VALIDATION_001",
        {"category": "OTHER"},
        NO_CATEGORY,
        details="category",
    ),
    Row(
        "PUT /v3/templates/{id}",
        "a malformed id",
        "/v3/templates/{malformed}",
        400,
        "VALIDATION_001",
        {},
        "Invalid template ID format.",
    ),
    Row("PUT /v3/templates/{id}", "a bad key", "/v3/templates/{template}", 400, "VALIDATION_007", {}, headers=BAD_KEY),
    Row("PUT /v3/templates/{id}", "unknown", "/v3/templates/{unknown}", 404, "RESOURCE_002", {"name": "x"}),
    Row(
        "DELETE /v3/templates/{id}",
        "documented example",
        "/v3/templates/{template}",
        204,
        body=example("DELETE /v3/templates/{id}"),
    ),
    Row(
        "DELETE /v3/templates/{id}",
        "a malformed id",
        "/v3/templates/{malformed}",
        400,
        "VALIDATION_001",
        {},
        "Invalid template ID format.",
    ),
    Row(
        "DELETE /v3/templates/{id}", "a bad key", "/v3/templates/{template}", 400, "VALIDATION_007", {}, headers=BAD_KEY
    ),
    Row("DELETE /v3/templates/{id}", "unknown", "/v3/templates/{unknown}", 404, "RESOURCE_002", {}),
]
