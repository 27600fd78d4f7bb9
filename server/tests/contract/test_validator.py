"""The check that every test leans on: it must catch each kind of deviation, planted one at a time."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness import contract

HEADERS = {
    "content-type": "application/json",
    "x-request-id": "req_7X9zKp2jDw",
    "x-response-time": "3ms",
    "x-api-version": "v3",
    "x-ratelimit-limit": "200",
    "x-ratelimit-remaining": "199",
    "x-ratelimit-reset": "1768473300",
}
META = {"request_id": "req_7X9zKp2jDw", "timestamp": "2026-01-15T10:35:00.123+00:00", "version": "v3"}
ERROR = {"code": "VALIDATION_001", "message": "no", "details": {"phone_number": ["no"]}, "doc_url": "http://x/errors/y"}


def _contact(**fields: Any) -> dict[str, Any]:
    example = next(item for item in contract.operations() if item.name == "POST /v3/contacts").responses["201"]
    return {**example["content"]["application/json"]["example"]["data"], **fields}


def _success(**fields: Any) -> dict[str, Any]:
    return {"success": True, "data": _contact(), "error": None, "meta": META, **fields}


def _failure(**fields: Any) -> dict[str, Any]:
    return {"success": False, "data": None, "error": ERROR, "meta": META, **fields}


def _check(
    status: int, body: Any, *, method: str = "POST", target: str = "/v3/contacts", **headers: str | None
) -> None:
    merged = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    contract.check(method, target, status, {name: v for name, v in merged.items() if v is not None}, content)


def test_good_answers_pass() -> None:
    _check(201, _success())
    _check(400, _failure())
    _check(204, b"", method="DELETE", target="/v3/contacts/x", content_type=None)
    _check(200, b"", method="HEAD", target="/v3/contacts")
    replay = {**META, "request_id": "req_first"}
    _check(201, _success(meta=replay), idempotent_replayed="true", x_original_request_id="req_first")


DEVIATIONS: dict[str, Callable[[], None]] = {
    "an undocumented status": lambda: _check(418, _failure()),
    "a code of another status": lambda: _check(400, _failure(error={**ERROR, "code": "RESOURCE_001"})),
    "a code out of the catalogue": lambda: _check(400, _failure(error={**ERROR, "code": "OOPS"})),
    "details that are no lists": lambda: _check(400, _failure(error={**ERROR, "details": {"x": "no"}})),
    "an error without a link": lambda: _check(400, _failure(error={k: v for k, v in ERROR.items() if k != "doc_url"})),
    "data beside an error": lambda: _check(400, _failure(data={})),
    "success on an error": lambda: _check(400, _failure(success=True)),
    "failure on a success": lambda: _check(201, _success(success=False)),
    "an error on a success": lambda: _check(201, _success(error=ERROR)),
    "no meta": lambda: _check(201, {"success": True, "data": _contact(), "error": None}),
    "another version": lambda: _check(201, _success(meta={**META, "version": "v2"})),
    "another request id": lambda: _check(201, _success(meta={**META, "request_id": "req_other"})),
    "a time without an offset": lambda: _check(201, _success(data=_contact(created_at="2026-01-15T10:35:00"))),
    "a missing field": lambda: _check(201, _success(data={k: v for k, v in _contact().items() if k != "opt_out"})),
    "a field too many": lambda: _check(201, _success(data=_contact(customer_id="x"))),
    "text for a boolean": lambda: _check(201, _success(data=_contact(opt_out="false"))),
    "an id that is none": lambda: _check(201, _success(data=_contact(id="1"))),
    "not JSON": lambda: _check(201, b"Internal Server Error"),
    "a list": lambda: _check(200, [], method="GET"),
    "a body with 204": lambda: _check(204, b"{}", method="DELETE", target="/v3/contacts/x"),
    "a body with HEAD": lambda: _check(200, b"{}", method="HEAD"),
    "plain text": lambda: _check(201, _success(), content_type="text/plain"),
    "no request id": lambda: _check(201, _success(), x_request_id=None),
    "a time without its unit": lambda: _check(201, _success(), x_response_time="3"),
    "no limit": lambda: _check(201, _success(), x_ratelimit_limit=None),
    "a reset in milliseconds": lambda: _check(201, _success(), x_ratelimit_reset="1768473300000"),
    "a route of nobody without the envelope": lambda: _check(404, {"detail": "x"}, method="GET", target="/nowhere"),
}


@pytest.mark.parametrize("deviation", DEVIATIONS)
def test_each_deviation_is_caught(deviation: str) -> None:
    with pytest.raises(AssertionError, match="breaks the contract"):
        DEVIATIONS[deviation]()
