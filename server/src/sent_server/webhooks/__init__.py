"""Where tenants want to be told, and the sender that tells them: signed, retried, fair to every endpoint."""
