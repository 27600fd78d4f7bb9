"""Number lookup: line type, carrier and country.

model.py    the result
plan.py     facts of the numbering plan, offline
service.py  the provider's lookup, then the plan for missing facts
wire.py     path values and responses
api.py      the two routes
"""
