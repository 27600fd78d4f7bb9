"""Webhooks of accounts, and the sender: signed requests, retries, fairness between endpoints."""
