"""The delivery engine: submits accepted messages, processes receipts and replies, and falls back or fails.

Every change of a message goes through `messages.lifecycle` (pure) and `changes.Changes` (one statement per table).
"""
