"""The balance, in double entry. Knows amounts and references, not what a message is."""
