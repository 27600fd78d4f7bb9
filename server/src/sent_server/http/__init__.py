"""Shared by all routes: strict parsing, authentication, limits, idempotency, sandbox, paging, the envelope."""
