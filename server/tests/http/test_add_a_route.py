"""The worked example of docs/contributing/add-a-route.md does what the page says."""

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

from harness import in_process, samples
from harness.in_process import App, Seen

PAGE = Path(__file__).parents[3] / "docs/contributing/add-a-route.md"
CONTACTS = "/v3/contacts"


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    """The names that the page's code defines."""
    blocks = re.findall(r"^ *```python\n(.*?)^ *```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    found: dict[str, Any] = {"__name__": "example"}
    for block in blocks:
        exec(compile(textwrap.dedent(block), str(PAGE), "exec"), found)
    return found


def test_the_example_is_a_route_like_any_other(example: dict[str, Any], database_url: str, tmp_path: Path) -> None:
    async def act(app: App) -> None:
        made = await app.v3("POST", CONTACTS, {"phone_number": samples.phone()})
        contact = made.json["data"]["id"]
        path = f"{CONTACTS}/{contact}/opt-out"

        async def opted_out() -> bool:
            return bool((await app.v3("GET", f"{CONTACTS}/{contact}")).json["data"]["opt_out"])

        def code(seen: Seen) -> tuple[int, str]:
            return seen.status, seen.json["error"]["code"]

        assert code(await app.v3("POST", path, {}, key=False)) == (401, "AUTH_001")
        assert code(await app.v3("POST", f"{CONTACTS}/{samples.UNKNOWN_ID}/opt-out", {})) == (404, "RESOURCE_001")
        assert code(await app.v3("POST", path, {"source": "rumour"})) == (400, "VALIDATION_006")
        rehearsal = await app.v3("POST", path, {"sandbox": True})
        assert (rehearsal.status, rehearsal.headers["x-sandbox"], await opted_out()) == (200, "true", False)
        key = samples.key()
        first = await app.v3("POST", path, {}, once=key)
        assert (first.status, first.json["data"]["opt_out"], await opted_out()) == (200, True, True)
        again = await app.v3("POST", path, {}, once=key)
        assert (again.body, again.headers["idempotent-replayed"]) == (first.body, "true")

    in_process.run(database_url, tmp_path, act, more=lambda served: [example["added"]])
