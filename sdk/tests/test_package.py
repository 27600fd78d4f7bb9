"""What a user installs: the wheel, built from sdk/ alone, and what type checkers say of it."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

SDK = Path(__file__).parents[1]
SURFACE = Path(__file__).parent / "typed" / "surface.py"
SOURCES = {path.relative_to(SDK / "src").as_posix() for path in (SDK / "src" / "sent_dm").rglob("*.py")}


def run(*command: str | Path, cwd: Path) -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("SENT_", "PYTHON", "MYPY"))}
    done = subprocess.run([str(one) for one in command], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built in a copy, because building leaves things behind."""
    folder = tmp_path_factory.mktemp("wheel")
    kept = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "tests")
    shutil.copytree(SDK, folder / "sdk", ignore=kept)
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", "."]
    run(*build, "./sdk", cwd=folder)
    (made,) = folder.glob("sentdm-*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """The python of an environment with the wheel; its dependencies are those of this one."""
    folder = wheel.parent / "env"
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=wheel.parent)
    (packages,) = folder.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(packages)
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin" / "python"


def test_what_is_in_the_wheel(wheel):
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
        (info,) = {name.split("/")[0] for name in names if not name.startswith("sent_dm/")}
        metadata = packed.read(f"{info}/METADATA").decode()
    assert {name for name in names if name.startswith("sent_dm/")} == SOURCES | {"sent_dm/py.typed"}
    head, _, readme = metadata.partition("\n\n")
    assert "Name: sentdm\n" in head
    assert "Requires-Python: >=3.11" in head
    assert [line for line in head.splitlines() if line.startswith("Requires-Dist") and "extra" not in line] == [
        "Requires-Dist: httpx<1,>=0.25"
    ]
    extras = {line.split(": ")[1] for line in head.splitlines() if line.startswith("Provides-Extra")}
    assert extras == {"aiohttp", "celery", "django", "fastapi", "flask"}
    assert readme.strip() == (SDK / "README.md").read_text().strip()


def test_the_wheel_alone_works(installed):
    code = """
import sys, sent_dm
from sent_dm import SentDm
print(sent_dm.__file__)
SentDm("key").messages.with_raw_response
extras = {"aiohttp", "celery", "django", "fastapi", "flask", "pytest"}
print(sorted(extras & sys.modules.keys()))
"""
    where, heavy = run(installed, "-c", code, cwd=installed.parent).splitlines()
    assert Path(where).is_relative_to(installed.parents[1])
    assert heavy == "[]"


def test_pyright_strict(installed, tmp_path):
    shutil.copy(SURFACE, tmp_path)
    config = {
        "typeCheckingMode": "strict",
        "enableTypeIgnoreComments": False,
        "reportUnnecessaryTypeIgnoreComment": "error",
        "pythonVersion": "3.11",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    run(sys.executable, "-m", "pyright", "--pythonpath", installed, ".", cwd=tmp_path)


def test_mypy_strict(installed, tmp_path):
    shutil.copy(SURFACE, tmp_path)
    strict = ["--strict", "--warn-unused-ignores", "--python-version", "3.11", "--cache-dir", tmp_path / "cache"]
    run(sys.executable, "-m", "mypy", *strict, "--python-executable", installed, "surface.py", cwd=tmp_path)
