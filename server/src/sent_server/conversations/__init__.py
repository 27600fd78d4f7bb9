"""Messages with people, in both directions: what `messages` stores, read by contact. Writes nothing."""
