"""Names: look-ups that hang stop nobody else, and every address is checked."""

import asyncio
import time

import pytest

from egress.calling import post, with_client
from harness.hostile import NameServer
from harness.receiver import Receiver
from sent_server.egress import Egress, EgressResponse, NameServerError, RequestFailed, RequestRefused, Result


def test_hundreds_of_look_ups_that_hang_do_not_delay_another(receiver: Receiver) -> None:
    async def act(client: Egress) -> tuple[Result, int]:
        hanging = [
            asyncio.create_task(client.post(f"http://h{number}.hang.test/", b"{}", {}, timeout_seconds=40))
            for number in range(500)
        ]
        await asyncio.sleep(0.3)
        healthy = await client.post(f"http://well.test:{receiver.port}/", b"{}", {}, timeout_seconds=20)
        ended = sum(one.done() for one in hanging)
        for one in hanging:
            one.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
        return healthy, ended

    with NameServer() as names:
        healthy, ended = with_client(act, name_servers=[names.address])
    assert healthy == EgressResponse(200, "ok")
    assert ended == 0, "it did not wait for one of the others to fail"


def test_a_name_that_hangs_fails_at_the_deadline() -> None:
    with NameServer() as names:
        started_s = time.monotonic()
        result = post("http://hang.test/", timeout_seconds=0.5, name_servers=[names.address])
    assert result == RequestFailed("No answer within 0.5 seconds")
    assert 0.5 <= time.monotonic() - started_s < 20


def test_calls_to_one_name_share_a_look_up_and_its_answer(receiver: Receiver) -> None:
    async def act(client: Egress) -> list[Result]:
        url = f"http://shared.test:{receiver.port}/"
        results = await asyncio.gather(*(client.post(url, b"{}", {}, timeout_seconds=5) for _ in range(20)))
        return [*results, await client.post(url, b"{}", {}, timeout_seconds=5, tenant="another")]

    with NameServer() as names:
        assert with_client(act, name_servers=[names.address]) == [EgressResponse(200, "ok")] * 21
        assert names.asked["shared.test"] == 1


def test_a_caller_that_gives_up_does_not_take_the_answer_from_the_others(receiver: Receiver) -> None:
    async def act(client: Egress) -> Result:
        url = f"http://shared.test:{receiver.port}/"
        impatient = asyncio.create_task(client.post(url, b"{}", {}, timeout_seconds=30))
        patient = asyncio.create_task(client.post(url, b"{}", {}, timeout_seconds=30))
        await asyncio.sleep(0)
        impatient.cancel()
        return await patient

    with NameServer() as names:
        assert with_client(act, name_servers=[names.address]) == EgressResponse(200, "ok")


@pytest.mark.parametrize("leads_to", ["10.0.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"])
def test_a_name_that_leads_to_a_private_address_is_refused(receiver: Receiver, leads_to: str) -> None:
    with NameServer() as names:
        names.leads_to = leads_to
        assert isinstance(post(f"http://inside.test:{receiver.port}/", name_servers=[names.address]), RequestRefused)
    assert receiver.deliveries == []


def test_a_name_that_leads_to_loopback_is_refused_while_loopback_is_closed(receiver: Receiver) -> None:
    with NameServer() as names:
        url = f"http://rebound.test:{receiver.port}/"
        assert isinstance(post(url, allow_loopback=False, name_servers=[names.address]), RequestRefused)
        assert isinstance(post(url, forbid=receiver.port, name_servers=[names.address]), RequestRefused)
    assert receiver.deliveries == []


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost.", "anything.localhost"])
def test_localhost_is_this_machine_and_no_name_server_is_asked(receiver: Receiver, host: str) -> None:
    with NameServer() as names:
        names.leads_to = "10.0.0.1"
        assert post(f"http://{host}:{receiver.port}/", name_servers=[names.address]) == EgressResponse(200, "ok")
        assert not names.asked


def test_answers_of_name_servers_do_not_pile_up() -> None:
    """What c-ares keeps is dropped now and then, while new look-ups go on."""

    async def act(client: Egress) -> set[str]:
        resolver = client._resolver
        kinds: set[str] = set()
        for start in range(0, 2_500, 500):
            found = await asyncio.gather(
                *(resolver.addresses(f"n{number}.test") for number in range(start, start + 500))
            )
            kinds.update(*found)
        assert len(resolver._kept) <= 4_096
        return kinds

    with NameServer() as names:
        assert with_client(act, name_servers=[names.address]) == {"127.0.0.1"}


def test_name_servers_that_are_no_addresses_are_refused() -> None:
    with pytest.raises(NameServerError, match="dns"):
        Egress(allow_loopback=True, name_servers=["dns.example"])
