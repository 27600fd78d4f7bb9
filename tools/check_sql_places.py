"""Fails when SQL stands outside of a store, or when a store may be imported by other slices.

A store is `store.py` or `*_store.py` in the folder of a slice; `db/` keeps what belongs to no slice. A "protected"
contract of import-linter names each store, so that other slices call the functions of the slice, never its statements.
"""

import sys
import tomllib
from pathlib import Path

from check_tenancy_sql import SOURCES, statements

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def is_store(module: Path) -> bool:
    return module.name == "store.py" or module.name.endswith("_store.py")


def protected() -> set[str]:
    """The modules of all protected contracts."""
    contracts = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    return {name for one in contracts if one["type"] == "protected" for name in one["protected_modules"]}


def main() -> int:
    faults: list[str] = []
    known, found = protected(), set[str]()
    for path in sorted(SOURCES.rglob("*.py")):
        module = path.relative_to(SOURCES)
        if module.parts[0] == "db":
            continue
        if is_store(module):
            name = ".".join(("sent_server", *module.with_suffix("").parts))
            found.add(name)
            if name not in known:
                faults.append(f"{module}: no protected contract in pyproject.toml names {name}")
            continue
        for constant, line, _ in statements(path):
            faults.append(f"{module}:{line}: {constant} is SQL outside of a store; move it to store.py or *_store.py")
    faults += [f"pyproject.toml protects {name}, which is no store" for name in sorted(known - found)]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
