"""Writes the tables of docs/reference/errors.md from the catalogues of errors and reasons; `--check` fails on drift.

A table is between `<!-- codes: PREFIX ... -->` or `<!-- reasons -->` and `<!-- end -->`. The text around them is
written by hand.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from sent_server.carriers import reasons
from sent_server.errors import CATALOGUE

TARGET = Path(__file__).parents[1] / "docs" / "reference" / "errors.md"
REGION = re.compile(r"(<!-- (codes|reasons)(?:: ([A-Z ]+))? -->\n).*?(<!-- end -->)", re.DOTALL)
FALLS_BACK = {
    reasons.FallsBack.ALWAYS: "yes",
    reasons.FallsBack.NEVER: "no",
    reasons.FallsBack.UNLESS_MARKETING: "not for MARKETING",
}


def codes(prefixes: Sequence[str]) -> str:
    rows = ["| code | status | when | what to do |", "|---|---|---|---|"]
    for code, entry in CATALOGUE.items():
        if code.partition("_")[0] in prefixes:
            rows.append(f"| `{code}` | {entry.status} | {entry.cause} | {entry.remedy} |")
    return "\n".join(rows) + "\n"


def next_steps() -> str:
    rows = [
        "| reason | `reason_code` | description begins with | next channel goes | what to do |",
        "|---|---|---|---|---|",
    ]
    for entry in reasons.TABLE.values():
        prefix = f"`{entry.prefix}`" if entry.prefix else ""
        falls_back = FALLS_BACK[entry.falls_back]
        rows.append(f"| `{entry.reason}` | `{entry.reason_code}` | {prefix} | {falls_back} | {entry.next_step} |")
    return "\n".join(rows) + "\n"


def render(page: str) -> str:
    def table(region: re.Match[str]) -> str:
        start, kind, prefixes, end = region.groups()
        return f"{start}\n{codes(prefixes.split()) if kind == 'codes' else next_steps()}\n{end}"

    return REGION.sub(table, page)


def main() -> int:
    page = TARGET.read_text(encoding="utf-8")
    wanted = render(page)
    absent = [code for code in CATALOGUE if f"| `{code}` |" not in wanted]
    if absent:
        print(f"{TARGET} has no table for {', '.join(absent)}")
        return 1
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(wanted, encoding="utf-8")
    elif page != wanted:
        print(f"{TARGET} does not match the catalogues; run `make format`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
