"""The pages of these integrations: their code is an application that works."""

import re
from pathlib import Path
from typing import Any

import pytest

from deliveries import SECRET, event, served, signed

DOCS = Path(__file__).parents[2] / "docs"


def run(page: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names that a page's code defines."""
    monkeypatch.setenv("SENT_DM_API_KEY", "key")
    monkeypatch.setenv("SENT_DM_WEBHOOK_SECRET", SECRET)
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    assert blocks
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile("\n".join(blocks), page, "exec"), names)
    return names


def test_fastapi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    app = run("fastapi.md", monkeypatch)["app"]
    body = event()
    with served(app) as http:
        assert http.post("/webhooks/sent", content=body, headers=signed(body)).json() == {"received": True}
        assert http.post("/another/webhook", content=body, headers=signed(body)).status_code == 200
        assert http.post("/another/webhook", content=body).status_code == 401
    assert capsys.readouterr().out == "m DELIVERED\nmessages 2026-01-15 10:35:00+00:00\n"


def test_flask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    http = run("flask.md", monkeypatch)["app"].test_client()
    body = event()
    assert http.post("/webhooks/sent", data=body, headers=signed(body)).json == {"received": True}
    assert http.post("/another/webhook", data=body, headers=signed(body)).status_code == 200
    assert http.post("/another/webhook", data=body).status_code == 401
    assert capsys.readouterr().out == "m DELIVERED\nmessage.delivered\n"
