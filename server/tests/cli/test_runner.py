"""The runner gives a command its target, adds the shared options, and prints what the command returns."""

from typing import Annotated

import orjson
import typer
from typer.testing import CliRunner

from sent_server.cli.runner import Result, Target, command

group = typer.Typer()


@command(group, "first")
def first(target: Target, name: Annotated[str, typer.Argument()], loud: bool = False) -> Result:
    """Say where this would happen."""
    return {"home": str(target.home), "database": target.database, "name": name.upper() if loud else name}


@command(group, "second")
def second(target: Target) -> Result:
    return [{"id": 1}, {"id": 2}]


def invoke(*arguments: str) -> str:
    done = CliRunner().invoke(group, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_command_gets_its_target_and_its_own_arguments():
    said = orjson.loads(invoke("first", "ada", "--loud", "--home", "/x", "--database", "sqlite:///y", "--json"))
    assert said == {"home": "/x", "database": "sqlite:///y", "name": "ADA"}


def test_without_options_the_installation_is_left_to_the_settings():
    assert orjson.loads(invoke("first", "ada", "--json")) == {"home": "None", "database": None, "name": "ada"}


def test_a_list_is_printed_as_columns():
    assert invoke("second").split() == ["id", "1", "2"]


def test_help_shows_the_docstring_and_the_shared_options():
    said = invoke("first", "--help")
    for expected in ("Say where this would happen.", "--loud", "--home", "--database", "--json"):
        assert expected in said
