"""What the platform asks of others besides carriers: a Protocol each, and a simulated one that plays for real."""
