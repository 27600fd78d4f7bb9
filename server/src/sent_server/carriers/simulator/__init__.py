"""The simulated carrier. It behaves like a real one, with a network and handsets that are rows of the database.

`behaviour` decides and is pure. `network` stores and reports receipts and replies. /sim uses `handsets`.
"""
