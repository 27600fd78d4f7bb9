"""The operations of operators on an installation, for commands and for the running server."""
