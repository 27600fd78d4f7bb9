"""Rows of the lists of messages: all, by conversation, and the summary of a contact."""

from harness.rows import Row

LISTS = ("GET /v3/messages", "GET /v3/conversations")
ONE = "GET /v3/conversations/{id}"
SUMMARY = "GET /v3/contacts/{contactId}/message-summary"

CONVERSATIONS = [
    *(
        row
        for operation in LISTS
        for path in [operation.partition(" ")[2]]
        for row in (
            Row(
                operation,
                "a page",
                f"{path}?page=1&page_size=2",
                200,
                check=lambda data: (
                    data["pagination"]["page_size"] == 2 and all(row["events"] is None for row in data["messages"])
                ),
            ),
            Row(operation, "no page", f"{path}?page=0", 400, "VALIDATION_005", says="Page must be greater than 0"),
            Row(operation, "a page too large", f"{path}?page_size=101", 400, "VALIDATION_001", details="page_size"),
        )
    ),
    Row("GET /v3/messages", "an unknown status", "/v3/messages?status=SOON", 400, "VALIDATION_006", details="status"),
    Row(
        ONE,
        "nothing said yet",
        "/v3/conversations/{contact}",
        200,
        check=lambda data: data["messages"] == [] and not data["pagination"]["has_more"],
    ),
    Row(ONE, "no page", "/v3/conversations/{contact}?page=0", 400, "VALIDATION_005"),
    Row(
        ONE,
        "a malformed id",
        "/v3/conversations/{malformed}",
        400,
        "VALIDATION_001",
        says="Invalid conversation ID format.",
    ),
    Row(ONE, "unknown", "/v3/conversations/{unknown}", 404, "RESOURCE_001", says="Contact not found"),
    Row(
        SUMMARY,
        "nothing said yet",
        "/v3/contacts/{contact}/message-summary",
        200,
        check=lambda data: (data["message_count"], data["first_message_at"], data["channel_scores"]) == (0, None, []),
    ),
    Row(
        SUMMARY,
        "a malformed id",
        "/v3/contacts/{malformed}/message-summary",
        400,
        "VALIDATION_001",
        says="Invalid contact ID format.",
    ),
    Row(SUMMARY, "unknown", "/v3/contacts/{unknown}/message-summary", 404, "RESOURCE_001", says="Contact not found"),
]
