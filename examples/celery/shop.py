"""A shop that sends by Celery: `celery -A shop worker` and `celery -A shop beat`."""

import os
from typing import Any

from celery import Celery, chain
from celery.schedules import crontab

from sent_dm.integrations.celery import SentTask, send_single_message

app = Celery(
    "shop",
    broker=os.environ.get("CELERY_BROKER_URL", "redis://localhost:6379/0"),
    backend=os.environ.get("CELERY_RESULT_BACKEND", "redis://localhost:6379/1"),
)
app.conf.broker_connection_retry_on_startup = True
app.autodiscover_tasks(["sent_dm.integrations.celery"])

app.conf.beat_schedule = {
    "good-morning": {
        "task": "sent_dm.send_single_message",
        "schedule": crontab(hour=9, minute=0),
        "kwargs": {"phone_number": "+14155551234", "template_id": "welcome"},
    },
}


@app.task(base=SentTask, bind=True, name="shop.confirm_order")
def confirm_order(self: SentTask, phone_number: str, name: str, order: str) -> str:
    """A task of one's own. However often it runs, the customer gets one message."""
    answer = self.sent_client.messages.send(
        to=[phone_number],
        template={"name": "order_confirmation", "parameters": {"name": name, "order_number": order, "total": "$5"}},
    )
    return answer.data.messages[0].id


@app.task(base=SentTask, bind=True, name="shop.welcome_sequence")
def welcome_sequence(self: SentTask, phone_number: str, delay_seconds: float = 3600) -> dict[str, Any]:
    """A workflow of one's own: ids from `child_id` make sure that a second run starts nothing new."""
    sequence = {"welcome": {}, "otp_code": {"code": "0000"}}
    workflow = chain(
        *(
            send_single_message.si(phone_number=phone_number, template_id=name, variables=variables).set(
                task_id=self.child_id(name), countdown=number * delay_seconds
            )
            for number, (name, variables) in enumerate(sequence.items())
        )
    )
    return {"success": True, "workflow_id": workflow.apply_async().id, "sequence": list(sequence)}
