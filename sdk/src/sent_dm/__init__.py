"""Python client of the Sent API: SMS, WhatsApp and RCS through one call.

from sent_dm import SentDm

client = SentDm()  # reads SENT_DM_API_KEY
answer = client.messages.send(to=["+14155551234"], template={"id": "...", "parameters": {"name": "Ann"}})
print(answer.data.recipients[0].message_id)
"""

from sent_dm import exceptions, types, webhooks
from sent_dm._version import __version__
from sent_dm.client import AsyncSentDm, SentDm
from sent_dm.core import log as _log
from sent_dm.core.not_given import NOT_GIVEN, NotGiven
from sent_dm.core.request import Timeout
from sent_dm.core.settings import DEFAULT_LIMITS as DEFAULT_CONNECTION_LIMITS
from sent_dm.core.settings import DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT
from sent_dm.drivers.aiohttp import DefaultAioHttpClient
from sent_dm.drivers.async_httpx import DefaultAsyncHttpxClient
from sent_dm.drivers.sync_httpx import DefaultHttpxClient
from sent_dm.exceptions import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    DeliveryTimeoutError,
    InternalServerError,
    MessageFailedError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    SentDmError,
    SentError,
    UnprocessableEntityError,
    WebhookVerificationError,
)
from sent_dm.paging import AsyncPage, AsyncPaginator, SyncPage
from sent_dm.raw import AsyncStreamedResponse, RawResponse, StreamedResponse

# The documents' name and the newer one.
Sent = SentDm
AsyncSent = AsyncSentDm
Client = SentDm
AsyncClient = AsyncSentDm

_log.set_up()

__all__ = [
    "DEFAULT_CONNECTION_LIMITS",
    "DEFAULT_MAX_RETRIES",
    "DEFAULT_TIMEOUT",
    "NOT_GIVEN",
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncClient",
    "AsyncPage",
    "AsyncPaginator",
    "AsyncSent",
    "AsyncSentDm",
    "AsyncStreamedResponse",
    "AuthenticationError",
    "BadRequestError",
    "Client",
    "ConflictError",
    "DefaultAioHttpClient",
    "DefaultAsyncHttpxClient",
    "DefaultHttpxClient",
    "DeliveryTimeoutError",
    "InternalServerError",
    "MessageFailedError",
    "NotFoundError",
    "NotGiven",
    "PermissionDeniedError",
    "RateLimitError",
    "RawResponse",
    "Sent",
    "SentDm",
    "SentDmError",
    "SentError",
    "StreamedResponse",
    "SyncPage",
    "Timeout",
    "UnprocessableEntityError",
    "WebhookVerificationError",
    "__version__",
    "exceptions",
    "types",
    "webhooks",
]
