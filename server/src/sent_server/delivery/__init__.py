"""The engine: submits what was accepted, takes receipts and replies, falls back, gives up.

Every change of a message goes through `messages.lifecycle` (pure) and `changes.Changes` (one statement per table).
"""
