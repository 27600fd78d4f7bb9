"""An operator's rate card: what it charges, active contacts above all, and what a bad one does to the start."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness import samples
from harness import server as servers
from harness.backends import Backend
from harness.client import Client, Response
from harness.messages import wait_for_end
from harness.server import Server, ServerStartError
from harness.waiting import equal_to, wait_for

CARD = {
    "name": "tests",
    "active_contact_price": "0.25",
    "channels": {"sms": {"default": {"default": "0.01"}}, "whatsapp": {"default": {"default": "0.02"}}},
}
SMS, WHATSAPP, ACTIVE = 10_000, 20_000, 250_000


@pytest.fixture(scope="module")
def charging(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose card charges for active contacts."""
    file = tmp_path_factory.mktemp("card") / "card.json"
    file.write_text(json.dumps(CARD))
    home = backend.new_home()
    running = servers.start(home, backend.name, database_url=backend.url_for(home), env={"SENT_RATE_CARD": str(file)})
    yield running
    running.stop()


@pytest.fixture
def account(charging: Server) -> Client:
    return charging.create_account().http


def template(http: Client) -> str:
    return str(http.post("/v3/templates", samples.template()).data["id"])


def approved_template(http: Client) -> str:
    made = http.post("/v3/templates", samples.template(submit_for_review=True)).data
    wait_for(lambda: http.get(f"/v3/templates/{made['id']}").data["status"], 20, until=equal_to("APPROVED"))
    return str(made["id"])


def send(http: Client, template_id: str, *phones: str, channels: Sequence[str] = ("sms",)) -> Response:
    return http.post("/v3/messages", {"to": list(phones), "template": {"id": template_id}, "channel": list(channels)})


def available(http: Client) -> int:
    return round(http.get("/v3/me").data["balance"]["available"] * 1_000_000)


def spent(http: Client, before: int) -> int:
    """Micros since then, once nothing is held any more."""
    wait_for(lambda: http.get("/v3/me").data["balance"]["held"], 20, until=equal_to(0), what="all holds to be settled")
    return before - available(http)


def test_the_first_message_of_a_month_to_a_contact_costs_more(account: Client) -> None:
    template_id, before, phone = template(account), available(account), samples.phone()
    first, second = (wait_for_end(account, send(account, template_id, phone))[0] for _ in range(2))
    assert (first["price"], first["active_contact_price"]) == (0.01, 0.25)
    assert (second["price"], second["active_contact_price"]) == (0.01, 0)
    activities = account.get(f"/v3/messages/{first['id']}/activities").data["activities"]
    assert (activities[0]["price"], activities[0]["active_contact_price"]) == ("0.0100", "0.2500")
    assert spent(account, before) == 2 * SMS + ACTIVE


def test_each_contact_of_a_request_is_charged_once_whatever_the_channels(account: Client) -> None:
    template_id, before = approved_template(account), available(account)
    phones = [samples.phone() for _ in range(3)]
    for _ in range(2):
        wait_for_end(account, send(account, template_id, *phones, channels=("sms", "whatsapp")))
    assert spent(account, before) == 2 * 3 * (SMS + WHATSAPP) + 3 * ACTIVE


def test_requests_at_the_same_moment_charge_a_new_contact_once(account: Client) -> None:
    template_id, before, phone = template(account), available(account), samples.phone()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(account, template_id, phone), range(16)))
    assert {answer.status for answer in answers} == {202}
    prices = sorted(wait_for_end(account, answer)[0]["active_contact_price"] for answer in answers)
    assert prices == [0] * 15 + [0.25]
    assert spent(account, before) == 16 * SMS + ACTIVE


def test_a_message_that_nobody_took_makes_no_contact_active(account: Client) -> None:
    template_id, before, phone = template(account), available(account), samples.magic_phone("04")
    for _ in range(2):
        assert wait_for_end(account, send(account, template_id, phone))[0]["status"] == "FAILED"
        assert spent(account, before) == 0


def test_a_balance_that_does_not_cover_the_contact_refuses_the_message(charging: Server) -> None:
    account = charging.create_account(balance="0.27").http
    template_id, known = template(account), samples.phone()
    wait_for_end(account, send(account, template_id, known))
    answer = send(account, template_id, samples.phone())
    assert (answer.status, answer.code) == (402, "BUSINESS_003")
    assert send(account, template_id, known).status == 202
    assert spent(account, 270_000) == 2 * SMS + ACTIVE


def test_accounts_pay_for_their_own_contacts(charging: Server) -> None:
    phone = samples.phone()
    for http in (charging.create_account().http, charging.create_account().http):
        before = available(http)
        wait_for_end(http, send(http, template(http), phone))
        assert spent(http, before) == SMS + ACTIVE


def test_a_new_month_charges_the_contact_again(charging: Server, account: Client) -> None:
    """Last in this file: it moves the clock of the server that the others share."""
    template_id, before, phone = template(account), available(account), samples.phone()
    wait_for_end(account, send(account, template_id, phone))
    charging.ask("sim clock advance", by="31d")
    for _ in range(2):
        wait_for_end(account, send(account, template_id, phone))
    assert spent(account, before) == 3 * SMS + 2 * ACTIVE


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "cannot read the rate card"),
        ('{"channels": {"sms": {"default": {"default": 0.01}}}}', "channels.sms.default.default: 0.01 is not a price"),
    ],
)
def test_a_bad_card_is_told_at_the_start(tmp_path: Path, text: str | None, reason: str) -> None:
    file = tmp_path / "card.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ServerStartError) as failed:
        servers.start(tmp_path / "home", "sqlite", database_url="", env={"SENT_RATE_CARD": str(file)})
    told = str(failed.value)
    assert "SENT_RATE_CARD: " in told
    assert reason in told
    assert "Traceback" not in told
