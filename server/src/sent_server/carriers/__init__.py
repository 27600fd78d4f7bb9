"""Carriers: one folder each, all behind the Protocol in `base.py`. They never import each other."""
