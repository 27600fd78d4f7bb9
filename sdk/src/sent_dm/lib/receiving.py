"""The part of `client.webhooks` that needs no server: sent_dm.webhooks with the secret that the client knows."""

from collections.abc import Mapping

from sent_dm import webhooks
from sent_dm.core.driver import AsyncDriver, Driver
from sent_dm.core.settings import WEBHOOK_SECRET
from sent_dm.exceptions import SentDmError
from sent_dm.resource import AsyncResource, SyncResource
from sent_dm.webhooks import DEFAULT_TOLERANCE_S, WebhookEvent


class _Receiving:
    _client: Driver | AsyncDriver

    def verify_signature(
        self,
        payload: str | bytes,
        signature: str | None = None,
        secret: str | None = None,
        webhook_id: str | None = None,
        timestamp: str | int | None = None,
        headers: Mapping[str, str] | None = None,
        tolerance: float | None = DEFAULT_TOLERANCE_S,
    ) -> bool:
        """Whether `payload`, the body exactly as it arrived, was signed with `secret`; see `sent_dm.webhooks`.

        Without `secret`, the client's `webhook_secret`. The scheme v1 needs `headers`, or `webhook_id` and `timestamp`.
        """
        return webhooks.verify_signature(
            payload, signature, self._secret(secret), webhook_id=webhook_id, timestamp=timestamp, headers=headers,
            tolerance=tolerance,
        )  # fmt: skip

    def unwrap(
        self,
        headers: Mapping[str, str],
        body: str | bytes,
        *,
        secret: str | None = None,
        tolerance: float | None = DEFAULT_TOLERANCE_S,
    ) -> WebhookEvent:
        """The event in a webhook's request, verified. Raises WebhookVerificationError."""
        return webhooks.unwrap(headers, body, secret=self._secret(secret), tolerance=tolerance)

    def _secret(self, given: str | None) -> str:
        secret = given if given is not None else self._client.settings.webhook_secret
        if secret is None:
            raise SentDmError(
                f"No secret: pass `secret`, or `webhook_secret` to the client, or set {WEBHOOK_SECRET[0]}"
            )
        return secret


class Receiving(_Receiving, SyncResource):  # pyright: ignore[reportIncompatibleVariableOverride]
    pass


class AsyncReceiving(_Receiving, AsyncResource):  # pyright: ignore[reportIncompatibleVariableOverride]
    pass
