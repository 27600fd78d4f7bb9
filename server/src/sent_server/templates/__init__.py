"""Templates: texts with variables for each channel, and their approval.

model.py         a template as stored
definition.py    the content tree: parse, validate and show    stored_form.py   the form in which it is stored
nodes.py         variables, faults and what all nodes share    parts.py         header, body and footer
button_nodes.py  buttons in the tree                           buttons.py       the rules of buttons
authentication.py additions for one-time codes                 combined_rules.py rules over several parts
placeholders.py  {{0:variable}}, {{name}} and {{1}} in texts   patterns.py      tenants' regexes, in linear time
flat.py          the flat create form                          derive.py        values derived from the content
rendering.py     content and parameters to a message content
wire.py          request and response bodies                   api.py           the five routes
service.py       the rules                                     sending.py       the lookup of the hot path
review.py        submits to the reviewer, stores verdicts store.py        the SQL
seeds.py         the ready templates of a new account
"""
