"""The base class of tasks that call the Sent API."""

import random
import time
from typing import TYPE_CHECKING, Any, cast

from celery import Task
from celery.utils.time import get_exponential_backoff_interval

from sent_dm.client import SentDm
from sent_dm.integrations.celery import keys, retry
from sent_dm.integrations.process import OncePerProcess

if TYPE_CHECKING:
    AnyTask = Task[..., Any]
else:
    AnyTask = Task


@OncePerProcess
def client_of(api_key: str | None, base_url: str | None, timeout_s: float) -> SentDm:
    return SentDm(api_key, base_url=base_url, timeout=timeout_s, max_retries=0)


class SentTask(AnyTask):
    """`@app.task(base=SentTask, bind=True)`: `self.sent_client` calls, and what is worth trying again is.

    Retried: no response, 408, 429, 500 and above, and 409 if the same call is still in progress; after what
    Retry-After asks for, else with exponential backoff. Everything else fails the task at once, as it was raised.
    A run that repeats a call of an earlier run of the same task id gets the answer which that one would have got.
    """

    abstract = True
    # About eight minutes in all, jitter apart.
    max_retries = 8
    retry_backoff = 2
    retry_backoff_max = 600
    retry_jitter = True
    # Acknowledge when done. A worker that dies leaves the task to another one; calls that it made are not repeated.
    acks_late = True
    sent_timeout_s = 30.0

    @property
    def sent_client(self) -> SentDm:
        """One client per process and account; its calls carry keys that follow from this task's id.

        Settings of the Celery app: `sent_dm_api_key` and `sent_dm_base_url`, else the environment of SentDm.
        """
        settings: Any = self.app.conf
        client = client_of(
            settings.get("sent_dm_api_key") or None, settings.get("sent_dm_base_url") or None, self.sent_timeout_s
        )
        request = cast("Any", self.request)
        if request.called_directly or request.id is None:
            return client
        if getattr(request, "sent_client", None) is None:
            request.sent_client = keys.keyed(client, request.id)
        return request.sent_client

    def child_id(self, name: object) -> str:
        """An id for a task that this one starts, the same in each run: `signature.set(task_id=self.child_id(1))`."""
        return keys.child_id(self.request.id, name)

    def will_retry(self, error: BaseException) -> bool:
        """Whether raising `error` here leads to another run."""
        if self.request.called_directly or retry.decide(error, now_s=time.time()) is None:
            return False
        return self.max_retries is None or self.request.retries < self.max_retries

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # Task.__call__ puts an empty request before the one that a worker has set up.
        run = super().__call__ if self.request.called_directly else self.run
        try:
            return run(*args, **kwargs)
        except Exception as error:
            again = retry.decide(error, now_s=time.time())
            if again is None or self.request.called_directly:
                raise
            raise self.retry(exc=error, countdown=self._countdown_s(again)) from error

    def _countdown_s(self, again: retry.Again) -> float | None:
        if again.after_s is not None:
            # A little later, each by its own measure, or all that were refused come back at once.
            return again.after_s + random.random() * max(1.0, again.after_s / 10)
        if not self.retry_backoff:
            return self.default_retry_delay
        return get_exponential_backoff_interval(
            factor=max(1, int(self.retry_backoff)),
            retries=self.request.retries,
            maximum=self.retry_backoff_max,
            full_jitter=self.retry_jitter,
        )


# The documents' name.
SentDMBaseTask = SentTask
