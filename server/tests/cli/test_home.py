"""The folder, the socket in it, and the port."""

import asyncio
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from sent_server.cli import admin_socket, home, ports
from sent_server.cli.failures import CommandError
from sent_server.cli.home import Home, HomeHeldError


def test_a_folder_is_held_once_and_says_by_whom(tmp_path: Path) -> None:
    folder = Home(tmp_path / "new")
    with folder.held():
        with pytest.raises(HomeHeldError) as held, folder.held():
            pass
        assert held.value.pid == os.getpid()
    with folder.held():
        pass


def test_a_private_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    home.write_private(file, b"one")
    home.write_private(file, b"two")
    assert file.read_bytes() == b"two"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("depth", [1, 12])
def test_the_socket_answers_however_long_its_path(tmp_path: Path, depth: int) -> None:
    folder = tmp_path.joinpath(*["a-folder-name"] * depth)
    folder.mkdir(parents=True)
    path = folder / "admin.sock"

    async def perform(operation: str, arguments: dict[str, Any]) -> Any:
        if operation == "refuse":
            raise CommandError("no")
        return [operation, arguments]

    async def exchange() -> Any:
        async with admin_socket.served(path, perform):
            assert path.stat().st_mode & 0o777 == 0o600
            with pytest.raises(CommandError, match="no"):
                await asyncio.to_thread(admin_socket.ask, path, "refuse", {})
            return await asyncio.to_thread(admin_socket.ask, path, "echo", {"a": 1})

    assert asyncio.run(exchange()) == ["echo", {"a": 1}]
    assert not path.exists()


def test_a_busy_default_port_is_stepped_over_and_its_holder_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        bound, said = ports.bind("127.0.0.1", port, or_next=True)
        with bound:
            assert bound.getsockname()[1] > port
        assert said is not None
        assert f"(pid {os.getpid()})" in said


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("::", "http://[::1]:80"),
    ],
)
def test_the_address_is_one_that_clients_can_use(host: str, expected: str) -> None:
    assert ports.base_url(host, 80) == expected
