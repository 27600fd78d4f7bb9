"""Sent in a FastAPI application: a client per application, injected; and a verified webhook.

sent = SentFastAPI()
app = FastAPI()
sent.install(app)

@app.post("/welcome")
async def welcome(to: str, client: SentClient): ...

@sent.on("message.delivered")
async def delivered(event): ...
"""

import inspect
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.requests import HTTPConnection
from fastapi.responses import JSONResponse

from sent_dm import APIConnectionError, APIError, APITimeoutError, AsyncSentDm, SentDmError, webhooks
from sent_dm.exceptions import WebhookVerificationError
from sent_dm.integrations import handlers
from sent_dm.integrations.handlers import Handler, Handlers
from sent_dm.webhooks import WebhookEvent

log = logging.getLogger("sent_dm.fastapi")
H = TypeVar("H", bound=Handler)
MAX_BODY_BYTES = 1024 * 1024
# What the caller of our application can do something about; all else is between us and Sent.
PASSED_ON = frozenset({400, 404, 409, 422, 429})


class SentFastAPI:
    """`options` are those of AsyncSentDm; the client is made when the application starts and closed when it ends.

    client        one of your own instead; it is yours to close
    webhook_path  where Sent posts events; None for no webhook
    """

    def __init__(
        self, *, client: AsyncSentDm | None = None, webhook_path: str | None = "/webhooks/sent", **options: Any
    ) -> None:
        if client is not None and options:
            raise TypeError(f"a client of your own takes no options: {', '.join(sorted(options))}")
        self._given = client
        self._options = options
        self._handlers = Handlers()
        self.webhook_path = webhook_path

    def install(self, app: FastAPI) -> None:
        """Client, error handler and webhook, around the lifespan that `app` has."""
        inner = app.router.lifespan_context

        @asynccontextmanager
        async def both(started: FastAPI) -> AsyncGenerator[Any]:
            async with self.lifespan(started), inner(started) as state:
                yield state

        app.router.lifespan_context = both
        app.add_exception_handler(APIError, api_error_response)  # pyright: ignore[reportArgumentType]
        if self.webhook_path:
            app.include_router(self.router())

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncGenerator[None]:
        """For `FastAPI(lifespan=sent.lifespan)`. Raises SentDmError when there is no API key."""
        client = self._given or AsyncSentDm(**self._options)
        app.state.sent_client = client
        try:
            if self.webhook_path and self._given is None and client.settings.webhook_secret is None:
                log.warning("no webhook secret: set SENT_DM_WEBHOOK_SECRET; until then events are refused")
            yield
        finally:
            del app.state.sent_client
            if self._given is None:
                await client.close()

    def on(self, *names: str) -> Any:
        """Call the decorated function, async or not, with events of these names; see `Handlers.on`.

        Handlers run before Sent is answered: one that raises makes it a 500, and the event comes again.
        """
        return self._handlers.on(*names)

    def router(self) -> APIRouter:
        """The webhook alone, for applications that are put together in another way."""
        router = APIRouter(tags=["Sent"])

        @router.post(self.webhook_path or "/webhooks/sent", include_in_schema=False)
        async def receive(request: Request, event: SentEvent) -> dict[str, bool]:  # pyright: ignore[reportUnusedFunction]
            event_id = handlers.id_of(request.headers, event)
            if not self._handlers.has_had(event_id):
                for handler in self._handlers.wanted(event):
                    if inspect.iscoroutinefunction(handler):
                        await handler(event)
                    else:
                        await run_in_threadpool(handler, event)
                self._handlers.note(event_id)
            return {"received": True}

        return router


def get_sent_client(connection: HTTPConnection) -> AsyncSentDm:
    """The application's client, as a dependency; `SentClient` is short for it."""
    client: AsyncSentDm | None = getattr(connection.app.state, "sent_client", None)
    if client is None:
        raise RuntimeError("the Sent client is not there: call SentFastAPI().install(app), and start the application")
    return client


SentClient = Annotated[AsyncSentDm, Depends(get_sent_client)]


async def verify_webhook_signature(request: Request, client: SentClient) -> bytes:
    """The body of a webhook's request, verified; else 401. As a dependency for routes of your own."""
    body = await _body(request)
    try:
        client.webhooks.unwrap(request.headers, body)
    except WebhookVerificationError as fault:
        raise HTTPException(401, str(fault)) from None
    except SentDmError as fault:
        raise HTTPException(500, "The webhook secret is not configured") from fault
    return body


async def sent_event(body: Annotated[bytes, Depends(verify_webhook_signature)]) -> WebhookEvent:
    """The verified event, typed; `SentEvent` is short for it."""
    return webhooks.parse(body)


SentEvent = Annotated[WebhookEvent, Depends(sent_event)]


async def api_error_response(request: Request, error: APIError) -> JSONResponse:
    """The response to callers of the application after a failed call to Sent."""
    match error:
        case APITimeoutError():
            status = 504
        case APIConnectionError():
            status = 502
        case _:
            status = error.status_code if error.status_code in PASSED_ON else 500
    log.error(
        "Sent API error",
        extra={
            "path": request.url.path,
            "status": error.status_code,
            "code": error.code,
            "request_id": error.request_id,
        },
    )
    content = {
        "error": error.name,
        "message": error.message if status in PASSED_ON else "The message could not be handed to Sent",
        "code": error.code,
        "details": error.details if status in PASSED_ON else None,
        "status_code": status,
        "request_id": error.request_id,
    }
    after = error.headers.get("retry-after")
    return JSONResponse(content, status, headers={"Retry-After": after} if status == 429 and after else None)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413, "The body is too large")
    return bytes(body)
