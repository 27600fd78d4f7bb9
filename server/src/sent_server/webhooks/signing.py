"""The signature of a delivery. Pure. Source: contract/webhooks.md, section 2.

    v1          `v1,` + base64 HMAC-SHA256(key, "{id}.{timestamp}." + body), key = the secret's decoded bytes
    hex         hex HMAC-SHA256(secret as text, body)         sha256-hex   `sha256=` + the same
    base64      base64 HMAC-SHA256(secret as text, body)

There is one signature only, because receivers compare the complete header.
"""

import base64
import hmac
import secrets
from enum import StrEnum

PREFIX = "whsec_"
SECRET_BYTES = 32


class SignatureMode(StrEnum):
    V1 = "v1"
    HEX = "hex"
    SHA256_HEX = "sha256-hex"
    BASE64 = "base64"


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(mode: SignatureMode, *, secret: str, webhook_id: str, timestamp_s: int, body: bytes) -> str:
    """The value of X-Webhook-Signature. `secret` is `whsec_` + base64 for v1, and any text for the other modes."""
    match mode:
        case SignatureMode.V1:
            key = base64.b64decode(secret.removeprefix(PREFIX))
            signed = f"{webhook_id}.{timestamp_s}.".encode() + body
            return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
        case SignatureMode.HEX:
            return hmac.digest(secret.encode(), body, "sha256").hex()
        case SignatureMode.SHA256_HEX:
            return "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()
        case SignatureMode.BASE64:
            return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()
