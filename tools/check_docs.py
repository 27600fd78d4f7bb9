"""Fails when something that users meet is not in the reference, or a link between our documents leads nowhere."""

import dataclasses
import functools
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import typer

from sent_server.carriers.reasons import Reason
from sent_server.cli.main import app
from sent_server.errors.catalogue import CATALOGUE
from sent_server.events import names
from sent_server.settings import Settings

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
SOURCES = ROOT / "server" / "src"
MESSAGE_FAILURE = re.compile(r"\bERR_[A-Z]+(?:_[A-Z]+)+\b")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+?)\s*$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
INSTALL = re.compile(r"\bpip install ([^\n]*)")
PACKAGES = {"sentdm", "sent-server", "sent_server", "sentdm-python-sdk"}
# Folders whose Markdown is ours; contract/ quotes documents that are not here.
DOCUMENTS = ("*.md", "docs/**/*.md", "bench/*.md", "sdk/*.md", "sdk/docs/*.md")


def missing(page: str, wanted: Iterable[str]) -> Iterator[str]:
    """What the page lacks; each thing must stand there in code quotes."""
    path = REFERENCE / page
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for name in sorted(set(wanted)):
        if f"`{name}`" not in text and f"`{name} " not in text:
            yield f"docs/reference/{page} does not describe `{name}`"


def message_failures() -> Iterator[str]:
    for path in SOURCES.rglob("*.py"):
        yield from MESSAGE_FAILURE.findall(path.read_text(encoding="utf-8"))


def commands(command: click.Command, words: str) -> Iterator[str]:
    """`sent accounts create` and so on, and every option of each."""
    children = getattr(command, "commands", None)
    if children:
        for name, child in children.items():
            yield from commands(child, f"{words} {name}")
        return
    yield words
    for parameter in command.params:
        yield from (option for option in parameter.opts if option.startswith("--") and option != "--help")


def broken_links() -> Iterator[str]:
    for pattern in DOCUMENTS:
        for path in ROOT.glob(pattern):
            for target, fragment in LINK.findall(path.read_text(encoding="utf-8")):
                if "://" in target:
                    continue
                page = path.parent / target if target else path
                if not page.exists():
                    yield f"{path.relative_to(ROOT)} links to {target}, which does not exist"
                elif fragment and page.suffix == ".md" and fragment not in headings(page):
                    yield f"{path.relative_to(ROOT)} links to {target}#{fragment}: that page has no such heading"


@functools.cache
def headings(page: Path) -> frozenset[str]:
    """As anchors, the way GitHub and /docs/guides write them."""
    found = HEADING.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found)


def wrong_installs() -> Iterator[str]:
    """Our packages are on no index, and their names are somebody else's there: install from the repository."""
    for pattern in (*DOCUMENTS, "examples/**/*.md"):
        for path in ROOT.glob(pattern):
            text = path.read_text(encoding="utf-8")
            for line in INSTALL.findall(text):
                if PACKAGES & set(re.split(r"[\s\"'`\[\]=<>~,;]+", line)):
                    yield f"{path.relative_to(ROOT)} installs {line.strip()!r} from an index; write ./sdk or ./server"


def other_names() -> Iterator[str]:
    """Pages that follow each other use one pair of names, SENT_BASE_URL and SENT_DM_API_KEY."""
    for path in (
        ROOT / "README.md",
        *(ROOT / "docs" / "tutorial").glob("*.md"),
        *(ROOT / "docs" / "how-to").glob("*.md"),
    ):
        for name in sorted(
            set(re.findall(r"\$\{?(SENT_API_KEY|SENT_DM_BASE_URL)\b", path.read_text(encoding="utf-8")))
        ):
            yield f"{path.relative_to(ROOT)} uses {name}; write SENT_DM_API_KEY or SENT_BASE_URL as the other pages do"


def main() -> int:
    faults = [
        *missing("errors.md", [*CATALOGUE, *message_failures(), *Reason]),
        *missing("events.md", names.COVERED),
        *missing("settings.md", [field.name for field in dataclasses.fields(Settings)]),
        *missing("cli.md", commands(typer.main.get_command(app), "sent")),
        *broken_links(),
        *wrong_installs(),
        *other_names(),
    ]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
