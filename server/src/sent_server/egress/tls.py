"""TLS over bytes, without a socket, so that the bytes of a handshake are counted as well."""

import ssl

CHUNK_BYTES = 16 * 1024


def trusting_context() -> ssl.SSLContext:
    """Certificates are verified with the machine's authorities, or those in SSL_CERT_FILE."""
    context = ssl.create_default_context()
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


class Tls:
    """The client side of one connection. `is_open` once certificate and host name are verified."""

    __slots__ = ("_incoming", "_object", "_outgoing", "is_open")

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host.removesuffix("."))
        self.is_open = False

    def start(self) -> None:
        self._shake_hands()

    def receive(self, data: bytes) -> bytes:
        """The decrypted data. Raises ssl.SSLError, also when the peer closes TLS."""
        self._incoming.write(data)
        if not self.is_open and not self._shake_hands():
            return b""
        found: list[bytes] = []
        try:
            while chunk := self._object.read(CHUNK_BYTES):
                found.append(chunk)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            if not found:
                raise
        return b"".join(found)

    def send(self, data: bytes) -> None:
        self._object.write(data)

    def outgoing(self) -> bytes:
        """Bytes to send to the peer now."""
        return self._outgoing.read() if self._outgoing.pending else b""

    def _shake_hands(self) -> bool:
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        self.is_open = True
        return True
