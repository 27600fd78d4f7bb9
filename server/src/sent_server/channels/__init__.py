"""Which channels an account has configured: the carrier, our sender number, and what the recipient sees."""
