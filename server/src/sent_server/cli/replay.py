"""`sent webhooks replay`: runs in batches, with a progress count on a terminal."""

import sys
from pathlib import Path
from typing import Any

from sent_server.cli import operate
from sent_server.kernel import plurals


def run(home: Path | None, database: str | None, customer_id: str, webhook_id: str, asked: dict[str, Any]) -> Any:
    """`asked` has the arguments of the operation. Returns how many deliveries will be sent again."""
    replayed, after = 0, None
    while True:
        arguments = {"customer_id": customer_id, "webhook_id": webhook_id, **asked, "after": after}
        done = operate.perform(home, database, "webhooks replay", **arguments)
        replayed, after = replayed + done["replayed"], done["next_after"]
        if after is None:
            return {"webhook_id": webhook_id, "replayed": replayed}
        if sys.stderr.isatty():
            print(f"{plurals.counted(replayed, 'event')} so far", file=sys.stderr)
