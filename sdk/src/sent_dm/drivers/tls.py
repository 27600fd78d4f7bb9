"""One TLS context per process: making it reads every trusted certificate, which takes tens of milliseconds."""

import os
import ssl

import httpx

_contexts: dict[tuple[str | None, str | None], ssl.SSLContext] = {}


def default_context() -> ssl.SSLContext:
    """What httpx uses by itself, SSL_CERT_FILE and SSL_CERT_DIR included."""
    named = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    if named not in _contexts:
        _contexts[named] = httpx.create_ssl_context()
    return _contexts[named]
