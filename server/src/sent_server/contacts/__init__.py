"""Contacts: people with a phone number, and their consent.

model.py     a contact, and a recipient as sending sees it
identity.py  one person under several spellings of a number
wire.py      request and response bodies
api.py       the five routes
service.py   the rules: create, change, delete, consent; and the lookups of the hot path
store.py     the SQL
"""
