"""The two storage engines that every test runs on."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness.postgres import Postgres

NAMES = ("sqlite", "postgres")


@dataclass
class Backend:
    """Makes empty databases of one kind. `flags` turns a URL into what `sent up` takes."""

    name: str
    folder: Path
    postgres: Postgres | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_url(self) -> str:
        if self.postgres:
            return self.postgres.create_database()
        return f"sqlite:///{self.folder / f'test-{next(self._numbers)}.db'}"

    def new_home(self) -> Path:
        home = self.folder / f"home-{next(self._numbers)}"
        home.mkdir()
        return home

    def url_for(self, home: Path) -> str:
        """Where an installation in `home` keeps its rows: its own file, or a new database."""
        return self.postgres.create_database() if self.postgres else f"sqlite:///{home / 'sent.db'}"
