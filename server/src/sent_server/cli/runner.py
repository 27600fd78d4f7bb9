"""The runner of most commands: find the installation, do the work, print the result.

    @command(keys, "revoke")
    def revoke_key(target: Target, key_id: KeyId) -> Result:
        return target.operate("keys revoke", key_id=key_id)

The runner adds --home, --database and --json to the arguments of the command. `main` turns errors into exit codes.
"""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, cast

import typer

from sent_server.cli.options import AsJson, Database, Home
from sent_server.kernel.values import value_object

P = ParamSpec("P")
# A record, or a list of records with the same fields.
Result = Any

_SHARED = {"home": (Home, None), "database": (Database, None), "as_json": (AsJson, False)}


@value_object
class Target:
    """The installation of a command: its folder and its database, if the options set them."""

    home: Path | None
    database: str | None

    def operate(self, operation: str, **arguments: Any) -> Result:
        """Run an operation, in this process or in the running server. Raises the errors of `operate.perform`."""
        from sent_server.cli import operate

        return operate.perform(self.home, self.database, operation, **arguments)


def command(
    group: typer.Typer, name: str
) -> Callable[[Callable[Concatenate[Target, P], Result]], Callable[Concatenate[Target, P], Result]]:
    """Register the function as a command of `group`. Its first argument is the Target, and its result is printed."""

    def register(function: Callable[Concatenate[Target, P], Result]) -> Callable[Concatenate[Target, P], Result]:
        def run(
            *, home: Path | None = None, database: str | None = None, as_json: bool = False, **arguments: Any
        ) -> None:
            from sent_server.cli import table

            table.show(cast("Any", function)(Target(home, database), **arguments), as_json=as_json)

        run.__doc__ = function.__doc__
        # Typer reads arguments and options from the signature.
        own = list(inspect.signature(function).parameters.values())[1:]
        shared = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
            for name, (kind, default) in _SHARED.items()
        ]
        own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        cast("Any", run).__signature__ = inspect.Signature([*own, *shared])
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in [*own, *shared]}
        group.command(name)(run)
        return function

    return register
