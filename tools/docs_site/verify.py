"""Fails when the rendered site cannot be searched, or loads something from another host: `... verify SITE`."""

import json
import re
import sys
from pathlib import Path

# A page, and a word that it certainly has.
KNOWN = {"docs/reference/consent.html": "start", "sdk/docs/retries.html": "retries"}
_LOADED = re.compile(
    r"""<(?:script|img|iframe)\b[^>]*\bsrc=["']?(?:https?:)?//[^>]*>|<link\b[^>]*stylesheet[^>]*//[^>]*>"""
)


def problems(site: Path) -> list[str]:
    found: list[str] = []
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    for page, word in KNOWN.items():
        texts = [one["text"].lower() for one in index["docs"] if one["location"].partition("#")[0] == page]
        if not any(word in text for text in texts):
            found.append(f"the search does not find {word!r} on {page}")
    for page in site.rglob("*.html"):
        for tag in _LOADED.findall(page.read_text(encoding="utf-8")):
            found.append(f"{page.relative_to(site)} loads from another host: {tag}")
    return found


def main() -> None:
    found = problems(Path(sys.argv[1]))
    for problem in found:
        print(problem)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
