"""`sent up`, `sent api` and `sent worker`: the processes of an installation."""

from typing import Annotated

import typer

from sent_server.cli.options import AsJson, Bus, Cache, Config, Database, Home, Tier

Host = Annotated[str | None, typer.Option(help="Address to listen on. Default 127.0.0.1.")]


def register(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(api)
    app.command()(worker)


def up(
    home: Home = None,
    host: Host = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Default 8080, or the next free port. 0 takes any free port.")
    ] = None,
    database: Database = None,
    bus: Bus = None,
    cache: Cache = None,
    config: Config = None,
    tier: Annotated[Tier | None, typer.Option(help="Tier of the demo account. Default growth.")] = None,
    ephemeral: Annotated[bool, typer.Option("--ephemeral", help="Use a temporary folder, removed at the end.")] = False,
    no_demo: Annotated[bool, typer.Option("--no-demo", help="Create no demo account.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start the server: API, dispatcher and webhook sender in one process."""
    from sent_server.cli import up as server

    server.run(
        server.UpOptions(
            home, host, port, database, bus, cache, config, tier, ephemeral, demo=not no_demo, as_json=as_json
        )
    )


def api(
    home: Home = None,
    host: Host = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Default 8080. 0 takes any free port.")] = None,
    database: Database = None,
    bus: Bus = None,
    cache: Cache = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Serve the API only, together with any number of other processes. Needs PostgreSQL."""
    from sent_server.cli import serve
    from sent_server.composition import ProcessRole

    flags = {"host": host, "port": port, "database_url": database, "bus_url": bus, "cache_url": cache}
    serve.run(ProcessRole.API, serve.ServeOptions(home, config, flags, as_json))


def worker(
    home: Home = None,
    health_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port for health checks. 0 means no port.")
    ] = None,
    database: Database = None,
    bus: Bus = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Send messages, deliver webhooks and run maintenance, together with other processes. Needs PostgreSQL."""
    from sent_server.cli import serve
    from sent_server.composition import ProcessRole

    flags = {"health_port": health_port, "database_url": database, "bus_url": bus}
    serve.run(ProcessRole.WORKER, serve.ServeOptions(home, config, flags, as_json))
