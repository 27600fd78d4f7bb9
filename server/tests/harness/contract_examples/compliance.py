"""Rows of the brand and campaign operations."""

from typing import Any

from harness import samples
from harness.contract_examples.examples import BAD_KEY, example
from harness.rows import Row, World

BRANDS_, BRAND = "/v3/brands", "/v3/brands/{brand}"
OF_BRAND, ONE_OF_BRAND = "/v3/brands/{brand}/campaigns", "/v3/brands/{brand}/campaigns/{brand_campaign}"
OF_PROFILE, ONE = "/v3/profiles/{profile}/campaigns", "/v3/profiles/{profile}/campaigns/{campaign}"
OF_HEIR = "/v3/profiles/{heir_profile}/campaigns"
READ_ONLY = "These campaigns are read-only. Set inherit_tcr_campaign to false to manage your own campaigns."
NO_OWN = (
    "Cannot create campaigns when inherit_tcr_campaign=true. "
    "Set inherit_tcr_campaign=false to create your own campaigns."
)


def _after_deleting_the_brand(world: World) -> Any:
    world.http.delete(f"/v3/brands/{world.brand()['id']}", {})
    return example("POST /v3/brands")


def _campaign(**values: Any) -> Any:
    return samples.campaign(**values)


def _with(kind: str, *sample_messages: str) -> Any:
    return _campaign(useCases=[{"messagingUseCaseUs": kind, "sampleMessages": list(sample_messages)}])


def _named(expected: str) -> Any:
    return lambda data: data["name"] == expected and data["status"] is None and not data["submittedToTCR"]


def _create_rows(operation: str, path: str) -> list[Row]:
    """What both ways of creating a campaign have in common."""
    return [
        Row(
            operation, "documented example", path, 201, body=example(operation), check=_named("Customer Notifications")
        ),
        Row(operation, "nothing", path, 400, "VALIDATION_004", {}, details="campaign"),
        Row(operation, "an unknown use case", path, 400, "VALIDATION_006", _with("SPAM", "x")),
        Row(operation, "no samples", path, 400, "VALIDATION_001", _with("MIXED")),
        Row(operation, "six samples", path, 400, "VALIDATION_001", _with("MIXED", *"abcdef")),
        Row(operation, "a long sample", path, 400, "VALIDATION_001", _with("MIXED", "x" * 1_025)),
        Row(operation, "the longest samples", path, 201, body=_with("MIXED", *["x" * 1_024] * 5)),
        Row(operation, "a bad key", path, 400, "VALIDATION_007", {}, headers=BAD_KEY),
        Row(operation, "sandbox", path, 201, body={**samples.campaign(), "sandbox": True}),
    ]


def _update_rows(operation: str, path: str) -> list[Row]:
    changed = example(operation)
    return [
        Row(operation, "documented example", path, 200, body=changed, check=_named(changed["campaign"]["name"])),
        Row(operation, "nothing", path, 400, "VALIDATION_001", {}, details="campaign"),
        Row(operation, "an unknown use case", path, 400, "VALIDATION_006", _with("SPAM", "x")),
        Row(operation, "a bad key", path, 400, "VALIDATION_007", {}, headers=BAD_KEY),
    ]


def _delete_rows(operation: str, path: str) -> list[Row]:
    return [
        Row(operation, "documented example", path, 204, body={"sandbox": False}),
        Row(operation, "a bad key", path, 400, "VALIDATION_007", {}, headers=BAD_KEY),
    ]


BRANDS = [
    Row("GET /v3/brands", "the brands", BRANDS_, 200, check=lambda data: isinstance(data, list)),
    Row("POST /v3/brands", "documented example", BRANDS_, 201, body=_after_deleting_the_brand),
    Row("POST /v3/brands", "nothing", BRANDS_, 400, "VALIDATION_004", {}, details="brand"),
    Row("POST /v3/brands", "no contact", BRANDS_, 400, "VALIDATION_004", {"brand": {"vertical": "NGO"}}),
    Row("POST /v3/brands", "an unknown vertical", BRANDS_, 400, "VALIDATION_006", samples.brand(vertical="PETS")),
    Row(
        "POST /v3/brands",
        "several faults of the nested form",
        BRANDS_,
        400,
        "VALIDATION_001",
        {"brand": {"contact": {"name": 1}, "compliance": {"vertical": "PETS", "brandRelationship": "SMALL_ACCOUNT"}}},
        details="brand.compliance.vertical",
    ),
    Row("POST /v3/brands", "a bad key", BRANDS_, 400, "VALIDATION_007", {}, headers=BAD_KEY),
    Row(
        "POST /v3/brands", "a second one", BRANDS_, 409, "RESOURCE_007", lambda world: world.brand() and samples.brand()
    ),
    Row(
        "POST /v3/brands",
        "by an heir",
        BRANDS_,
        400,
        "VALIDATION_001",
        samples.brand(),
        details="brand",
        caller=lambda world: world.heir.http,
    ),
    Row("PUT /v3/brands/{brandId}", "documented example", BRAND, 200, body=example("PUT /v3/brands/{brandId}")),
    Row("PUT /v3/brands/{brandId}", "the nested form", BRAND, 200, body=lambda _: {"brand": samples.nested_brand()}),
    Row("PUT /v3/brands/{brandId}", "nothing", BRAND, 400, "VALIDATION_001", {}, details="brand"),
    Row("PUT /v3/brands/{brandId}", "a malformed id", "/v3/brands/{malformed}", 400, "VALIDATION_001", samples.brand()),
    Row("PUT /v3/brands/{brandId}", "no such entity", BRAND, 400, "VALIDATION_006", samples.brand(entityType="CLUB")),
    Row("PUT /v3/brands/{brandId}", "a bad key", BRAND, 400, "VALIDATION_007", {}, headers=BAD_KEY),
    Row("PUT /v3/brands/{brandId}", "unknown", "/v3/brands/{unknown}", 404, "RESOURCE_009", samples.brand()),
    Row(
        "PUT /v3/brands/{brandId}",
        "by an heir",
        BRAND,
        400,
        "VALIDATION_001",
        samples.brand(),
        caller=lambda world: world.heir.http,
    ),
    Row("DELETE /v3/brands/{brandId}", "documented example", BRAND, 204, body={"sandbox": False}),
    Row("DELETE /v3/brands/{brandId}", "a malformed id", "/v3/brands/{malformed}", 400, "VALIDATION_001", {}),
    Row("DELETE /v3/brands/{brandId}", "a bad key", BRAND, 400, "VALIDATION_007", {}, headers=BAD_KEY),
    Row("DELETE /v3/brands/{brandId}", "unknown", "/v3/brands/{unknown}", 404, "RESOURCE_009", {}),
    Row("GET /v3/brands/{brandId}/campaigns", "campaigns", OF_BRAND, 200),
    Row(
        "GET /v3/brands/{brandId}/campaigns",
        "inherited",
        OF_BRAND,
        200,
        caller=lambda world: world.heir.http,
    ),
    Row(
        "GET /v3/brands/{brandId}/campaigns",
        "a malformed id",
        "/v3/brands/{malformed}/campaigns",
        400,
        "VALIDATION_001",
    ),
    Row("GET /v3/brands/{brandId}/campaigns", "unknown", "/v3/brands/{unknown}/campaigns", 404, "RESOURCE_009"),
    *_create_rows("POST /v3/brands/{brandId}/campaigns", OF_BRAND),
    Row(
        "POST /v3/brands/{brandId}/campaigns",
        "unknown",
        "/v3/brands/{unknown}/campaigns",
        404,
        "RESOURCE_009",
        samples.campaign(),
    ),
    *_update_rows("PUT /v3/brands/{brandId}/campaigns/{campaignId}", ONE_OF_BRAND),
    Row(
        "PUT /v3/brands/{brandId}/campaigns/{campaignId}",
        "unknown brand",
        "/v3/brands/{unknown}/campaigns/{brand_campaign}",
        404,
        "RESOURCE_009",
        samples.campaign(),
    ),
    Row(
        "PUT /v3/brands/{brandId}/campaigns/{campaignId}",
        "unknown campaign",
        "/v3/brands/{brand}/campaigns/{unknown}",
        404,
        "RESOURCE_010",
        samples.campaign(),
    ),
    *_delete_rows("DELETE /v3/brands/{brandId}/campaigns/{campaignId}", ONE_OF_BRAND),
    Row(
        "DELETE /v3/brands/{brandId}/campaigns/{campaignId}",
        "a malformed id",
        "/v3/brands/{brand}/campaigns/{malformed}",
        400,
        "VALIDATION_001",
        {},
    ),
    Row(
        "DELETE /v3/brands/{brandId}/campaigns/{campaignId}",
        "unknown brand",
        "/v3/brands/{unknown}/campaigns/{unknown}",
        404,
        "RESOURCE_009",
        {},
    ),
    Row(
        "DELETE /v3/brands/{brandId}/campaigns/{campaignId}",
        "unknown campaign",
        "/v3/brands/{brand}/campaigns/{unknown}",
        404,
        "RESOURCE_010",
        {},
    ),
]

_LIST = "GET /v3/profiles/{profileId}/campaigns"
_CREATE = "POST /v3/profiles/{profileId}/campaigns"
_UPDATE = "PUT /v3/profiles/{profileId}/campaigns/{campaignId}"
_DELETE = "DELETE /v3/profiles/{profileId}/campaigns/{campaignId}"
_OF_UNKNOWN = "/v3/profiles/{unknown}/campaigns"
_OF_BRANDLESS = "/v3/profiles/{profile_without_brand}/campaigns"
CAMPAIGNS = [
    Row(_LIST, "campaigns", OF_PROFILE, 200),
    Row(_LIST, "inherited", OF_HEIR, 200, body=lambda world: world.brand() and None),
    Row(
        _LIST, "a malformed id", "/v3/profiles/{malformed}/campaigns", 400, "VALIDATION_003", says="Invalid GUID format"
    ),
    Row(_LIST, "a query that is no text", f"{OF_PROFILE}?x=%FF", 400, "VALIDATION_001"),
    Row(_LIST, "no brand", _OF_BRANDLESS, 404, "RESOURCE_009", says="Brand not found for this profile"),
    Row(_LIST, "unknown profile", _OF_UNKNOWN, 404, "RESOURCE_014", says="Profile not found"),
    *_create_rows(_CREATE, OF_PROFILE),
    Row(_CREATE, "inherited", OF_HEIR, 400, "VALIDATION_001", samples.campaign(), NO_OWN),
    Row(_CREATE, "no brand", _OF_BRANDLESS, 404, "RESOURCE_009", samples.campaign()),
    Row(_CREATE, "unknown profile", _OF_UNKNOWN, 404, "RESOURCE_014", samples.campaign()),
    *_update_rows(_UPDATE, ONE),
    Row(_UPDATE, "inherited", f"{OF_HEIR}/{{unknown}}", 400, "VALIDATION_001", samples.campaign(), READ_ONLY),
    Row(_UPDATE, "no brand", f"{_OF_BRANDLESS}/{{unknown}}", 404, "RESOURCE_009", samples.campaign()),
    Row(
        _UPDATE,
        "unknown campaign",
        f"{OF_PROFILE}/{{unknown}}",
        404,
        "RESOURCE_010",
        samples.campaign(),
        "Campaign not found for this profile",
    ),
    Row(_UPDATE, "unknown profile", f"{_OF_UNKNOWN}/{{unknown}}", 404, "RESOURCE_014", samples.campaign()),
    *_delete_rows(_DELETE, ONE),
    Row(
        _DELETE,
        "a malformed id",
        f"{OF_PROFILE}/{{malformed}}",
        400,
        "VALIDATION_001",
        {},
        "Invalid profile or campaign ID format",
    ),
    Row(_DELETE, "inherited", f"{OF_HEIR}/{{unknown}}", 400, "VALIDATION_001", {}, READ_ONLY),
    Row(_DELETE, "no brand", f"{_OF_BRANDLESS}/{{unknown}}", 404, "RESOURCE_009", {}),
    Row(_DELETE, "unknown campaign", f"{OF_PROFILE}/{{unknown}}", 404, "RESOURCE_010", {}),
    Row(_DELETE, "unknown profile", f"{_OF_UNKNOWN}/{{unknown}}", 404, "RESOURCE_014", {}),
]
