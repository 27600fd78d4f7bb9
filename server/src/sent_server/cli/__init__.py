"""The command `sent`: starts the server, operates an installation, and shows a first message. Thin over services."""
