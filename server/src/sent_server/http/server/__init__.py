"""The HTTP/1.1 server: converts bytes of a connection into ASGI requests, and responses into bytes.

head.py         the head of a request: strict grammar, and how its body is framed (docs/decisions/0012)
body.py         the bytes of a body, counted or in chunks
connection.py   one connection: heads, bodies and responses in order
states.py       the states of a connection and their deadlines
exchange.py     one request and its response, as an ASGI application sees them
table.py        all connections: their number, memory and deadlines
serve.py        listening and shutting down
"""
