"""Fails when the reference lacks something that users meet, or when a link or a citation leads nowhere."""

import dataclasses
import functools
import json
import re
import sys
from collections.abc import Iterable, Iterator, Set
from pathlib import Path
from typing import Any

import typer

from sent_server.carriers import reasons
from sent_server.carriers.reasons import Reason
from sent_server.cli.main import app
from sent_server.errors.catalogue import CATALOGUE
from sent_server.events import names
from sent_server.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
SOURCES = ROOT / "server" / "src"
MESSAGE_FAILURE = re.compile(r"\bERR_[A-Z]+(?:_[A-Z]+)+\b")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+?)\s*$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
INSTALL = re.compile(r"\bpip install ([^\n]*)")
PACKAGES = {"sentdm", "sent-server", "sent_server", "sentdm-python-sdk"}
CODE = re.compile(r"`([A-Z]+_\d{3})`")
EVENT = re.compile(r"`((?:message|contact|profile|template)\.[a-z_.]+)`")
TITLE = re.compile(r"^## `(sent[^`]*)`", re.MULTILINE)
FLAG = re.compile(r"`(--[a-z-]+)")
VARIABLE = re.compile(r"\bSENT_[A-Z_]+\b(?!\*)")
ROUTE = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/(?:v3|sim)/[\w{}/+-]*)")
VALUE = re.compile(r"{\w+}|\+\d+")  # in a route
# Variables of the SDK, of the tests and of fault injection, which are no settings of the server.
OTHER_VARIABLES = {"SENT_API_KEY", "SENT_BASE_URL", "SENT_LOG", "SENT_WEBHOOK_SECRET", "SENT_CONFIG"}
OTHER_VARIABLES |= {"SENT_TESTING", "SENT_FAILPOINT", "SENT_TEST_DATABASE_URL"}
# Words of other things that look like a variable: campaign states, Django settings.
NOT_VARIABLES = {"SENT_CREATED", "SENT_BLOCKED"}
MODULE = re.compile(r"`((?:[\w.<>-]+/)+(?:\w+\.py)?)`")
# What a source line cites: a page or a file of the contract, with its anchor. Decisions go by their number.
CITED = re.compile(r"(?<![\w/}\x22])((?:docs/(?:[a-z-]+/)?|contract/)[\w.-]*[\w-])(?:#([\w-]+))?")
STANDARD = re.compile(r"\b(?:RFC|ITU-T|3GPP|GSMA|numbering plans)\b")
PRIVATE = re.compile(r"\b(?:DECISIONS|RELIABILITY|ARCHITECTURE|MONEY|ROOMS)\b")
CODE_FOLDERS = ("server", "sdk", "tools", "chaos", "bench", "examples")
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


def commands(command: Any, words: str) -> Iterator[str]:
    """`sent accounts create` and so on, and every option of each. `command` is of the click that typer has inside."""
    children = getattr(command, "commands", None)
    if children:
        for name, child in children.items():
            yield from commands(child, f"{words} {name}")
        return
    yield words
    for parameter in command.params:
        yield from (option for option in parameter.opts if option.startswith("--") and option != "--help")


def absent() -> Iterator[str]:
    """What the reference describes, and the code does not have."""
    codes = {*CATALOGUE, *(entry.reason_code for entry in reasons.TABLE.values())}
    yield from unknown("errors.md", CODE, codes, "error code")
    events = {*names.COVERED, *(event for covered in names.COVERED.values() for event in covered)}
    yield from unknown("events.md", EVENT, {*events, names.PROFILE_COMPLETED}, "event")
    spoken = list(commands(typer.main.get_command(app), "sent"))
    yield from unknown("cli.md", TITLE, set(spoken), "command")
    yield from unknown("cli.md", FLAG, {*spoken, "--help"}, "flag")


def unknown(page: str, pattern: re.Pattern[str], known: Set[str], kind: str) -> Iterator[str]:
    for name in sorted(set(pattern.findall((REFERENCE / page).read_text(encoding="utf-8"))) - known):
        yield f"docs/reference/{page} describes the {kind} {name}, which does not exist"


def unknown_variables() -> Iterator[str]:
    known = {PREFIX + field.name.upper() for field in dataclasses.fields(Settings)} | OTHER_VARIABLES | NOT_VARIABLES
    for pattern in DOCUMENTS:
        for path in ROOT.glob(pattern):
            for name in sorted(set(VARIABLE.findall(path.read_text(encoding="utf-8"))) - known):
                if not name.startswith("SENT_DM_"):
                    yield f"{path.relative_to(ROOT)} names {name}, which nothing reads"


def unknown_routes() -> Iterator[str]:
    """The changelog is history and may name what is gone."""
    known = {(method, VALUE.sub("{}", path)) for method, path in declared_routes()}
    for pattern in DOCUMENTS:
        for path in ROOT.glob(pattern):
            if path.name == "CHANGELOG.md":
                continue
            for method, route in sorted(set(ROUTE.findall(path.read_text(encoding="utf-8")))):
                if (method, VALUE.sub("{}", route).rstrip("/")) not in known:
                    yield f"{path.relative_to(ROOT)} names {method} {route}, which does not exist"


def declared_routes() -> Iterator[tuple[str, str]]:
    paths = json.loads((ROOT / "contract" / "openapi-v3.json").read_text(encoding="utf-8"))["paths"]
    for path, item in paths.items():
        yield from ((method.upper(), path) for method in item)
    for path in (SOURCES / "sent_server" / "phones").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        yield from (("GET", route) for route in re.findall(r'route\.get\("(/sim/[^"]*)"', text))
        yield from re.findall(r'route\.mutate\("(\w+)", "(/sim/[^"]*)"', text)


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


def broken_citations() -> Iterator[str]:
    """Source code cites pages of this repository, files of the contract, and public standards."""
    for path in (path for folder in CODE_FOLDERS for path in (ROOT / folder).rglob("*.py")):
        if path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            place = f"{path.relative_to(ROOT)}:{number}"
            sources = line.partition("Source: ")[2]
            if PRIVATE.search(line) or (sources and not CITED.search(sources) and not STANDARD.search(sources)):
                yield f"{place} cites a document that is not in this repository"
            for target, fragment in CITED.findall(sources or line if target_is_page(line) else ""):
                yield from (f"{place} {fault}" for fault in citation_faults(target, fragment))


def target_is_page(line: str) -> bool:
    """Not an address of the server's own pages, such as /docs/style.css."""
    return "/docs/" not in line and '"docs/' not in line


def citation_faults(target: str, fragment: str) -> Iterator[str]:
    page = ROOT / target
    if re.search(r"/decisions/\d{4}$", target):
        page = next(page.parent.glob(f"{page.name}-*.md"), page)
    if not page.exists():
        yield f"cites {target}, which does not exist"
    elif fragment and fragment not in headings(page):
        yield f"cites {target}#{fragment}: that page has no such heading"


@functools.cache
def headings(page: Path) -> frozenset[str]:
    """As anchors, the way GitHub and /docs/guides write them."""
    found = HEADING.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found)


def unlisted() -> Iterator[str]:
    """A page without a link is not found: its folder's index links it, else README.md."""
    for path in sorted(ROOT.glob("docs/**/*.md")):
        index = path.parent / "README.md"
        if path == index or not index.exists():
            index = ROOT / "README.md"
        targets = {(index.parent / target).resolve() for target, _ in LINK.findall(index.read_text(encoding="utf-8"))}
        if path.resolve() not in targets:
            yield f"{index.relative_to(ROOT)} does not link {path.relative_to(ROOT)}"


def repeated_decisions() -> Iterator[str]:
    seen: dict[str, str] = {}
    for path in sorted(ROOT.glob("docs/decisions/0*.md")):
        number = path.name[:4]
        if number in seen:
            yield f"docs/decisions/{path.name} has the number of {seen[number]}; take the next free one"
        seen[number] = path.name


def lost_modules() -> Iterator[str]:
    """A page names modules as they are now; decisions are history."""
    for pattern in ("docs/*.md", "docs/contributing/*.md", "docs/explanation/*.md", "docs/reference/*.md"):
        for path in ROOT.glob(pattern):
            for name in sorted(set(MODULE.findall(path.read_text(encoding="utf-8")))):
                if "<" not in name and not any((root / name).exists() for root in (ROOT, SOURCES / "sent_server")):
                    yield f"{path.relative_to(ROOT)} names {name}, which does not exist"


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
        *absent(),
        *unknown_variables(),
        *unknown_routes(),
        *broken_links(),
        *broken_citations(),
        *unlisted(),
        *repeated_decisions(),
        *lost_modules(),
        *wrong_installs(),
        *other_names(),
    ]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
