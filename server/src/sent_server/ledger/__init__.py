"""Balances in double-entry bookkeeping. Knows amounts and references, but not messages."""
