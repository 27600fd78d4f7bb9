"""The webhooks of tenants, and the sender that posts to them: signed, retried, fair to every endpoint."""
