"""A home that came along with something else: nothing in it is followed, and a person is warned."""

import os
import shutil
import subprocess
from pathlib import Path

import orjson
import pytest

from harness import server as servers
from sent_server.cli import home as homes
from sent_server.cli.home import Home, UnsafeHomeError

OPENED = [*homes.FILES]


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        servers.command(*arguments),
        capture_output=True,
        env=servers.environment(),
        timeout=60,
        check=False,
        cwd=cwd,
    )


@pytest.mark.parametrize("name", OPENED)
@pytest.mark.parametrize("dangling", [False, True], ids=["to a file", "dangling"])
def test_no_file_of_the_home_is_followed(tmp_path: Path, name: str, dangling: bool) -> None:
    home, target = tmp_path / "home", tmp_path / "precious"
    home.mkdir(mode=0o700)
    if not dangling:
        target.write_text("precious")
    (home / name).symlink_to(target)
    for command in (("up", "--port", "0", "--json"), ("accounts", "create", "Somebody")):
        done = run(*command, "--home", str(home))
        assert done.returncode == 1
        said = done.stderr.decode()
        assert f"{home / name} is a symbolic link" in said
        assert len(said.splitlines()) == 1
    assert target.exists() is not dangling
    assert dangling or target.read_text() == "precious"
    assert [file.name for file in home.iterdir()] == [name]


def test_a_lock_that_is_another_file_too_is_not_written(tmp_path: Path) -> None:
    home, target = tmp_path / "home", tmp_path / "precious"
    home.mkdir(mode=0o700)
    target.write_text("precious")
    (home / homes.LOCK_FILE).hardlink_to(target)
    done = run("up", "--port", "0", "--json", "--home", str(home))
    assert done.returncode == 1
    assert "is a hard link to another file" in done.stderr.decode()
    assert target.read_text() == "precious"


def test_what_is_no_file_is_refused_and_blocks_nobody(tmp_path: Path) -> None:
    for name in homes.FILES:
        os.mkfifo(tmp_path / name)
        with pytest.raises(UnsafeHomeError, match="is not a"):
            Home(tmp_path).check()
        (tmp_path / name).unlink()


def test_a_backup_writes_through_no_link(tmp_path: Path) -> None:
    home, target = tmp_path / "home", tmp_path / "precious"
    servers.operate(home, "accounts", "create", "Somebody")
    target.write_text("precious")
    (tmp_path / "copy").symlink_to(target)
    (tmp_path / "copy.master.key").symlink_to(target)
    servers.operate(home, "backup", str(tmp_path / "copy"))
    assert target.read_text() == "precious"
    assert not (tmp_path / "copy").is_symlink()


def test_the_default_folder_is_no_link_to_somewhere_else(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".sent").symlink_to(tmp_path / "elsewhere")
    done = run("up", "--port", "0", "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert b".sent is a symbolic link" in done.stderr
    assert list((tmp_path / "elsewhere").iterdir()) == []


def _notices(home: Path) -> str:
    """What a start says on standard error."""
    process = subprocess.Popen(
        servers.command("up", "--home", str(home), "--port", "0", "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=servers.environment(),
    )
    assert process.stdout is not None
    assert orjson.loads(process.stdout.readline())["api_key"]
    process.terminate()
    return process.communicate(timeout=30)[1].decode()


def test_a_home_that_was_copied_is_pointed_out_once(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert "was copied" not in _notices(first)
    assert "was copied" not in _notices(first)
    shutil.copytree(first, second)  # as a clone or an archive would bring it
    servers.operate(second, "accounts", "create", "A command in between says nothing, and hides nothing")
    said = _notices(second)
    assert f"{second} was copied" in said
    assert "--home" in said
    assert "was copied" not in _notices(second)


@pytest.mark.parametrize(
    ("folder", "expected"), [("above/home", "other users can write to"), ("above", "other users can replace")]
)
def test_a_home_that_others_can_change_is_pointed_out(tmp_path: Path, folder: str, expected: str) -> None:
    home = tmp_path / "above" / "home"
    home.mkdir(parents=True, mode=0o700)
    assert Home(home).notices() == []
    (tmp_path / folder).chmod(0o777)
    (said,) = Home(home).notices()
    assert expected in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
def test_a_home_of_somebody_else_is_pointed_out(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    os.chown(home, 12_345, -1)
    (said,) = Home(home).notices()
    assert "belongs to another user (uid 12345)" in said
