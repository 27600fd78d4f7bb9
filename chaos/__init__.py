"""Fault tests of the platform: each scenario breaks one thing on purpose and then asks what must hold.

`make chaos` runs all of them; docs/how-to/run-chaos.md explains the report.
"""
