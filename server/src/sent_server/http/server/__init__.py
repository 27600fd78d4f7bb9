"""The HTTP/1.1 server: bytes of a connection become ASGI requests, answers become bytes.

head.py         the head of a request: strict grammar, and how its body is framed (docs/decisions/0012)
body.py         the bytes of a body, counted or in chunks
connection.py   one connection: heads, bodies and answers in turn
exchange.py     one request and its answer, as an ASGI application sees them
table.py        all connections: how many, how much memory they hold, how long each may wait
serve.py        listening and shutting down
"""
