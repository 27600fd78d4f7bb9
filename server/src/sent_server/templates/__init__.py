"""What is said to people: texts with variables, per channel, and whether a reviewer has approved them.

model.py         a template as stored
definition.py    the content tree: parse, validate and show    stored_form.py   the form in which it is stored
nodes.py         variables, faults and what all nodes share    parts.py         header, body and footer
button_nodes.py  buttons in the tree                           buttons.py       the rules of buttons
authentication.py what one-time codes add                      combined_rules.py rules over several parts
placeholders.py  {{0:variable}}, {{name}} and {{1}} in texts   patterns.py      tenants' regexes, in linear time
flat.py          the flat create form                          derive.py        what is worked out from the content
rendering.py     content and parameters to what a carrier gets
wire.py          request bodies and answers                    api.py           the five routes
service.py       the rules                                     sending.py       the look-up of the hot path
review.py        asks the reviewer and stores the verdict        store.py         the SQL
seeds.py         the ready templates of a new account
"""
