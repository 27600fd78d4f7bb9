"""The command `sent`: starts the server, operates an installation and sends a first message."""
