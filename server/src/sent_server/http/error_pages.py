"""The page behind `error.doc_url`: what a code means, for people. Open to everyone, nothing of a tenant in it."""

import html

from starlette.types import ASGIApp, Receive, Scope, Send

from sent_server.errors import CATALOGUE

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{code}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:4rem auto;padding:0 1rem}}
code{{background:#eee;padding:.1em .3em}}</style></head>
<body><h1>{code}</h1><p><strong>{message}</strong></p><p>HTTP status <code>{status}</code></p>
<p>It is answered for: {when}.</p>
<p>The answer's <code>error.details</code> names the fields concerned, and <code>meta.request_id</code> finds the
request in the server's log.</p></body></html>
"""


class ErrorPages:
    """`GET /errors/{code}`."""

    def __init__(self, not_found: ASGIApp) -> None:
        self._not_found = not_found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        entry = CATALOGUE.get(scope["path_params"]["code"])
        if entry is None or scope["method"] not in ("GET", "HEAD"):
            await self._not_found(scope, receive, send)
            return
        page = _PAGE.format(
            code=entry.code,
            status=entry.status,
            message=html.escape(entry.message),
            when=html.escape(entry.when),
        ).encode()
        headers = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", b"%d" % len(page)),
            (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": page})
