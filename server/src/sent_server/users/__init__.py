"""People who may work with an account, what they may do there, and how they are invited."""
