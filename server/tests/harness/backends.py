"""The two storage engines that every test runs on."""

import asyncio
import functools
import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness.postgres import Postgres
from sent_server.db import migrate, open_database

NAMES = ("sqlite", "postgres")


@dataclass
class Backend:
    """Makes databases of one kind, empty or with a schema and no rows.

    The schema is made once and copied: migrating takes four times as long, and the tests need hundreds.
    """

    name: str
    folder: Path
    postgres: Postgres | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def empty_url(self) -> str:
        """A database without a schema."""
        return self.postgres.create_database() if self.postgres else f"sqlite:///{self._new_file()}"

    def new_url(self) -> str:
        """A database with the schema."""
        return self.copy_of(self._template)

    def copy_of(self, url: str) -> str:
        """A copy of a database that no process uses."""
        if self.postgres:
            return self.postgres.create_database(template=url)
        original, copy = Path(url.removeprefix("sqlite:///")), self._new_file()
        assert not Path(f"{original}-wal").exists(), "the copy would lack what is in the log"
        shutil.copyfile(original, copy)
        return f"sqlite:///{copy}"

    def new_home(self) -> Path:
        home = self.folder / f"home-{next(self._numbers)}"
        home.mkdir()
        return home

    def url_for(self, home: Path) -> str:
        """Where an installation in `home` keeps its rows: a file that it makes itself, or a new database."""
        return self.new_url() if self.postgres else f"sqlite:///{home / 'sent.db'}"

    def _new_file(self) -> Path:
        return self.folder / f"test-{next(self._numbers)}.db"

    @functools.cached_property
    def _template(self) -> str:
        async def fill(url: str) -> None:
            database = await open_database(url)
            await migrate.apply(database)
            await database.close()

        url = self.empty_url()
        asyncio.run(fill(url))
        return url
