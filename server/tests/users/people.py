"""Makes users the way that people do: invited, then accepted."""

from typing import Any

from harness import samples
from harness.client import Client
from harness.server import Account, Server


def tokens(server: Server, customer_id: str) -> dict[str, str]:
    """Address to token, of every invitation without an answer."""
    listed = server.ask("users invitations", customer_id=customer_id)
    return {item["email"]: item["link"].rpartition("/")[2] for item in listed}


def invite(account: Account, **fields: str) -> dict[str, Any]:
    answer = account.http.post("/v3/users", {**samples.user(), **fields})
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.data
    return made


def accept(server: Server, account: Account, user: dict[str, Any]) -> dict[str, Any]:
    token = tokens(server, account.customer_id)[user["email"]]
    answer = server.anonymous().post("/v3/users/invitations/accept", {"token": token})
    assert answer.status == 200, answer.body
    accepted: dict[str, Any] = answer.data
    return accepted


def active(server: Server, account: Account, role: str = "developer") -> dict[str, Any]:
    return accept(server, account, invite(account, role=role))


def key_of(server: Server, account: Account, user: dict[str, Any]) -> Client:
    made = server.ask("keys create", customer_id=account.customer_id, user_id=user["id"])
    return server.client(made["api_key"])


def statuses(account: Account) -> dict[str, tuple[str, str]]:
    """Address to (role, status)."""
    listed = account.http.get("/v3/users").data["users"]
    return {user["email"]: (user["role"], user["status"]) for user in listed}
