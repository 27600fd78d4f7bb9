"""What is written by hand on top of the generated resources and types."""
