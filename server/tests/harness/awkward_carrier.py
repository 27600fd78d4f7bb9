"""`sent` with a simulated carrier that hangs or breaks at the first submit of some recipients.

Numbers that end in HANGS or BREAKS do so once each. The carrier appends the id of every attempt to the file that
TEST_SUBMIT_LOG names, before anything else happens to it. TEST_SUBMIT_TIMEOUT_MS is how long a submit may take.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import ClassVar

from sent_server import composition
from sent_server.carriers.base import Submission, SubmitOutcome, Traits
from sent_server.carriers.simulator.adapter import Simulator
from sent_server.cli import main

HANGS, BREAKS = "4444", "7777"
HANGS_S = 600


class AwkwardCarrier(Simulator):
    traits = Traits(
        takes_idempotency_key=True, submit_timeout_ms=int(os.environ.get("TEST_SUBMIT_TIMEOUT_MS", "20000"))
    )
    met: ClassVar[set[str]] = set()

    async def submit(self, submission: Submission) -> SubmitOutcome:
        with Path(os.environ["TEST_SUBMIT_LOG"]).open("a") as log:
            log.write(f"{submission.attempt_id}\n")
        if submission.attempt_id not in self.met:
            self.met.add(submission.attempt_id)
            if submission.recipient.endswith(HANGS):
                await asyncio.sleep(HANGS_S)
            if submission.recipient.endswith(BREAKS):
                raise RuntimeError("the library of this carrier broke")
        return await super().submit(submission)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", __file__, *arguments]  # -P: the modules beside this one are no top-level ones


if __name__ == "__main__":
    composition.Simulator = AwkwardCarrier
    main.main()
