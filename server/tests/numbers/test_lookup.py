"""Number lookup: what the plan tells, what the simulated network tells, and what nobody may send."""

import asyncio
import time
from typing import Any
from urllib.parse import quote

import pytest

from harness.client import Client
from harness.server import Server
from sent_server.errors import ApiError
from sent_server.numbers.service import Numbers
from sent_server.ports.lookup import Answer, LookedUpNumber, NoSuchNumber, NotTold

LOOKUP = "/v3/numbers/lookup/"
NOTHING = {"mobile_country_code": None, "mobile_network_code": None, "is_ported": None}


def test_without_a_key_nothing_is_told(server: Server) -> None:
    assert server.anonymous().get(LOOKUP + "+12025551234").code == "AUTH_001"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+12025551234", {"line_type": None, "country_code": "US", "carrier_name": None, "is_voip": None}),
        ("+447400123456", {"line_type": "mobile", "country_code": "GB", "carrier_name": "Three", "is_voip": False}),
        ("+4930123456", {"line_type": "landline", "country_code": "DE", "carrier_name": None, "is_voip": False}),
        ("+18002345678", {"line_type": "toll_free", "country_code": "US", "carrier_name": None, "is_voip": False}),
        ("+445600123456", {"line_type": "voip", "country_code": "GB", "carrier_name": None, "is_voip": True}),
        ("+80012345678", {"line_type": "toll_free", "country_code": None, "carrier_name": None, "is_voip": False}),
    ],
)
def test_the_plan_tells_line_country_and_first_carrier(http: Client, number: str, expected: dict[str, Any]) -> None:
    answer = http.get(LOOKUP + number)
    assert answer.data == {"phone_number": number, "is_valid": True, **NOTHING, **expected}


def test_a_number_that_nobody_can_have_is_not_valid(http: Client) -> None:
    answer = http.get(LOOKUP + "+1234567890")
    assert (answer.status, answer.data["is_valid"], answer.data["country_code"]) == (200, False, "US")


@pytest.mark.parametrize(
    "written",
    [
        "12025551234",
        "%2B12025551234",
        "+1-202-555-1234",
        "+1%20(202)%20555.1234",
        "%2012025551234",
        "+1%20202/555-1234",
        "+1202%2F5551234",
        "1%20(202)%20555-1234",
        quote("+1\u00a0202\u00a0555\u20111234"),
        quote("+1 202 555\u20131234"),
        quote("\uff08+1\uff09 202 555 1234"),
        quote("\u202a+1 202-555-1234\u202c"),
    ],
)
def test_however_it_is_written_it_is_the_same_number(http: Client, written: str) -> None:
    assert http.get(LOOKUP + written).data["phone_number"] == "+12025551234"


@pytest.mark.parametrize(
    ("written", "expected", "country", "line_type"),
    [
        ("+44 (0) 20 7946 0123", "+442079460123", "GB", "landline"),
        ("+4402079460123", "+442079460123", "GB", "landline"),
        ("+49 (0)151 / 12345678", "+4915112345678", "DE", "mobile"),
        ("+33 (0)6-12-34-56-78", "+33612345678", "FR", "mobile"),
        ("+39 06 1234 5678", "+390612345678", "IT", "landline"),
        ("+39 (0)6 1234 5678", "+390612345678", "IT", "landline"),
        ("+225 07 07 12 34 56", "+2250707123456", "CI", "mobile"),
        ("447400123456", "+447400123456", "GB", "mobile"),
    ],
)
def test_a_trunk_zero_goes_and_a_zero_of_the_number_stays(
    http: Client, written: str, expected: str, country: str, line_type: str
) -> None:
    for path in (LOOKUP, "/v3/lookup/number/"):
        found = http.get(path + quote(written)).data
        assert (found["phone_number"], found["is_valid"]) == (expected, True)
        assert (found["country_code"], found["line_type"]) == (country, line_type)


@pytest.mark.parametrize(
    "written",
    ["(202) 555-1234", "2025551234", "202.555.1234", "07911 123456", "020 7946 0123", "479 555 1234", "1234567"],
)
def test_a_number_of_no_stated_country_is_refused_and_says_what_to_write(http: Client, written: str) -> None:
    answer = http.get(LOOKUP + quote(written))
    assert (answer.status, answer.code) == (400, "VALIDATION_002")
    assert "country code" in answer.details["phoneNumber"][0]


@pytest.mark.parametrize(
    "written",
    [
        "abc",
        "+",
        "++12025551234",
        "+02025551234",
        "+1202555123412345",
        "+1202555%00",
        "+1202555%0A",
        "+120255%0A51234",
        "%D9%A1%D9%A2%D9%A3%D9%A4%D9%A5%D9%A6%D9%A7",
        "123",
        "+12",
        "+9991",
        "+40404",
        "--",
        "tel:+12025551234",
        "+1202'--",
        "%2F",
        "%2F12025551234",
        "..%2F..%2Fme",
        "+12025551234/",
        "+12025551234/carrier",
        "%252B12025551234",
        "+1202555%FF",
        "+1202555123%E2%80%8B4",
        "+12025551234%0D%0A",
        "9" * 3_000,
    ],
)
def test_what_is_no_number_is_refused(http: Client, written: str) -> None:
    answer = http.get(LOOKUP + written)
    assert (answer.status, answer.code) == (400, "VALIDATION_002")


@pytest.mark.parametrize(
    "number", ["+999123456789", "+210123456789", "+2890123456", "+3841234567", "+8591234567", "+9991234"]
)
def test_a_number_of_no_country_is_not_found_on_either_path(http: Client, number: str) -> None:
    for path in (LOOKUP, "/v3/lookup/number/"):
        answer = http.get(path + number)
        assert (answer.status, answer.code) == (404, "RESOURCE_013")


def test_the_retired_path_has_both_spellings(http: Client) -> None:
    answer = http.get("/v3/lookup/number/+14155550112")
    assert answer.data == {
        "phone_number": "+14155550112",
        "is_valid": True,
        "carrier_name": "Simulated Landline",
        "line_type": "landline",
        "country_code": "US",
        "mobile_country_code": None,
        "mobile_network_code": None,
        "is_ported": False,
        "is_voip": False,
        "phoneNumber": "+14155550112",
        "isValid": True,
        "carrierName": "Simulated Landline",
        "lineType": "landline",
        "mobileCountryCode": None,
        "mobileNetworkCode": None,
        "isPorted": False,
        "isVoip": False,
        "provider": "simulator",
    }


def test_magic_numbers_are_known_to_their_network(http: Client) -> None:
    found = http.get(LOOKUP + "+14155550100").data
    assert (found["line_type"], found["carrier_name"]) == ("mobile", "Simulated Mobile")
    assert (found["mobile_country_code"], found["mobile_network_code"]) == ("001", "01")
    assert http.get(LOOKUP + "+14155550103").code == "RESOURCE_013"


class Provider:
    """A lookup that answers as told."""

    name = "provider"

    def __init__(self, answer: Answer, after_s: float = 0) -> None:
        self.answer, self.after_s = answer, after_s

    async def find(self, number: str) -> Answer:
        await asyncio.sleep(self.after_s)
        return self.answer


def test_a_provider_knows_better_than_the_plan_and_the_plan_fills_its_gaps() -> None:
    told = LookedUpNumber(None, "Moved Mobile", "234", "20", is_ported=True)
    found = asyncio.run(Numbers(Provider(told)).find("+447400123456"))
    assert (found.line_type, found.carrier_name, found.is_ported) == ("mobile", "Moved Mobile", True)
    assert (found.mobile_country_code, found.mobile_network_code, found.provider) == ("234", "20", "provider")


def test_a_provider_that_does_not_know_or_does_not_answer_leaves_it_to_the_plan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sent_server.numbers.service.PROVIDER_WITHIN_S", 0.05)
    for provider in (Provider(NotTold("busy")), Provider(NoSuchNumber(), after_s=30)):
        started_s = time.monotonic()
        found = asyncio.run(Numbers(provider).find("+447400123456"))
        assert (found.carrier_name, found.provider) == ("Three", None)
        assert time.monotonic() - started_s < 25


def test_a_number_that_the_provider_does_not_have_is_not_found() -> None:
    with pytest.raises(ApiError) as refused:
        asyncio.run(Numbers(Provider(NoSuchNumber())).find("+447400123456"))
    assert refused.value.code == "RESOURCE_013"
