"""What deploy/ names exists: settings, commands, flags of the services, folders that the image is built from."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from sent_server import settings
from sent_server.cli.main import app

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMMANDS = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def unknown(environ: dict[str, str]) -> list[str]:
    """What reading these settings warns of. Raises SettingsError for what is not readable."""
    said: list[str] = []
    settings.load(environ=environ, warn=said.append)
    return said


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def test_every_service_of_compose_is_whole(compose):
    services, volumes = compose["services"], set(compose["volumes"])
    assert {"postgres", "nats", "valkey", "migrate", "api", "worker"} == set(services)
    assert services["worker"]["deploy"]["replicas"] == 2
    for name, service in services.items():
        assert "image" in service, name
        assert set(service.get("depends_on", {})) <= set(services), name
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in volumes, name
    assert "-js" in services["nats"]["command"]
    assert services["valkey"]["command"][1:3] == ["--appendonly", "yes"]


@pytest.mark.parametrize("name", ["migrate", "api", "worker"])
def test_our_services_of_compose_name_commands_and_settings_that_exist(compose, name):
    service = compose["services"][name]
    assert service["command"][0] in COMMANDS
    environ = {key: re.sub(r"\$\{\w+:\?[^}]*\}", "ab" * 32, value) for key, value in service["environment"].items()}
    assert {"SENT_DATABASE_URL", "SENT_BUS_URL", "SENT_CACHE_URL", "SENT_MASTER_KEY"} <= set(environ)
    assert unknown(environ) == []
    loaded = settings.load(environ=environ)
    hosts = set(compose["services"])
    for url in (loaded.database_url.rpartition("@")[2], loaded.bus_url, loaded.cache_url):
        assert re.sub(r"^\w+://", "", url).partition(":")[0] in hosts
    assert loaded.drain_ms < int(service["stop_grace_period"].removesuffix("s")) * 1000
    assert (ROOT / "deploy" / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


def test_the_image_is_built_from_what_the_repository_has():
    text = (DEPLOY / "Containerfile").read_text()
    for line in re.findall(r"^COPY (?!--)(.+)$", text, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
    named = dict(re.findall(r"(SENT_\w+)=(\S+)", text))
    assert unknown(named) == []
    assert 'ENTRYPOINT ["sent"]' in text


def test_the_example_of_the_environment_names_settings_that_exist():
    lines = (DEPLOY / "systemd" / "sent.env.example").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert unknown(given) == []
    assert settings.load(environ=given).database_url.startswith("postgresql://")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_that_exists_and_waits_for_its_drain(unit):
    parsed = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read_string(unit.read_text())
    service = parsed["Service"]
    program, command = service["ExecStart"].split()
    assert (program, command in COMMANDS) == ("/opt/sent/.venv/bin/sent", True)
    example = (DEPLOY / "systemd" / "sent.env.example").read_text()
    drain_ms = int(re.search(r"SENT_DRAIN_MS=(\d+)", example)[1])  # type: ignore[index]
    assert int(service["TimeoutStopSec"]) * 1000 > drain_ms + 20_000
    assert service["StateDirectory"] == "sent"
    assert service["NoNewPrivileges"] == "yes"
    assert re.search(r"^SENT_HOME=/var/lib/sent$", example, re.MULTILINE)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_no_fault_in_a_unit(unit, tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze on this machine; the unit is parsed in the test above")
    program = tmp_path / "sent"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/sent/.venv/bin/sent", str(program)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True, timeout=60, check=False
    )
    said = [line for line in done.stderr.splitlines() if unit.stem.rstrip("@") in line]
    assert said == []
