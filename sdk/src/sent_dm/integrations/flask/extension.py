"""The extension, its blueprint, and the decorator for views of your own."""

import functools
import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Blueprint, Flask, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from sent_dm import SentDm, SentDmError, webhooks
from sent_dm.exceptions import WebhookVerificationError
from sent_dm.integrations import handlers
from sent_dm.integrations.flask.commands import commands
from sent_dm.integrations.handlers import Handler, Handlers

H = TypeVar("H", bound=Handler)
V = TypeVar("V", bound=Callable[..., Any])
MAX_BODY_BYTES = 1024 * 1024
WEBHOOK_PATH = "/webhooks/sent"
OPTIONS = {
    "api_key": "SENT_DM_API_KEY",
    "base_url": "SENT_DM_BASE_URL",
    "webhook_secret": "SENT_DM_WEBHOOK_SECRET",
    "timeout": "SENT_DM_TIMEOUT",
    "max_retries": "SENT_DM_MAX_RETRIES",
}


class _Clients:
    """One client per application and process: a forked worker must not use its parent's connections."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._made: tuple[int, SentDm] | None = None

    def get(self) -> SentDm:
        with self._lock:
            if self._made is None or self._made[0] != os.getpid():
                config = cast("dict[str, Any]", self._app.config)
                given = {option: config[name] for option, name in OPTIONS.items() if config.get(name) is not None}
                self._made = os.getpid(), SentDm(**given)
            return self._made[1]


class SentExtension:
    """`SentExtension(app)`, or `init_app(app)` later, for as many applications as you like."""

    def __init__(self, app: Flask | None = None) -> None:
        self._handlers = Handlers()
        self._clients: dict[int, _Clients] = {}
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        app.extensions["sent"] = self
        self._clients[id(app)] = _Clients(app)
        path = cast("dict[str, Any]", app.config).setdefault("SENT_DM_WEBHOOK_PATH", WEBHOOK_PATH)
        if path:
            app.register_blueprint(self._blueprint(path))
        app.cli.add_command(commands)

    @property
    def client(self) -> SentDm:
        """The current application's client. Raises SentDmError when there is no API key."""
        return self._clients[id(cast("Any", current_app)._get_current_object())].get()

    def on(self, *names: str) -> Callable[[H], H]:
        """Call the decorated function with events of these names; see `Handlers.on`.

        Handlers run before Sent is answered: one that raises makes it a 500, and the event comes again.
        """
        return self._handlers.on(*names)

    def _blueprint(self, path: str) -> Blueprint:
        blueprint = Blueprint("sent", __name__)

        @blueprint.post(path)
        @verify_webhook_signature
        def receive() -> ResponseReturnValue:  # pyright: ignore[reportUnusedFunction]
            event = webhooks.parse(request.get_data())
            event_id = handlers.id_of(dict(request.headers), event)
            if not self._handlers.has_had(event_id):
                for handler in self._handlers.wanted(event):
                    handler(event)
                self._handlers.note(event_id)
            return jsonify(received=True)

        return blueprint


def get_sent_client() -> SentDm:
    """The current application's client."""
    extension: SentExtension | None = current_app.extensions.get("sent")
    if extension is None:
        raise RuntimeError("this application has no Sent extension: call SentExtension(app)")
    return extension.client


def verify_webhook_signature(view: V) -> V:
    """Only requests that Sent signed reach the decorated view; others are answered with 401."""

    @functools.wraps(view)
    def verified(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        if (request.content_length or 0) > MAX_BODY_BYTES:
            return jsonify(error="The body is too large"), 413
        try:
            get_sent_client().webhooks.unwrap(dict(request.headers), request.get_data())
        except WebhookVerificationError as fault:
            return jsonify(error=str(fault)), 401
        except SentDmError:
            current_app.logger.exception("a webhook event was refused")
            return jsonify(error="The webhook secret is not configured"), 500
        return view(*args, **kwargs)

    return cast(V, verified)
