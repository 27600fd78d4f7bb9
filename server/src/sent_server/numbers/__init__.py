"""What a phone number is: its line, its carrier, its country.

model.py    the answer
plan.py     what the numbering plan says, offline
service.py  a provider's lookup first, the plan for the rest
wire.py     path values and answers
api.py      the two routes
"""
