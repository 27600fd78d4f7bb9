"""Held against uvloop itself: should it change its words, this fails."""

import asyncio

import pytest
import uvloop

from sent_server.kernel import sockets


def test_what_uvloop_says_of_a_connection_that_has_just_closed_is_recognized():
    async def write_after_close() -> None:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
        transport, _ = await asyncio.get_running_loop().create_connection(
            asyncio.Protocol, *server.sockets[0].getsockname()
        )
        transport.abort()
        await asyncio.sleep(0.05)
        server.close()
        transport.writelines([b"too late"])

    with pytest.raises(RuntimeError) as caught:
        uvloop.run(write_after_close())
    assert sockets.closed_underneath(caught.value)


def test_our_own_mistakes_are_not():
    assert not sockets.closed_underneath(RuntimeError("dictionary changed size during iteration"))
    assert not sockets.closed_underneath(OSError("the handler is closed"))
