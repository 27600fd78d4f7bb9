"""Receivers that do what no honest one does, and a name server that keeps silent, on 127.0.0.1."""

import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator

SMALL_BUFFER = 8 * 1024  # little is under way, so that what was sent is about what was read


class HostileReceiver:
    """Runs `act(connection, number)` in a thread for each connection; `sent` counts what `pour` got rid of."""

    def __init__(self, act: "Callable[[HostileReceiver, socket.socket, int], None]") -> None:
        self._act = act
        self.sent = 0
        self.connections = 0
        self.requests: list[bytes] = []
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def read_request(self, connection: socket.socket) -> bytes:
        """One request with its body; b"" at the end of the connection."""
        data = b""
        while b"\r\n\r\n" not in data:
            if not (chunk := connection.recv(65_536)):
                return b""
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += connection.recv(65_536)
        self.requests.append(head + b"\r\n\r\n" + body)
        return self.requests[-1]

    def pour(self, connection: socket.socket, chunks: Iterator[bytes]) -> None:
        """Send until the other side has had enough."""
        for chunk in chunks:
            connection.sendall(chunk)
            self.sent += len(chunk)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def __enter__(self) -> "HostileReceiver":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._handle, args=(connection, self.connections), daemon=True).start()

    def _handle(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), connection:
            self._act(self, connection, number)


class NameServer:
    """Answers every name with 127.0.0.1 for an hour; one with `hang` in it never, and `absent` is in none that exists.
    `asked` counts the A queries."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.leads_to = "127.0.0.1"
        self._is_open = True
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._is_open = False
        with contextlib.suppress(OSError):
            self._socket.sendto(b"", self._socket.getsockname())
        self._socket.close()

    def __enter__(self) -> "NameServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        while self._is_open:
            try:
                data, peer = self._socket.recvfrom(2_048)
            except OSError:
                return
            if len(data) > 12:
                self._answer(data, peer)

    def _answer(self, data: bytes, peer: tuple[str, int]) -> None:
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1 : at + 1 + data[at]].decode().lower())
            at += data[at] + 1
        name, kind = ".".join(labels), data[at + 1 : at + 3]
        question, is_a = data[12 : at + 5], kind == b"\x00\x01"
        self.asked[name] += is_a
        if "hang" in name:
            return
        if "absent" in name:
            with contextlib.suppress(OSError):
                self._socket.sendto(data[:2] + b"\x81\x83" + struct.pack(">HHHH", 1, 0, 0, 0) + question, peer)
            return
        head = data[:2] + b"\x81\x80" + struct.pack(">HHHH", 1, int(is_a), 0, 0)
        record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 3_600, 4) + socket.inet_aton(self.leads_to)
        with contextlib.suppress(OSError):
            self._socket.sendto(head + question + (record if is_a else b""), peer)
