"""What the sender's HTTP client can do at its best: `python -m bench.client URL OPEN POSTS < REQUEST`.

The product's own session (no cookies, no redirects, guarded sockets) and nothing around it: no database, no signature,
no outcome to record. REQUEST is JSON, `{"headers", "body"}` of a webhook that the product has sent; the client's own
headers are left to it. Prints `{"per_s", "cpu_us"}`.
"""

import asyncio
import json
import sys
import time
from typing import Any

import uvloop

from sent_server.egress import Answer, Egress

TIMEOUT_S = 30
OWN = ("host", "user-agent", "accept", "accept-encoding", "content-length")


async def posts_per_s(url: str, at_once: int, posts: int, request: dict[str, Any]) -> dict[str, float]:
    body = request["body"].encode()
    headers = {name: value for name, value in request["headers"].items() if name.lower() not in OWN}
    egress = Egress(allow_loopback=True)
    left = iter(range(posts))

    async def work() -> None:
        for _ in left:
            result = await egress.post(url, body, headers, timeout_seconds=TIMEOUT_S)
            if not isinstance(result, Answer) or not result.ok:
                raise RuntimeError(f"{url} did not take a post: {result}")

    started_s, cpu_s = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(at_once)))
    took_s, cpu_s = time.perf_counter() - started_s, time.process_time() - cpu_s
    await egress.close()
    return {"per_s": posts / took_s, "cpu_us": cpu_s / posts * 1e6}


def main() -> None:
    url, at_once, posts = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    print(json.dumps(uvloop.run(posts_per_s(url, at_once, posts, json.load(sys.stdin)))))


if __name__ == "__main__":
    main()
