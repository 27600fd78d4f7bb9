"""What every route shares: strict parsing, authentication, limits, idempotency, sandbox, paging, the envelope."""
