"""Sent in a Flask application: an extension with a client, a verified webhook, and commands.

    sent = SentExtension(app)          # or sent.init_app(app)
    sent.client.messages.send(...)

    @sent.on("message.delivered")
    def delivered(event): ...

Configuration: SENT_DM_API_KEY, SENT_DM_BASE_URL, SENT_DM_WEBHOOK_SECRET, SENT_DM_TIMEOUT (seconds),
SENT_DM_MAX_RETRIES; each else from the environment or the SDK's own default. SENT_DM_WEBHOOK_PATH is where Sent posts
events, /webhooks/sent by default, empty for no webhook.
"""

from sent_dm.integrations.flask.extension import SentExtension, get_sent_client, verify_webhook_signature

__all__ = ["SentExtension", "get_sent_client", "verify_webhook_signature"]
