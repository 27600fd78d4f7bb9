"""Rows of the two look-ups."""

from harness.rows import Row

PATHS = {
    "GET /v3/numbers/lookup/{phoneNumber}": "/v3/numbers/lookup/",
    "GET /v3/lookup/number/{phone}": "/v3/lookup/number/",
}
NUMBERS = [
    row
    for operation, path in PATHS.items()
    for row in (
        Row(operation, "documented example", f"{path}+12025551234", 200, check=lambda d: d["country_code"] == "US"),
        Row(operation, "the documents' number", f"{path}+1234567890", 200, check=lambda d: d["is_valid"] is False),
        Row(operation, "blank", f"{path}%20", 400, "VALIDATION_001", says="Phone number is required"),
        Row(operation, "nothing", path, 400, "VALIDATION_001", says="Phone number is required"),
        Row(operation, "no number", f"{path}abc", 400, "VALIDATION_002"),
        Row(operation, "an encoded slash at the end", f"{path}+12025551234%2F", 400, "VALIDATION_002"),
        Row(operation, "no country code", f"{path}(202)%20555-1234", 400, "VALIDATION_002"),
        Row(operation, "a short code", f"{path}+40404", 400, "VALIDATION_002"),
        Row(operation, "no country", f"{path}+999123456789", 404, "RESOURCE_013"),
        Row(operation, "a number nobody has", f"{path}+14155550103", 404, "RESOURCE_013"),
    )
]
