"""Who may move the clock: it belongs to the installation, so a tenant moves it only where nobody else lives."""

import asyncio
import time
from typing import Any

import pytest

from harness import samples
from harness import server as servers
from harness.backends import Backend
from harness.client import Client, Response
from harness.server import OwnServer, Server
from sent_server.accounts import service as accounts
from sent_server.db import Tx, open_database
from sent_server.kernel.sealing import Sealer

HOUR_MS = 3_600_000
CLOCK = "/sim/clock"


def advance(http: Client, **options: Any) -> Response:
    return http.post(CLOCK, {"advance_ms": HOUR_MS}, **options)


def offset_ms(http: Client) -> int:
    return http.get(CLOCK).data["offset_ms"]


def is_refused(answer: Response) -> bool:
    return (answer.status, answer.code) == (403, "AUTH_004") and "sent sim clock advance" in answer.error["message"]


@pytest.fixture
def alone(own_server: OwnServer) -> Server:
    """A server whose database holds a single organization."""
    return own_server()


def test_every_admin_key_of_a_single_organization_moves_the_clock(alone: Server) -> None:
    profile = alone.create_profile(alone.customer_id)
    scoped = alone.client(**{"x-profile-id": profile.customer_id})
    for number, http in enumerate((alone.http, profile.http, scoped), 1):
        assert advance(http).data["offset_ms"] == number * HOUR_MS


def test_a_sandbox_request_leaves_the_clock(alone: Server) -> None:
    answer = alone.http.post(CLOCK, {"advance_ms": HOUR_MS, "sandbox": True})
    assert (answer.status, answer.headers["x-sandbox"]) == (200, "true")
    assert offset_ms(alone.http) == 0


def test_with_a_second_organization_no_tenant_moves_the_clock(alone: Server) -> None:
    other = alone.create_account("Second")
    profile = alone.create_profile(other.customer_id)
    scoped = other.http.acting_as(other.api_key, **{"x-profile-id": profile.customer_id})
    for http in (alone.http, other.http, profile.http, scoped):
        assert is_refused(advance(http))
        assert is_refused(http.post(CLOCK, {"advance_ms": HOUR_MS, "sandbox": True}))
        assert offset_ms(http) == 0


def test_a_refusal_is_not_kept_under_its_key(own_server: OwnServer) -> None:
    """It says who may do this now, which changes; another request with the key is judged again."""
    running = own_server()
    running.create_account("Second")
    key = samples.key()
    for _ in range(2):
        answer = advance(running.http, idempotency_key=key)
        assert is_refused(answer)
        assert "idempotent-replayed" not in answer.headers


def test_an_operator_moves_it_for_everybody(alone: Server) -> None:
    other = alone.create_account("Second")
    moved = alone.operate("sim", "clock", "advance", "2h")
    assert moved["offset_ms"] == 2 * HOUR_MS
    assert offset_ms(other.http) == offset_ms(alone.http) == 2 * HOUR_MS
    assert alone.operate("sim", "clock", "show")["offset_ms"] == 2 * HOUR_MS


def test_an_operator_moves_it_without_a_server(backend: Backend) -> None:
    home, url = backend.new_home(), backend.new_url()
    for command in ("advance", "show"):
        words = ["sim", "clock", command, *(["90s"] if command == "advance" else []), "--database", url]
        assert servers.operate(home, *words)["offset_ms"] == 90_000


@pytest.mark.parametrize("step", ["0s", "-1h", "1", "h", "1e3s", "1.5h", "367d", "1 h", "\u0661h", ""])
def test_an_odd_step_is_refused(server: Server, step: str) -> None:
    before = offset_ms(server.http)
    with pytest.raises(Exception, match="is not a duration"):
        server.ask("sim clock advance", by=step)
    assert offset_ms(server.http) == before


def test_the_clock_waits_for_an_organization_that_is_just_being_made(alone: Server) -> None:
    """The look at the organizations and the move are one step: two of them never share a moved clock."""
    if alone.backend == "sqlite":
        pytest.skip("SQLite has one writer, so nobody else is between two statements")

    async def race() -> Response:
        database = await open_database(alone.database_url, connections=1)
        made = asyncio.Event()

        async def slowly(tx: Tx) -> None:
            await accounts.create_account(tx, name="Second", sealer=Sealer(bytes(32)), now_ms=time.time_ns() // 10**6)
            made.set()
            await asyncio.sleep(0.5)

        creating = asyncio.create_task(database.write(slowly))
        await made.wait()
        answer = await asyncio.to_thread(advance, alone.http)
        await creating
        await database.close()
        return answer

    assert is_refused(asyncio.run(race()))
    assert offset_ms(alone.http) == 0


def test_what_else_the_simulation_does_stays_with_its_tenant(server: Server) -> None:
    one, other = server.create_account(), server.create_account()
    phone = "+14155552290"
    dial = {"faults": [{"channel": "sms", "kind": "rejected", "probability": 1}]}
    for account in (one, other):
        account.http.put(f"/sim/phones/{phone}", {"rcs": True})
        account.http.post(f"/sim/phones/{phone}/messages", {"channel": "sms", "text": "hello"})
        account.http.put("/sim/faults", dial)
    reset = one.http.post("/sim/reset", {})
    assert reset.data["faults"] == 1
    assert one.http.get("/sim/phones").data["phones"] == []
    assert one.http.get("/sim/faults").data == {"faults": []}
    assert other.http.get("/sim/faults").data["faults"][0]["kind"] == "rejected"
    (kept,) = other.http.get("/sim/phones").data["phones"]
    assert (kept["phone"], kept["capabilities"]["rcs"]) == (phone, True)
