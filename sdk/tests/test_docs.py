"""Every page runs as it stands against a real server, and prints what it says after `# ->`.

The pages of the integrations have their tests beside them.
"""

import gc
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sent_dm import SentDm

SDK = Path(__file__).parents[1]
ELSEWHERE = {"celery.md", "django.md", "fastapi.md", "flask.md"}
PAGES = [SDK / "README.md", *sorted(path for path in (SDK / "docs").glob("*.md") if path.name not in ELSEWHERE)]
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
PROMISE = re.compile(r"# -> (.*)$", re.MULTILINE)


@pytest.fixture
def page(request, sent_environment, capsys) -> Iterator[tuple[dict[str, Any], list[str], list[str]]]:
    """The names that a page defines, what it promises to print, and what it printed."""
    path: Path = request.param
    code = "\n".join(BLOCK.findall(path.read_text()))
    names: dict[str, Any] = {"__name__": path.stem}
    before = [one for one in gc.get_objects() if issubclass(type(one), SentDm)]
    gc.disable()  # the pages leave their clients to the end of the program; here they are closed for them
    try:
        exec(compile(code, path.name, "exec"), names)
        yield names, PROMISE.findall(code), capsys.readouterr().out.splitlines()
    finally:
        for one in gc.get_objects():
            if issubclass(type(one), SentDm) and not any(one is other for other in before):
                one.close()
        gc.enable()


@pytest.mark.parametrize("page", PAGES, indirect=True, ids=lambda path: path.stem)
def test_a_page_does_what_it_says(page):
    _, promised, printed = page
    assert promised
    missing = [line for line in promised if line not in printed]
    assert not missing, printed


@pytest.mark.parametrize("page", [SDK / "docs" / "testing.md"], indirect=True)
def test_the_tests_of_the_testing_page(page, sent_client, sent_server, sent_phone):
    names, _, _ = page
    names["test_greeting"](sent_client, sent_phone)
    names["test_that_stop_opts_out"](sent_client, sent_server.phone())
    names["test_a_reminder"](sent_client, sent_server.phone(), sent_server)
    names["test_a_carrier_that_refuses"](sent_client, sent_server.phone(), sent_server)


def test_the_readme_leads_to_every_page():
    linked = set(re.findall(r"\]\(docs/([a-z]+\.md)\)", (SDK / "README.md").read_text()))
    assert linked == {path.name for path in (SDK / "docs").glob("*.md")}


def test_every_error_is_on_its_page():
    from sent_dm import exceptions

    text = (SDK / "docs" / "errors.md").read_text()
    assert [name for name in exceptions.__all__ if f"`{name}`" not in text and f".{name}`" not in text] == ["SentError"]
