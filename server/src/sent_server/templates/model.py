"""A template as stored."""

import orjson

from sent_server.kernel.values import value_object

DRAFT, PENDING, APPROVED, REJECTED = "DRAFT", "PENDING", "APPROVED", "REJECTED"
STATUSES = (DRAFT, PENDING, APPROVED, REJECTED)


@value_object
class Template:
    """Responses show `channels_text` and `variables_json`. `revision` changes with every edit."""

    customer_id: str
    id: str
    revision: str
    name: str
    category: str
    language: str
    status: str
    channels_text: str
    variables_json: str
    creation_source: str
    rejection_reason: str | None
    review_reference: str | None
    welcome_playground_at_ms: int | None
    submitted_at_ms: int | None
    created_at_ms: int
    updated_at_ms: int

    @property
    def channels(self) -> list[str]:
        return self.channels_text.split(",")

    @property
    def variables(self) -> list[str]:
        return orjson.loads(self.variables_json)

    @property
    def is_published(self) -> bool:
        return self.status == APPROVED


@value_object
class Filter:
    """The filters of a list. None matches everything. `text` is lower-case."""

    text: str | None = None
    status: str | None = None
    category: str | None = None
    is_welcome_playground: bool | None = None

    @property
    def is_open(self) -> bool:
        return self == Filter()
