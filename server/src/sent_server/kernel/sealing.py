"""Encryption at rest for secrets that must be read back: AES-256-GCM, bound to the row that holds them."""

import base64
import os
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class Sealer:
    """`random_bytes` must be secret and must never repeat. Only a simulation passes its own."""

    def __init__(self, master_key: bytes, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._cipher = AESGCM(master_key)
        self._random_bytes = random_bytes

    def seal(self, secret: str, *, row_id: str) -> str:
        nonce = self._random_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, secret.encode(), row_id.encode())
        return base64.b64encode(nonce + sealed).decode()

    def open(self, sealed: str, *, row_id: str) -> str:
        """Raises cryptography's InvalidTag when the text was sealed for another row or with another key."""
        raw = base64.b64decode(sealed)
        return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], row_id.encode()).decode()
