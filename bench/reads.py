"""reads: `GET` of an account, of one thing by its id and of list pages, beside a bare route answering the same bytes.

`python -m bench.reads [--database postgresql://...]`. For each request the bare route is handed the answer that the
product gave, and the two take turns. What reads cost beside many rows is what `bench.growth` measures.
"""

import argparse
import http.client
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench import report
from bench.calls import call
from bench.figures import Figure, Window, cpu_ratio, measure, of_windows, per_s
from bench.growth import Side, side
from bench.load import Plan
from bench.processes import Running, module

MESSAGES = 10_000
CONNECTIONS = 64
SECONDS = 1.5
ROUNDS = 3
AIM_RATIO = 0.35


def requests_of(installed: Side) -> dict[str, Sequence[str]]:
    """What is read, and the targets that go round."""

    def ids(name: str) -> list[str]:
        data = call(installed.server, "GET", f"/v3/{name}?page=1&page_size=100", api_key=installed.api_key)["data"]
        return [one["id"] for one in data[name]]

    contacts, templates = ids("contacts"), ids("templates")
    return {
        "/v3/me": ["/v3/me"],
        "a message": [f"/v3/messages/{one}" for one in installed.ids],
        "its activities": [f"/v3/messages/{one}/activities" for one in installed.ids],
        "a contact": [f"/v3/contacts/{one}" for one in contacts],
        "a template": [f"/v3/templates/{one}" for one in templates],
        "20 contacts": [f"/v3/contacts?page={page}&page_size=20" for page in (1, 2, 3)],
        "20 templates": ["/v3/templates?page=1&page_size=20"],
        "20 webhooks": ["/v3/webhooks?page=1&page_size=20"],
    }


def run(server_url: str) -> None:
    figures: list[Figure] = []
    with (
        tempfile.TemporaryDirectory(prefix="sent-bench-") as folder,
        module("bench.bare") as bare,
        side(Path(folder), server_url, MESSAGES) as installed,
    ):
        for name, targets in requests_of(installed).items():
            figures += _compare(name, targets, installed, bare)
    where = "PostgreSQL" if server_url else "SQLite"
    report.show(f"reads on {where}, {CONNECTIONS} connections, one process", figures, notes=NOTES)


NOTES = (
    "bare: Starlette router with an ASGI endpoint that answers the same bytes with the same headers.",
    "by CPU time: CPU per request of the bare route through that of the product; steadier than rates under noise.",
)


def _compare(name: str, targets: Sequence[str], installed: Side, bare: Running) -> list[Figure]:
    _hand_over(installed, targets[0], bare)
    turns: list[tuple[Window, Window]] = []
    for _ in range(ROUNDS):
        of_bare = measure(bare, _plan(bare.port, installed.api_key, ["/stored/" + target[4:] for target in targets]))
        own = measure(
            installed.server, _plan(installed.server.port, installed.api_key, targets), others=installed.others
        )
        turns.append((of_bare, own))
    bares, owns = [turn[0] for turn in turns], [turn[1] for turn in turns]
    ratio = median(own.load.per_s / of_bare.load.per_s for of_bare, own in turns)
    return [
        of_windows(name, owns, f"{per_s(owns):,.0f} req/s", ratio=f"{ratio:.3f}", aim=f"≥ {AIM_RATIO}",
                   met=ratio >= AIM_RATIO),
        Figure("  bare, and by CPU time", f"{per_s(bares):,.0f} req/s", ratio=f"{cpu_ratio(owns, bares):.3f}"),
    ]  # fmt: skip


def _hand_over(installed: Side, target: str, bare: Running) -> None:
    """Gives the bare route the bytes that the product answers."""
    source = http.client.HTTPConnection("127.0.0.1", installed.server.port, timeout=30)
    source.request("GET", target, headers={"x-api-key": installed.api_key})
    answer = source.getresponse()
    content = answer.read()
    source.close()
    if answer.status != 200:
        raise RuntimeError(f"GET {target} answered {answer.status}: {content[:500]!r}")
    sink = http.client.HTTPConnection("127.0.0.1", bare.port, timeout=30)
    sink.request("PUT", "/stored/answer", content)
    if sink.getresponse().status != 204:
        raise RuntimeError("the bare route did not take the answer")
    sink.close()


def _plan(port: int, api_key: str, targets: Sequence[str]) -> Plan:
    return Plan(
        port=port,
        method="GET",
        targets=targets,
        headers={"x-api-key": api_key},
        connections=CONNECTIONS,
        seconds=SECONDS,
        warm_up_s=0.3,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="", help="a PostgreSQL URL whose user may create databases")
    run(parser.parse_args().database)


if __name__ == "__main__":
    main()
