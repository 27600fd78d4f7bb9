"""sdk: the Python SDK against the HTTP clients it stands on, on a local server that answers a canned 202.

`python -m bench.sdk`. Callers are processes of their own and take turns. Start-up is the median of 20 processes each,
measured alternately: `import sent_dm; SentDm(api_key="x")` less `import httpx; httpx.Client()`.
"""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from bench import report
from bench.figures import Figure
from bench.processes import module

ROUNDS = 3
SECONDS = 2.0
STARTS = 20
AIM_SYNC, AIM_AIOHTTP, AIM_ASYNC = 0.85, 0.6, 2.0
AIM_START_MS, AIM_RSS_MB = 60, 45
OURS, THEIRS = "import sent_dm; sent_dm.SentDm(api_key='x')", "import httpx; httpx.Client()"
PAIRS: Sequence[tuple[str, str, str, float]] = (
    ("sync", "sdk", "httpx", AIM_SYNC),
    ("async, 50 at once", "async-sdk", "async-httpx", AIM_ASYNC),
    ("async with aiohttp, 50 at once", "async-sdk-aiohttp", "async-aiohttp", AIM_AIOHTTP),
)


def _call(name: str, url: str) -> Mapping[str, Any]:
    command = [sys.executable, "-m", "bench.callers", name, url, str(SECONDS)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60)
    return json.loads(done.stdout)


def _compare(title: str, own: str, bare: str, aim: float, url: str) -> list[Figure]:
    turns = [(_call(bare, url), _call(own, url)) for _ in range(ROUNDS)]
    ratio = median(mine["per_s"] / other["per_s"] for other, mine in turns)
    bares, mine = [turn[0] for turn in turns], [turn[1] for turn in turns]
    return [
        Figure(f"{title}: {bare} alone", _rate(bares), ratio="1.00", cpu_us_per_message=_cpu(bares)),
        Figure(f"{title}: {own}", _rate(mine), ratio=f"{ratio:.2f}", aim=f"≥ {aim}", met=ratio >= aim,
               cpu_us_per_message=_cpu(mine)),
    ]  # fmt: skip


def _rate(runs: Sequence[Mapping[str, Any]]) -> str:
    return f"{median(run['per_s'] for run in runs):,.0f} calls/s"


def _cpu(runs: Sequence[Mapping[str, Any]]) -> float:
    return median(run["cpu_us"] for run in runs)


def _start_ms(code: str) -> float:
    started_s = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    return (time.perf_counter() - started_s) * 1000


def _starts() -> list[Figure]:
    turns = [(_start_ms(THEIRS), _start_ms(OURS)) for _ in range(STARTS)]
    theirs_ms, ours_ms = median(turn[0] for turn in turns), median(turn[1] for turn in turns)
    more_ms = ours_ms - theirs_ms
    ratio = f"{ours_ms / theirs_ms:.2f}"
    return [
        Figure("start: import httpx; httpx.Client()", f"{theirs_ms:.0f} ms", ratio="1.00"),
        Figure("start: import sent_dm; SentDm(...)", f"{ours_ms:.0f} ms ({more_ms:+.0f})", ratio=ratio,
               aim=f"≤ +{AIM_START_MS} ms", met=more_ms <= AIM_START_MS),
    ]  # fmt: skip


def main() -> None:
    figures: list[Figure] = []
    with module("bench.canned") as server:
        url = str(server.ready["base_url"])
        for title, own, bare, aim in PAIRS:
            figures += _compare(title, own, bare, aim, url)
        rss_mb = _call("sdk", url)["rss_mb"]
    figures += _starts()
    figures.append(
        Figure("resident after one sync call", f"{rss_mb:.0f} MB", aim=f"< {AIM_RSS_MB} MB", met=rss_mb < AIM_RSS_MB)
    )
    report.show("sdk on a canned server", figures)


if __name__ == "__main__":
    main()
