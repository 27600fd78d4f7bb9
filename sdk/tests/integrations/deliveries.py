"""Examples as processes of their own, applications on a real port, and signed requests."""

import base64
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import httpx
import uvicorn

EXAMPLES = Path(__file__).parents[3] / "examples"
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
HOOK_ID = "d4f5a6b7-c8d9-4e0f-a1b2-c3d4e5f6a7b8"
# X-Webhook-Event-Type and the body's `field`: a webhook that subscribed with `messages`, and one of the newer names.
FORMS = (("messages", "messages"), ("message.delivered", "message"))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Example:
    """A command in an example's folder, as a process; `base_url` once it answers."""

    def __init__(self, name: str, command: list[str], port: int, **env: str) -> None:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("SENT_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=EXAMPLES / name, env={**clean, **env}, stderr=subprocess.PIPE
        )
        self.base_url = f"http://127.0.0.1:{port}"

    def __enter__(self) -> "Example":
        deadline_s = time.monotonic() + 30
        while time.monotonic() < deadline_s and self._process.poll() is None:
            try:
                httpx.get(self.base_url)
                return self
            except httpx.TransportError:
                time.sleep(0.05)
        self._process.kill()
        raise AssertionError(self._process.communicate()[1].decode())

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)


@contextmanager
def served(app: Any, *, lifespan: Literal["on", "off"] = "on") -> Generator[httpx.Client]:
    """An ASGI application on a real port of this process."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan=lifespan, ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the application did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    # A handler that fails ends its connection, perhaps while the next request is on its way.
    alone = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", limits=alone) as http:
        yield http
    server.should_exit = True
    thread.join(10)


def event(**fields: Any) -> bytes:
    payload = {"account_id": "a", "message_id": "m", "message_status": "DELIVERED", "channel": "sms"}
    told = {
        "field": "messages",
        "sub_type": "message.delivered",
        "event": "message.delivered",
        "timestamp": "2026-01-15T10:35:00Z",
        "payload": payload,
        "meta": {"request_id": "event-1"},
        **fields,
    }
    return json.dumps(told).encode()


def signed(body: bytes, *, secret: str = SECRET, at_s: int | None = None, **more: str) -> dict[str, str]:
    """The headers of a delivery."""
    moment = str(int(time.time()) if at_s is None else at_s)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{HOOK_ID}.{moment}.".encode() + body, hashlib.sha256)
    return {
        "Content-Type": "application/json",
        "X-Webhook-ID": HOOK_ID,
        "X-Webhook-Timestamp": moment,
        "X-Webhook-Signature": "v1," + base64.b64encode(digest).decode(),
        **more,
    }
