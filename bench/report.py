"""Prints figures as a table, and keeps them as JSON under bench/out/."""

import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figures import NOISY, Figure

OUT = Path(__file__).parent / "out"


def show(title: str, figures: Sequence[Figure], *, notes: Sequence[str] = ()) -> None:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("figure")
    for name in ("value", "ratio", "aim", "met", "p50 ms", "p99 ms", "own MB", "CPU µs/msg", "noise"):
        table.add_column(name, justify="right")
    for figure in figures:
        met = "" if figure.met is None else "[green]yes[/]" if figure.met else "[red]no[/]"
        noise = f"{figure.noise:.0%}"
        table.add_row(
            figure.name,
            figure.value,
            figure.ratio,
            figure.aim,
            met,
            _number(figure.p50_ms, 2),
            _number(figure.p99_ms, 2),
            _number(figure.memory_mb, 0),
            _number(figure.cpu_us_per_message, 0),
            f"[yellow]{noise}[/]" if figure.noise > NOISY else noise,
        )
    console = Console(width=150 if not os.isatty(1) else None)
    console.print(table)
    for note in notes:
        console.print(note, markup=False)
    if any(figure.noise > NOISY for figure in figures):
        console.print(
            "Other processes used the machine during the lines with yellow noise; repeat those on a quiet one."
        )
    console.print(f"kept in {_keep(title, figures, notes)}", markup=False)


def _keep(title: str, figures: Sequence[Figure], notes: Sequence[str]) -> Path:
    OUT.mkdir(exist_ok=True)
    content = {
        "title": title,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"cores": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()},
        "figures": [asdict(figure) for figure in figures],
        "notes": list(notes),
    }
    name = f"{title.partition(' ')[0]}-{time.strftime('%Y%m%d-%H%M%S')}.json"
    path = OUT / name
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return path.relative_to(OUT.parent.parent)


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"
