"""The simulated carrier: it behaves like a real one, with a network and handsets that are rows of the database.

`behaviour` is pure and decides; `network` stores what follows and reports it; `handsets` is what /sim works with.
"""
