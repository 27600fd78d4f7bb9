"""Simulated handsets, one set per tenant, and the network that carries messages to them and word back from them."""
