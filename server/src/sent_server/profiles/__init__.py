"""Profiles: brands, departments or customers of an organization that send under their own name.

model.py       a profile as stored, and the changes of a request       wire.py   request and response bodies
api.py         the six routes                                          store.py  the SQL of profile details
service.py     the rules: create, change, delete                       cards.py  payment cards, sent to the processor
completion.py  the last step of the setup, in the background           outcome.py  its result (pure)

The customer row of a profile and inheritance belong to `accounts`, brands to `compliance`.
"""
