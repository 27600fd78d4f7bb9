"""Signatures against the contract's vectors."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.webhooks import signing
from sent_server.webhooks.signing import SignatureMode

WEBHOOK_ID = "d4f5a6b7-c8d9-4e0f-a1b2-c3d4e5f6a7b8"
VECTOR_A = (
    '{"field":"messages","sub_type":"message.delivered","timestamp":"2026-01-15T10:35:00Z","payload":{"account_id":'
    '"550e8400-e29b-41d4-a716-446655440000","message_id":"8ba7b830-9dad-11d1-80b4-00c04fd430c8","message_status":'
    '"DELIVERED","channel":"sms","inbound_number":"+14155551234","outbound_number":"+14155550100","template_id":'
    '"7ba7b820-9dad-11d1-80b4-00c04fd430c8"}}'
)
VECTOR_B = (
    '{"field":"templates","timestamp":"2026-01-15T10:36:00Z","payload":{"template_id":'
    '"7ba7b820-9dad-11d1-80b4-00c04fd430c8","template_name":"Café ✓","status":"APPROVED"}}'
)


@pytest.mark.parametrize(("secret", "timestamp_s", "body", "length", "signature"), [
    ("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 1768473300, VECTOR_A, 365,
     "v1,kmZs+QPSQUu/uy3eaXQ74HkDZIhmYLlolaxXRVRCatw="),
    ("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", 1768473360, VECTOR_B, 169,
     "v1,t3rwwA/FG49z/QEg8ZsHwAGL2gi7EWKha4Tap9FZ2Go="),
])  # fmt: skip
def test_both_vectors_of_the_contract(secret: str, timestamp_s: int, body: str, length: int, signature: str) -> None:
    raw = body.encode()
    assert len(raw) == length
    assert signature == signing.sign(
        SignatureMode.V1, secret=secret, webhook_id=WEBHOOK_ID, timestamp_s=timestamp_s, body=raw
    )


def test_the_check_value_of_the_raw_body_forms() -> None:
    body = b'{"type":"message.delivered","data":{"id":"msg_123"}}'
    expected = "00387b5e48df0c4e997543f1cad27a27580f301f46cf6a215dcf03e444dc89f3"
    made = {
        mode: signing.sign(mode, secret="test-webhook-secret", webhook_id=WEBHOOK_ID, timestamp_s=1, body=body)
        for mode in (SignatureMode.HEX, SignatureMode.SHA256_HEX, SignatureMode.BASE64)
    }
    assert made == {
        SignatureMode.HEX: expected,
        SignatureMode.SHA256_HEX: f"sha256={expected}",
        SignatureMode.BASE64: base64.b64encode(bytes.fromhex(expected)).decode(),
    }


def test_a_new_secret_is_32_random_bytes_that_strict_readers_take() -> None:
    secret = signing.new_secret()
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    assert secret != signing.new_secret()


@given(st.binary(max_size=200), st.integers(0, 2**40))
def test_a_changed_byte_or_second_changes_the_signature(body: bytes, timestamp_s: int) -> None:
    secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    def sign(at_s: int, raw: bytes) -> str:
        return signing.sign(SignatureMode.V1, secret=secret, webhook_id=WEBHOOK_ID, timestamp_s=at_s, body=raw)

    assert len({sign(timestamp_s, body), sign(timestamp_s + 1, body), sign(timestamp_s, body + b"x")}) == 3
