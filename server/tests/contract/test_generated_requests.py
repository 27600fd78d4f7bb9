"""Requests that schemathesis makes up from the contract, right ones and wrong ones: no surprise is allowed.

The same requests every time. Each answer has a documented status, media type, headers and body, and none is a 5xx.
"""

import copy
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS, load_all_checks

from harness import contract
from harness.server import Server

EXAMPLES = 12
WANTED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
load_all_checks()
checks = [CHECKS.get_one(name) for name in WANTED]


def _document() -> dict[str, Any]:
    """The contract without the server it was written for."""
    document = copy.deepcopy(contract.document())
    document.pop("servers", None)
    return document


schema = schemathesis.openapi.from_dict(_document())


@pytest.fixture(scope="module")
def api_key(server: Server) -> str:
    """Of an account where nobody minds what becomes of it."""
    found = server.create_account("Generated").http.api_key
    assert found
    return found


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],  # pyright: ignore[reportArgumentType] - an enumeration by its metaclass
)
def test_generated_requests_get_documented_answers(case: schemathesis.Case, server: Server, api_key: str) -> None:
    headers = {"x-api-key": api_key}
    for name in ("x-profile-id", "Idempotency-Key"):  # what these do has tests of its own; here they only hide the rest
        case.headers.pop(name, None)
    # A 501 that the contract describes is no accident; that its status is described is checked as well.
    wanted = checks[1:] if "501" in case.operation.definition.raw["responses"] else checks
    case.call_and_validate(base_url=server.base_url, headers=headers, checks=wanted)  # pyright: ignore[reportArgumentType] - classes are checks, too
