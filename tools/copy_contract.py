"""Puts files of contract/ into the server's package; --check fails when a copy differs."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "server" / "src" / "sent_server"
COPIES = {
    ROOT / "contract" / "openapi-v3.json": PACKAGE / "reference" / "contract.json",
    ROOT / "contract" / "errors.json": PACKAGE / "errors" / "catalogue.json",
    ROOT / "contract" / "reasons.json": PACKAGE / "carriers" / "reasons.json",
}


def main() -> int:
    faults = 0
    for source, copy in COPIES.items():
        if "--check" not in sys.argv:
            copy.write_bytes(source.read_bytes())
        elif not copy.exists() or copy.read_bytes() != source.read_bytes():
            print(f"{copy.relative_to(ROOT)} is not {source.relative_to(ROOT)}; run `make format`")
            faults += 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
