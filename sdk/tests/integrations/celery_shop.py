"""A user's Celery application, as worker, beat and the tests load it."""

import os
import signal
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import worker_init

from sent_dm.integrations.celery import SentTask, TemporaryError
from sent_dm.integrations.celery.base import client_of

app = Celery("shop", broker=os.environ["SHOP_BROKER_URL"], backend=os.environ["SHOP_BROKER_URL"])
app.conf.update(
    sent_dm_api_key=os.environ.get("SHOP_KEY", ""),
    sent_dm_base_url=os.environ.get("SHOP_BASE_URL", ""),
    broker_connection_retry_on_startup=True,
    beat_schedule={
        "greet": {
            "task": "sent_dm.send_single_message",
            "schedule": 1.0,
            "args": [os.environ.get("BEAT_PHONE", "+1"), "otp_code", {"code": "beat"}],
        }
    },
)
app.autodiscover_tasks(["sent_dm.integrations.celery"])


@worker_init.connect
def use_the_client_before_the_fork(**_: Any) -> None:
    if os.environ.get("SHOP_KEY"):
        client_of(os.environ["SHOP_KEY"], os.environ["SHOP_BASE_URL"], SentTask.sent_timeout_s).me.retrieve()


def greet(task: Any, phone: str, name: str) -> str:
    answer = task.sent_client.messages.send(to=[phone], template={"name": "otp_code", "parameters": {"code": name}})
    return answer.data.id


@app.task(base=SentTask, bind=True, max_retries=1, retry_backoff=1)
def tries_twice(self: Any, phone: str) -> str:
    return greet(self, phone, "Ann")


@app.task(base=SentTask, bind=True, retry_backoff=1)
def several(self: Any, phone: str, names: list[str], fail_after: int) -> list[str]:
    """The first run ends after some of the messages."""
    sent: list[str] = []
    for name in names:
        if len(sent) == fail_after and not self.request.retries:
            raise TemporaryError("not now")
        sent.append(greet(self, phone, name))
    return sent


@app.task(base=SentTask, bind=True, retry_backoff=1)
def skips_what_is_done(self: Any, phone: str, names: list[str]) -> list[str]:
    """The second run does not repeat the calls of the first."""
    if not self.request.retries:
        greet(self, phone, names[0])
        raise TemporaryError("not now")
    return [greet(self, phone, name) for name in names[1:]]


@app.task(base=SentTask, bind=True, reject_on_worker_lost=True)
def dies_after_sending(self: Any, phone: str, remember: str) -> str:
    """kill -9 between the message and the end of the task, the first time."""
    message_id = greet(self, phone, "Ann")
    first = Path(remember)
    if not first.exists():
        first.write_text(message_id)
        os.kill(os.getpid(), signal.SIGKILL)
    return message_id


@app.task(base=SentTask, bind=True, soft_time_limit=1, retry_backoff=1)
def takes_too_long_once(self: Any, phone: str) -> str:
    message_id = greet(self, phone, "Ann")
    while not self.request.retries:
        signal.pause()
    return message_id
