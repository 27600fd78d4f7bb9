"""How many profiles an organization may have, and that no tenant uses up what all of them share."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from harness import database
from harness.client import Client, Response
from harness.server import Account, OwnServer, Server
from sent_server.connections import service as connections
from sent_server.db import open_database

WABA = {"waba_id": "123", "access_token": "EAAB"}


def create(http: Client, **values: Any) -> Response:
    return http.post("/v3/profiles", {"name": "One of many", "billing_model": "organization", **values})


def limit(server: Server, account: Account, number: int) -> None:
    server.ask("accounts set-quota", customer_id=account.customer_id, name="profiles", number=number)


def is_full(answer: Response) -> bool:
    return (answer.status, answer.code) == (422, "BUSINESS_008")


def test_an_organization_may_have_a_hundred_profiles(fresh_account: Account) -> None:
    assert fresh_account.http.get("/v3/me").data["limits"]["quotas"]["profiles"] == 100


def test_beyond_the_quota_there_is_no_profile_and_a_deletion_makes_room(server: Server, fresh_account: Account) -> None:
    http = fresh_account.http
    limit(server, fresh_account, 2)
    assert http.get("/v3/me").data["limits"]["quotas"]["profiles"] == 2
    first = create(http).data["id"]
    assert create(http).status == 201
    for values in ({}, {"whatsapp_business_account": WABA}, {"sandbox": True}):
        assert is_full(create(http, **values))
    assert len(http.get("/v3/profiles").data["profiles"]) == 2
    assert http.delete(f"/v3/profiles/{first}", {}).status == 204
    assert create(http).status == 201
    assert is_full(create(http))


def test_profiles_of_one_moment_do_not_pass_the_quota(server: Server, fresh_account: Account) -> None:
    limit(server, fresh_account, 3)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(create, fresh_account.http) for _ in range(16)]
    answers = [one.result() for one in asked]
    assert sorted(answer.status for answer in answers) == [201] * 3 + [422] * 13
    assert len(fresh_account.http.get("/v3/profiles").data["profiles"]) == 3


def test_a_tenant_that_takes_numbers_leaves_enough_for_everybody(own_server: OwnServer) -> None:
    """All 9,000 numbers of the well-known exchange are gone; accounts and profiles are made all the same."""
    first = own_server()
    first.stop()
    _take_every_known_number(first)
    running = own_server(home=first.home, database_url=first.database_url)
    made = create(running.http, whatsapp_business_account=WABA)
    assert made.status == 201, made.body
    newcomer = running.ask("accounts create", name="Newcomer")
    numbers = set(newcomer["sender_numbers"].values()) | {_number(running, made.data["id"])}
    assert len(numbers) == 2
    assert not any(number.startswith("+1500555") for number in numbers)


def test_a_number_of_a_deleted_profile_is_free_again(server: Server, fresh_account: Account) -> None:
    made = create(fresh_account.http, whatsapp_business_account=WABA).data["id"]
    number = _number(server, made)
    assert _is_taken(server, number)
    fresh_account.http.delete(f"/v3/profiles/{made}", {})
    assert not _is_taken(server, number)


def test_demo_and_operators_accounts_keep_well_known_numbers(server: Server) -> None:
    assert {number[:8] for number in server.sender_numbers.values()} == {"+1500555"}


def _is_taken(server: Server, number: str) -> bool:
    async def ask() -> bool:
        database = await open_database(server.database_url, connections=1)
        try:
            return await database.read(lambda tx: connections.sender_taken(tx, "simulator", number))
        finally:
            await database.close()

    return asyncio.run(ask())


def _number(server: Server, customer_id: str) -> str:
    sql = f"SELECT sender FROM channels WHERE customer_id = '{customer_id}' AND channel = 'whatsapp'"
    return str(database.rows(server.database_url, sql)[0][0])


def _take_every_known_number(server: Server) -> None:
    columns = "customer_id, channel, carrier, sender, created_at_ms"
    parent = f"SELECT * FROM customers WHERE id = '{server.customer_id}'"
    assert database.rows(server.database_url, parent)
    for first in range(1_000, 10_000, 3_000):
        rows = ", ".join(
            f"('{_filler(number)}', 'whatsapp', 'simulator', '+1500555{number}', 1)"
            for number in range(first, first + 3_000)
        )
        made = ", ".join(
            f"('{_filler(number)}', 'organization', '{_filler(number)}', 'Filler', 'ACTIVE', 'growth', 'x', 1)"
            for number in range(first, first + 3_000)
        )
        customers = "id, kind, organization_id, name, status, tier, callback_secret_sealed, created_at_ms"
        database.change(server.database_url, f"INSERT INTO customers ({customers}) VALUES {made}")
        database.change(server.database_url, f"INSERT INTO channels ({columns}) VALUES {rows}")


def _filler(number: int) -> str:
    return f"00000000-0000-7000-8000-00000000{number}"
