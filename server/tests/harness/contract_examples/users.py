"""Rows of the user operations, and of the answers to an invitation."""

from typing import Any

from harness import samples
from harness.contract_examples.examples import BAD_KEY, example
from harness.rows import Row, World

BAD_ID = "Invalid user ID format."
BAD_ROLE = "Role must be one of: admin, billing, developer"
NO_TOKEN = "This invitation is not known; it may have been withdrawn"
ANSWERED = "This invitation has been answered already"
FIELDS = {
    "id", "customer_id", "email", "name", "role", "status", "invited_at", "last_login_at", "created_at", "updated_at",
}  # fmt: skip


def _invite(**fields: Any) -> dict[str, Any]:
    return {**samples.user(), **fields}


def _example(world: World) -> Any:
    """The documented body; whoever it names is gone before."""
    body = example("POST /v3/users")
    for user in world.http.get("/v3/users").data["users"]:
        if user["email"] == body["email"]:
            world.http.delete(f"/v3/users/{user['id']}", {})
    return body


def _answered(world: World, answer: str) -> dict[str, str]:
    token = world.invitation()
    world.server.anonymous().post(f"/v3/users/invitations/{answer}", {"token": token})
    return {"token": token}


USERS = [
    Row("GET /v3/users", "page 0", "/v3/users?page=0", 400, "VALIDATION_005", says="Page must be greater than 0"),
    Row("GET /v3/users", "size 101", "/v3/users?page_size=101", 400, "VALIDATION_001", details="page_size"),
    Row("GET /v3/users", "no cursor", "/v3/users?after=nonsense", 400, "VALIDATION_001", details="after"),
    Row(
        "GET /v3/users",
        "the demo account's owner",
        "/v3/users",
        200,
        check=lambda data: (
            set(data["users"][0]) == FIELDS
            and (data["users"][0]["role"], data["users"][0]["status"]) == ("admin", "active")
        ),
    ),
    Row(
        "POST /v3/users",
        "documented example",
        "/v3/users",
        201,
        body=_example,
        check=lambda data: (
            set(data) == FIELDS
            and (data["email"], data["name"]) == ("newuser@example.com", "New User")
            and (data["role"], data["status"], data["last_login_at"]) == ("developer", "invited", None)
            and data["invited_at"] is not None
        ),
    ),
    Row(
        "POST /v3/users",
        "two documented faults at once",
        "/v3/users",
        400,
        "VALIDATION_001",
        {"email": "nobody", "name": "X", "role": "boss"},
        "Request validation failed",
        details="email",
    ),
    Row("POST /v3/users", "an owner", "/v3/users", 400, "VALIDATION_001", _invite(role="owner"), details="role"),
    Row("POST /v3/users", "nothing", "/v3/users", 400, "VALIDATION_001", {}, details="name"),
    Row("POST /v3/users", "a bad key", "/v3/users", 400, "VALIDATION_007", _invite(), headers=BAD_KEY),
    Row(
        "POST /v3/users",
        "somebody who is here",
        "/v3/users",
        409,
        "RESOURCE_007",
        lambda world: _invite(email=world.user()["email"].upper()),
        "User already exists in this organization",
    ),
    Row("GET /v3/users/{userId}", "a user", "/v3/users/{user}", 200, check=lambda data: set(data) == FIELDS),
    Row("GET /v3/users/{userId}", "malformed", "/v3/users/{malformed}", 400, "VALIDATION_001", says=BAD_ID),
    Row("GET /v3/users/{userId}", "unknown", "/v3/users/{unknown}", 404, "RESOURCE_006", says="User not found"),
    Row(
        "PATCH /v3/users/{userId}",
        "documented example",
        "/v3/users/{user}",
        200,
        body=example("PATCH /v3/users/{userId}"),
        check=lambda data: (data["role"], data["status"]) == ("billing", "invited"),
    ),
    Row(
        "PATCH /v3/users/{userId}",
        "a role unheard of",
        "/v3/users/{user}",
        400,
        "VALIDATION_001",
        {"role": "Admin"},
        "Request validation failed",
        details="role",
    ),
    Row("PATCH /v3/users/{userId}", "no role", "/v3/users/{user}", 400, "VALIDATION_001", {}, details="role"),
    Row(
        "PATCH /v3/users/{userId}",
        "one's own role",
        "/v3/users/{owner}",
        400,
        "VALIDATION_001",
        {"role": "developer"},
        "You cannot change your own role",
    ),
    Row(
        "PATCH /v3/users/{userId}",
        "malformed",
        "/v3/users/{malformed}",
        400,
        "VALIDATION_001",
        {"role": "admin"},
        BAD_ID,
    ),
    Row(
        "PATCH /v3/users/{userId}",
        "a bad key",
        "/v3/users/{user}",
        400,
        "VALIDATION_007",
        {"role": "admin"},
        headers=BAD_KEY,
    ),
    Row("PATCH /v3/users/{userId}", "unknown", "/v3/users/{unknown}", 404, "RESOURCE_006", {"role": "admin"}),
    Row("DELETE /v3/users/{userId}", "documented example", "/v3/users/{user}", 204, body={"sandbox": False}),
    Row("DELETE /v3/users/{userId}", "without a body", "/v3/users/{user}", 204),
    Row(
        "DELETE /v3/users/{userId}",
        "oneself",
        "/v3/users/{owner}",
        400,
        "VALIDATION_001",
        says="You cannot remove yourself from the organization",
    ),
    Row("DELETE /v3/users/{userId}", "malformed", "/v3/users/{malformed}", 400, "VALIDATION_001", says=BAD_ID),
    Row("DELETE /v3/users/{userId}", "a bad key", "/v3/users/{user}", 400, "VALIDATION_007", headers=BAD_KEY),
    Row("DELETE /v3/users/{userId}", "unknown", "/v3/users/{unknown}", 404, "RESOURCE_006"),
]
for _answer, _status, _other in (("accept", "active", "reject"), ("reject", "rejected", "accept")):
    _path = f"/v3/users/invitations/{_answer}"
    _operation = f"POST {_path}"
    USERS += [
        Row(
            _operation,
            "an invitation",
            _path,
            200,
            body=lambda world: {"token": world.invitation()},
            caller=lambda world: world.server.anonymous(),
            check=lambda data, status=_status: set(data) == FIELDS and data["status"] == status,
        ),
        Row(
            _operation,
            "the token by its other name",
            _path,
            200,
            body=lambda world: {"invitationToken": world.invitation()},
            caller=lambda world: world.server.anonymous(),
        ),
        Row(
            _operation,
            "a token that is none",
            _path,
            400,
            "VALIDATION_001",
            {"token": "x"},
            NO_TOKEN,
            details="token",
            caller=lambda world: world.server.anonymous(),
        ),
        Row(
            _operation,
            "answered otherwise",
            _path,
            400,
            "VALIDATION_001",
            lambda world, other=_other: _answered(world, other),
            ANSWERED,
            details="token",
            caller=lambda world: world.server.anonymous(),
        ),
        Row(
            _operation,
            "no token",
            _path,
            400,
            "VALIDATION_001",
            {},
            details="token",
            caller=lambda world: world.server.anonymous(),
        ),
    ]
