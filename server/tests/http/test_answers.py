"""What every answer carries, and what the shared layer does with each request."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import orjson
import pytest

from harness import contract, samples
from harness.client import Client
from harness.server import Server


def test_request_ids_are_unique_and_told_in_header_and_body(http: Client) -> None:
    answers = [http.get("/v3/me") for _ in range(50)]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 50
    assert all(answer.json["meta"]["request_id"] == answer.headers["x-request-id"] for answer in answers)


def test_the_time_in_meta_is_now(http: Client) -> None:
    told = datetime.fromisoformat(http.get("/v3/me").json["meta"]["timestamp"])
    assert abs((datetime.now(UTC) - told).total_seconds()) < 60


def test_a_client_chosen_request_id_is_not_believed(http: Client) -> None:
    answer = http.get("/v3/me", headers={"x-request-id": "req_mine"})
    assert answer.headers["x-request-id"] != "req_mine"


def test_every_error_links_to_a_page_that_answers(server: Server) -> None:
    url = server.anonymous().get("/v3/me").error["doc_url"]
    assert url == f"{server.base_url}/errors/AUTH_001"
    page = server.anonymous().get(url.removeprefix(server.base_url), checked=False)
    assert page.status == 200
    assert b"AUTH_001" in page.body


def test_an_answer_never_names_the_software_or_an_internal_path(http: Client) -> None:
    for answer in (http.get("/v3/me"), http.get("/v3/nothing"), http.get("/v3/contacts/x"), http.post("/v3/contacts")):
        assert "server" not in answer.headers
        assert not re.search(rb"Traceback|sent_server|site-packages|\.py\b|SELECT |apsw|asyncpg", answer.body)


@pytest.mark.parametrize("operation", contract.operations(), ids=lambda operation: operation.name)
def test_a_method_that_a_documented_path_lacks_is_405_with_allow(http: Client, operation: contract.Operation) -> None:
    path = re.sub(r"\{\w+\}", samples.UNKNOWN_ID, operation.path)
    if http.request("TRACE", path, checked=False).status == 404:
        assert not operation.path.startswith(FIRST_HALF), f"{operation.path} is not served"
        return
    answer = http.request("TRACE", path)
    assert (answer.status, answer.code) == (405, "VALIDATION_001")
    assert operation.method in answer.headers["allow"].split(", ")


FIRST_HALF = ("/v3/me", "/v3/contacts", "/v3/messages", "/v3/templates", "/v3/webhooks", "/v3/health", "/health")


def test_health_needs_no_key_and_says_so_plainly(server: Server) -> None:
    anonymous = server.anonymous()
    assert anonymous.get("/v3/health").data["status"] == "healthy"
    for path in ("/healthcheck", "/health/live", "/health/ready"):
        assert anonymous.get(path).status == 204
        assert anonymous.post(path).status == 405


def test_a_hundred_clients_at_once_get_their_own_answers(server: Server) -> None:
    def make(number: int) -> tuple[str, str]:
        phone = samples.phone()
        made = server.http.post("/v3/contacts", {"phone_number": phone}, idempotency_key=samples.key())
        assert made.status == 201, made.body
        return phone, made.data["phone_number"]

    with ThreadPoolExecutor(20) as pool:
        pairs = list(pool.map(make, range(100)))
    assert all(asked == got for asked, got in pairs)


def test_pipelined_requests_are_answered_in_order(http: Client) -> None:
    request = b"GET %s HTTP/1.1\r\nHost: x\r\nx-api-key: " + str(http.api_key).encode() + b"\r\n%s\r\n"
    received = http.raw(request % (b"/v3/me", b"") + request % (b"/v3/nothing", b"Connection: close\r\n"))
    assert re.findall(rb"HTTP/1\.1 (\d+)", received) == [b"200", b"404"]


def test_response_time_covers_the_work(http: Client) -> None:
    started = time.monotonic()
    answer = http.get("/v3/contacts")
    took_ms = (time.monotonic() - started) * 1000
    assert int(answer.headers["x-response-time"].removesuffix("ms")) <= took_ms + 1


def test_the_body_is_exactly_as_long_as_announced(http: Client) -> None:
    answer = http.get("/v3/me")
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert orjson.loads(answer.body)["success"] is True


@pytest.mark.parametrize("path", ["/sim%2Fclock", "/v3%2fme", "/v3/contacts%2F{contact}", "/docs%2Fstyle.css"])
def test_an_encoded_slash_is_part_of_a_name(http: Client, path: str) -> None:
    """A proxy that guards a path sees another one there."""
    target = path.replace("{contact}", samples.UNKNOWN_ID)
    answer = http.request("GET", target, checked=False)
    assert (answer.status, answer.code) == (404, "RESOURCE_011")


def test_a_number_may_hold_an_encoded_slash(http: Client) -> None:
    assert http.request("GET", "/v3/numbers/lookup/+1202%2F5551234").data["phone_number"] == "+12025551234"
