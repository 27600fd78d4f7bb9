"""Benchmarks. Each prints ratios between figures taken in the same run; absolutes drift with the machine."""
