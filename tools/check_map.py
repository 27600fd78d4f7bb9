"""Fails when the map of behaviors names a file that does not exist, or when a package is missing in it."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "contributing" / "map.md"
MODULES = ROOT / "server" / "src" / "sent_server"
QUOTED = re.compile(r"`([^`]+)`")


def rows(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """The modules and the tests of each row of a table."""
    for line in text.splitlines():
        cells = line.strip("|").split("|")
        if line.startswith("| ") and len(cells) == 3 and cells[0].strip() != "behavior":
            yield QUOTED.findall(cells[1]), QUOTED.findall(cells[2])


def wrong(text: str) -> Iterator[str]:
    named: set[str] = set()
    for modules, tests in rows(text):
        for folder, paths in ((MODULES, modules), (ROOT, tests)):
            for path in paths:
                if not (folder / path).exists():
                    yield f"{PAGE.relative_to(ROOT)} names {path}, which does not exist"
        named.update(path.split("/")[0] for path in modules)
    for package in sorted(path.parent.name for path in MODULES.glob("*/__init__.py")):
        if package not in named:
            yield f"{PAGE.relative_to(ROOT)} does not mention the package {package}"


if __name__ == "__main__":
    found = list(wrong(PAGE.read_text(encoding="utf-8")))
    for line in found:
        print(line, file=sys.stderr)
    sys.exit(1 if found else 0)
