"""The socket on which a running server serves `sent` commands: a JSON line in, a JSON line out, for the owner only."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

import orjson

from sent_server.cli import failures
from sent_server.cli.failures import CommandError
from sent_server.cli.home import check_file

MAX_LINE_BYTES = 1_048_576
TIMEOUT_S = 30.0
# sun_path has 108 bytes: a longer path is opened through its folder's descriptor
MAX_PATH_BYTES = 100
# (operation, arguments) -> result to print
Perform = Callable[[str, dict[str, Any]], Awaitable[Any]]


@contextlib.asynccontextmanager
async def served(path: Path, perform: Perform) -> AsyncGenerator[None]:
    """Serve commands while the block runs. The caller holds the folder, so an existing socket is stale."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, ValueError):
            asked = orjson.loads(await reader.readline())
            writer.write(orjson.dumps(await _performed(perform, asked)) + b"\n")
            await writer.drain()

    path.unlink(missing_ok=True)
    with _short(path) as address:
        previous = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(answer, address, limit=MAX_LINE_BYTES)
        finally:
            os.umask(previous)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


async def _performed(perform: Perform, asked: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"done": await perform(asked["operation"], asked["arguments"])}
    except Exception as error:
        text = failures.explain(error)
        if text is None:
            raise
        return {"refused": text}


def ask(path: Path, operation: str, arguments: dict[str, Any]) -> Any:
    """Returns the server's result. Raises CommandError for an error, UnsafeHomeError, and OSError without a server."""
    check_file(path, is_socket=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection, _short(path) as address:
        connection.settimeout(TIMEOUT_S)
        connection.connect(address)
        connection.sendall(orjson.dumps({"operation": operation, "arguments": arguments}) + b"\n")
        with connection.makefile("rb") as lines:
            line = lines.readline()
    if not line:
        raise CommandError("the running server failed to do that; see its log")
    answer = orjson.loads(line)
    if "refused" in answer:
        raise CommandError(answer["refused"])
    return answer["done"]


@contextlib.contextmanager
def _short(path: Path) -> Generator[str]:
    if len(os.fsencode(path)) <= MAX_PATH_BYTES:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
