"""The dashboard: pages for people over the same services as the API.

Owns sessions, pages and their assets. It must not know the SQL of other slices, nor the envelope of the API.
"""
