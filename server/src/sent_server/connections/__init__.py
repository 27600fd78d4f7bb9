"""Connections to carriers, and the senders of each account: numbers, sender ids, agents."""
