"""A mail server on 127.0.0.1 that keeps what arrives, speaks TLS when given a certificate, and refuses as told."""

import base64
import datetime
import ipaddress
import re
import socketserver
import ssl
import threading
from collections import deque
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.waiting import at_least, wait_for

LINK = re.compile(r"https?://\S+/invitations/(\S+)")
USER, PASSWORD = "relay user", "p@ss/word:1"


@dataclass(frozen=True, slots=True)
class Mail:
    """`secure` tells whether it came over TLS, `login` who authenticated."""

    sender: str
    recipients: list[str]
    raw: bytes
    secure: bool
    login: str | None

    @property
    def message(self) -> EmailMessage:
        return cast(EmailMessage, message_from_bytes(self.raw, policy=policy.default))

    @property
    def text(self) -> str:
        return str(self.message.get_content())

    @property
    def token(self) -> str:
        found = LINK.search(self.text)
        assert found, self.text
        return found.group(1)


@dataclass
class Mailbox:
    """`mails` is what came. `replies` answers the next commands of a kind, such as `("RCPT", "550 who?")`."""

    certificate: Path | None = None
    from_first_byte: bool = False
    mails: list[Mail] = field(default_factory=list[Mail])
    replies: deque[tuple[str, str]] = field(default_factory=deque[tuple[str, str]])

    def __post_init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.mailbox = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def wait(self, count: int = 1, timeout_s: float = 10.0, *, to: str | None = None) -> list[Mail]:
        """The mails (to one person), once there are at least `count`."""

        def arrived() -> list[Mail]:
            return [mail for mail in list(self.mails) if to is None or to in mail.recipients]

        return wait_for(arrived, timeout_s, until=at_least(count), what=f"{count} mails")

    def context(self) -> ssl.SSLContext:
        assert self.certificate is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        return context

    def __enter__(self) -> "Mailbox":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    mailbox: Mailbox

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that distrusts our certificate hangs up; that is part of the tests."""


class _Session(socketserver.StreamRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride] - the one that makes these

    def handle(self) -> None:
        self.secure, self.login = False, None
        self.sender, self.recipients = "", []
        if self.server.mailbox.from_first_byte:
            self._encrypt()
        self._say("220 harness")
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            verb = verb.upper()
            if planned := self._planned(verb):
                self._say(planned)
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._obey(verb, rest)

    def finish(self) -> None:
        super().finish()
        self.request.close()  # the encrypted one, which the server does not know

    def _obey(self, verb: str, rest: str) -> None:
        match verb:
            case "EHLO":
                offers = ["STARTTLS"] if self.server.mailbox.certificate and not self.secure else ["AUTH PLAIN"]
                for offer in ["harness", *offers]:
                    self._say(f"250-{offer}")
                self._say("250 8BITMIME")
            case "STARTTLS":
                self._say("220 go ahead")
                self._encrypt()
            case "AUTH":
                _, user, password = base64.b64decode(rest.split()[1]).decode().split("\0")
                known = (user, password) == (USER, PASSWORD)
                self.login = user if known else None
                self._say("235 welcome" if known else "535 who are you")
            case "MAIL":
                self.sender, self.recipients = _address(rest), []
                self._say("250 ok")
            case "RCPT":
                self.recipients.append(_address(rest))
                self._say("250 ok")
            case "DATA":
                self._say("354 go on")
                self._keep()
                self._say("250 taken")
            case _:
                self._say("250 ok")

    def _keep(self) -> None:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        mail = Mail(self.sender, self.recipients, b"".join(lines), self.secure, self.login)
        self.server.mailbox.mails.append(mail)

    def _planned(self, verb: str) -> str | None:
        replies = self.server.mailbox.replies
        return replies.popleft()[1] if replies and replies[0][0] == verb else None

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def _encrypt(self) -> None:
        self.request = self.server.mailbox.context().wrap_socket(self.request, server_side=True)
        self.rfile = self.request.makefile("rb")
        self.wfile = self.request.makefile("wb", buffering=0)
        self.secure = True


def _address(argument: str) -> str:
    found = re.search(r"<([^>]*)>", argument)
    return found.group(1) if found else ""


def certificate(folder: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one file; trust it with SSL_CERT_FILE."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "relay.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path
