"""What an operator may do to an installation, for commands that act directly and for the running server."""
