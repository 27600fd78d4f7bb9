"""What a scenario found: lines of a table, and whether each is as it must be."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Line:
    """`invariant` names a row of the table in the docs; `wrong` says what contradicts it. `skipped`: why not run."""

    scenario: str
    invariant: str
    figure: str
    wrong: Sequence[str] = ()
    skipped: str = ""

    @property
    def ok(self) -> bool:
        return not self.wrong and not self.skipped


@dataclass(slots=True)
class Findings:
    """Collects the lines of one scenario."""

    scenario: str
    lines: list[Line] = field(default_factory=list[Line])
    broke_down: bool = False

    def add(self, invariant: str, figure: str, wrong: Sequence[str] = ()) -> None:
        self.lines.append(Line(self.scenario, invariant, figure, tuple(wrong)))

    def require(self, invariant: str, figure: str, holds: bool, otherwise: str = "") -> None:
        """`otherwise` says what is wrong when it does not hold; else the figure itself does."""
        self.add(invariant, figure, () if holds else (otherwise or figure,))

    def skip(self, invariant: str, reason: str) -> None:
        self.lines.append(Line(self.scenario, invariant, "not run", skipped=reason))

    @property
    def wrong(self) -> list[str]:
        return [f"{line.invariant}: {text}" for line in self.lines for text in line.wrong]


def show(lines: Sequence[Line], *, seed: int) -> None:
    table = Table(title=f"chaos, seed {seed}", title_justify="left", title_style="bold")
    for name in ("scenario", "invariant", "figure", "verdict"):
        table.add_column(name)
    for line in lines:
        verdict = "[yellow]NOT RUN[/]" if line.skipped else "[green]holds[/]" if line.ok else "[red]VIOLATED[/]"
        table.add_row(line.scenario, line.invariant, line.figure, verdict)
    console = Console(width=150)
    console.print(table)
    for line in lines:
        if line.skipped:
            console.print(f"[yellow bold]NOT RUN[/] {line.scenario}, {line.invariant}: {line.skipped}")
        for text in line.wrong[:SHOWN]:
            console.print(f"VIOLATED {line.scenario}, {line.invariant}: {text}", markup=False)
        if len(line.wrong) > SHOWN:
            console.print(f"... and {len(line.wrong) - SHOWN} more of these")
