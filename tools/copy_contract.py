"""Puts contract/openapi-v3.json into the server's package; --check fails when the two differ."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "contract" / "openapi-v3.json"
COPY = ROOT / "server" / "src" / "sent_server" / "reference" / "contract.json"


def main() -> int:
    if "--check" not in sys.argv:
        COPY.write_bytes(SOURCE.read_bytes())
        return 0
    if COPY.exists() and COPY.read_bytes() == SOURCE.read_bytes():
        return 0
    print(f"{COPY.relative_to(ROOT)} is not the contract; run `make format`")
    return 1


if __name__ == "__main__":
    sys.exit(main())
