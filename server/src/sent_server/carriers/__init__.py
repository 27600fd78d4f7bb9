"""Carriers: one package each, all behind the protocol in `base.py`. They never import each other."""
