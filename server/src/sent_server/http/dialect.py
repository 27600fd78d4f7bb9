"""A version of the API as clients see it: the form of requests, responses and errors.

Handlers and services know no dialect. A route names its dialect (`Route.dialect`), and its endpoint renders the outcome
after the commit. Another version of the API is another value of `Dialect` and its routes, over the same services.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, field
from typing import Any, assert_never

from sent_server.errors import ApiError
from sent_server.http import envelope, parse
from sent_server.http.reply import Answer, Meta, Outcome, Problem, Reply, StoredAnswer
from sent_server.kernel.values import value_object


@value_object
class HeaderNames:
    """Lower-case names of headers. A response header with an empty name is not sent."""

    # Request headers
    api_key: bytes = b"x-api-key"
    profile_id: bytes = b"x-profile-id"
    idempotency_key: bytes = b"idempotency-key"
    # Response headers
    request_id: bytes = b"x-request-id"
    response_time: bytes = b"x-response-time"
    api_version: bytes = b"x-api-version"
    limit: bytes = b"x-ratelimit-limit"
    limit_remaining: bytes = b"x-ratelimit-remaining"
    limit_reset: bytes = b"x-ratelimit-reset"
    sandbox: bytes = b"x-sandbox"
    scoped_profile: bytes = b"x-profile-id"
    replayed: bytes = b"idempotent-replayed"
    original_request_id: bytes = b"x-original-request-id"

    omits_some: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "omits_some", b"" in astuple(self))


@value_object
class Dialect:
    """`prefix` begins its paths. Unknown paths with this prefix are refused in this dialect.

    `parse_body` takes the request's headers and its body. `parse_query` and `parse_body` raise ApiError.
    `renders_stored_form`: `render` returns the stored form, so a stored response is sent unchanged.
    """

    version: bytes
    prefix: str
    render: Callable[[Reply, Meta], Answer]
    render_error: Callable[[Problem, Meta], Answer]
    headers: HeaderNames = HeaderNames()
    parse_query: Callable[[bytes], dict[str, str]] = parse.parse_query
    parse_body: Callable[[Mapping[bytes, bytes], bytes], dict[str, Any]] = parse.parse_body
    renders_stored_form: bool = False

    def answer(self, outcome: Outcome, meta: Meta, doc_url_base: str) -> Answer:
        """The bytes of an outcome."""
        match outcome:
            case Reply():
                return self.render(outcome, meta)
            case ApiError():
                return self.render_error(Problem.of(outcome, doc_url_base), meta)
            case StoredAnswer():
                return self._stored(outcome, meta.path)
            case _:
                assert_never(outcome)

    def _stored(self, stored: StoredAnswer, path: str) -> Answer:
        replay_of = stored.request_id if stored.is_replay else None
        if self.renders_stored_form:
            return Answer(stored.status, stored.document, stored.headers, replay_of)
        first = Meta(stored.request_id, stored.now_ms, path)
        result = envelope.load(stored)
        shown = self.render(result, first) if isinstance(result, Reply) else self.render_error(result, first)
        return Answer(shown.status, shown.body, shown.headers, replay_of, shown.content_type)


V3 = Dialect(
    version=envelope.VERSION.encode(),
    prefix="/v3/",
    render=envelope.render,
    render_error=envelope.render_error,
    renders_stored_form=True,
)


def of_path(path: str, dialects: Sequence[Dialect]) -> Dialect:
    """The dialect of a path that no route serves: by its prefix, else v3."""
    return next((one for one in dialects if path.startswith(one.prefix)), V3)
