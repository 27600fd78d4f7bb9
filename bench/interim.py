"""A webhook receiver that never comes to its answer: interim ones without end. A process of its own."""

import contextlib
import json
import os
import socket
import threading

ANSWERS = (b"HTTP/1.1 100 Continue\r\n\r\n" * 2_600, b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 1_600)


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)
    port = listener.getsockname()[1]
    print(json.dumps({"base_url": f"http://127.0.0.1:{port}", "pid": os.getpid()}), flush=True)
    for number in range(1_000_000):
        connection, _ = listener.accept()
        threading.Thread(target=_answer, args=(connection, ANSWERS[number % 2]), daemon=True).start()


def _answer(connection: socket.socket, answer: bytes) -> None:
    with contextlib.suppress(OSError), connection:
        connection.recv(65_536)
        while True:
            connection.sendall(answer)


if __name__ == "__main__":
    main()
