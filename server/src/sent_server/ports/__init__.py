"""External services other than carriers: a Protocol and a simulated implementation for each."""
