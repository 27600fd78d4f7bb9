"""The narrow, deep part: what one call does, from arguments to a model or an error. It performs no I/O.

request.py   what goes out          reply.py    what came back, or did not
call.py      one call as a generator of Send and Sleep steps
retry.py     again, and after how long?
decode.py    reply -> model or error
shapes.py    arguments -> wire body, or an error that names the argument
"""
