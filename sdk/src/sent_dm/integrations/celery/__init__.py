"""Sending from Celery: a base task that knows what to try again, and tasks and workflows made with it.

    from celery import Celery

    app = Celery("shop", broker="redis://localhost:6379/0")
    app.autodiscover_tasks(["sent_dm.integrations.celery"])

    from sent_dm.integrations.celery import send_single_message

    send_single_message.delay(phone_number="+14155551234", template_id="welcome", variables={"name": "Ann"})

Needs the extra sentdm[celery].
"""

from sent_dm.integrations.celery.base import SentDMBaseTask, SentTask
from sent_dm.integrations.celery.errors import (
    NonRetryableError,
    RateLimitExceeded,
    SentDMTaskError,
    TemporaryError,
    ValidationError,
)
from sent_dm.integrations.celery.tasks import (
    send_bulk_messages,
    send_single_message,
    send_templated_batch,
    validate_contacts,
)
from sent_dm.integrations.celery.workflows import (
    campaign_with_report,
    generate_campaign_report,
    multi_channel_notify,
    send_sequence,
)

__all__ = [
    "NonRetryableError",
    "RateLimitExceeded",
    "SentDMBaseTask",
    "SentDMTaskError",
    "SentTask",
    "TemporaryError",
    "ValidationError",
    "campaign_with_report",
    "generate_campaign_report",
    "multi_channel_notify",
    "send_bulk_messages",
    "send_sequence",
    "send_single_message",
    "send_templated_batch",
    "validate_contacts",
]
