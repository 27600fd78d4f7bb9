"""The price of a message. Pure: computes micros from a rate card."""
