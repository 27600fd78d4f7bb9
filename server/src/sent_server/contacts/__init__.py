"""People one can write to, by number, and whether they want to be written to.

model.py     a contact, and a recipient as sending sees it
identity.py  one person under several spellings of a number
wire.py      request bodies and answers
api.py       the five routes
service.py   the rules: create, change, delete, consent; and the look-ups of the hot path
store.py     the SQL
"""
