"""10DLC: the brand of each customer, its campaigns, and their registration."""
