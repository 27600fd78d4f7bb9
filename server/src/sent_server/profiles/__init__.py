"""Profiles: the brands, departments or customers of an organization that send under a name of their own.

model.py       a profile as stored, and what a request wants of it     wire.py   request bodies and answers
api.py         the six routes                                          store.py  the SQL of what only profiles have
service.py     the rules: create, change, delete                       cards.py  cards on their way to the processor
completion.py  the last step of the set-up, in the background          outcome.py  what it leads to (pure)

The row of a profile as a customer, and who inherits what from whom, belong to `accounts`; brands to `compliance`.
"""
