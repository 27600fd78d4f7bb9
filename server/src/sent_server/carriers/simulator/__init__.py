"""The simulated carrier: plays for real against handsets that are rows. It knows no database: a `Network` does."""
