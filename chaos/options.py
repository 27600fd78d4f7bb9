"""How long and how hard a run is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """`short`: a taste of every scenario for the suite; its figures are shown, but only invariants are judged."""

    seed: int = 1
    kills: int = 200
    seconds: int = 30
    short: bool = False
