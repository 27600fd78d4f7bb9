"""Runs the checks in the order in which an operator would fix problems, and prints the findings."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import orjson
from rich.console import Console
from rich.text import Text

from sent_server.cli import installation, logs
from sent_server.cli.doctor import database, machine, services
from sent_server.cli.doctor.findings import Finding, Level, refused
from sent_server.cli.failures import CommandError
from sent_server.cli.home import Home
from sent_server.settings import Settings, SettingsError

COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "bold red"}


def run(home: Path | None, config: Path | None, flags: dict[str, str | None], *, as_json: bool) -> None:
    """Raises CommandError if there is a problem. Warnings are not problems."""
    said: list[str] = []
    try:
        settings = installation.settings_of(home, None, config, warn=said.append, **flags)
        settings = installation.as_served(settings, config, **flags)
    except SettingsError as error:
        findings = [refused("settings", error)]
    else:
        logs.configure("error")
        findings = [*machine.settings(said), *asyncio.run(examine(settings))]
    problems = sum(finding.level is Level.PROBLEM for finding in findings)
    if as_json:
        print(orjson.dumps({"healthy": not problems, "findings": [asdict(one) for one in findings]}).decode())
    else:
        _show(findings)
    if problems:
        found = "1 problem" if problems == 1 else f"{problems} problems"
        raise CommandError(f"{found} found; each line says how to fix it")


async def examine(settings: Settings) -> list[Finding]:
    """Run all checks except that of the sources of the settings. Changes nothing."""
    folder = Home(Path(settings.home).resolve())
    findings = [*machine.home(folder), machine.disk(folder), machine.files()]
    findings += [*machine.exposure(settings), *machine.roles(settings)]
    url = settings.database_url or f"sqlite:///{folder.path / 'sent.db'}"
    installation_id: str | None = None
    async for one in database.examine(settings, url):
        if isinstance(one, str):
            installation_id = one
        else:
            findings.append(one)
    findings += await services.examine_bus(settings, installation_id)
    findings += await services.examine_cache(settings)
    return findings


def _show(findings: Sequence[Finding]) -> None:
    console = Console(highlight=False)
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        line = Text.assemble(
            (f"{finding.level:<8} ", COLOURS[finding.level]), f"{finding.check:<{width}}  ", finding.found
        )
        console.print(line, soft_wrap=True)
        if finding.remedy:
            console.print(Text(f"{'':<9}{'':<{width}}  -> {finding.remedy}", "cyan"), soft_wrap=True)
