"""10DLC: the brand of each customer, the campaigns under it, and their way through the registry."""
