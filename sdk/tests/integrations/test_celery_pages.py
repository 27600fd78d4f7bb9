"""sdk/docs/celery.md, examples/celery, and a project as the documents' Celery page has it."""

import re
import shutil
from pathlib import Path

import pytest
from celery import Celery, Task

from deliveries import EXAMPLES
from gateway import Refusal
from harness.waiting import at_least, equal_to
from processes import Process, run
from sent_dm.client import SentDm

DOCS = Path(__file__).parents[2] / "docs"
# Where the tasks that the page starts run at once.
EAGER = 'app.conf.update(task_always_eager=True, task_eager_propagates=True, result_backend="cache+memory://")\n'


def test_the_page(server, client, texts, new_phone, tmp_path, wait_for):
    page = (DOCS / "celery.md").read_text()
    phones = [new_phone(), new_phone()]
    for written, phone in zip(("+14155551234", "+14155551235"), phones, strict=True):
        page = page.replace(written, phone)
    first, *rest = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "page.py").write_text("\n".join([first, EAGER, *rest]))
    run("page.py", cwd=tmp_path, env={"SENT_DM_API_KEY": server.api_key, "SENT_DM_BASE_URL": server.base_url})
    wait_for(lambda: [len(texts(phone)) for phone in phones], until=equal_to([6, 2]))


def test_the_example(redis_url, server, texts, new_phone, tmp_path, wait_for):
    folder = shutil.copytree(EXAMPLES / "celery", tmp_path / "celery")
    env = {
        "CELERY_BROKER_URL": redis_url.replace("/0", "/2"),
        "CELERY_RESULT_BACKEND": redis_url.replace("/0", "/3"),
        "SENT_DM_API_KEY": server.api_key,
        "SENT_DM_BASE_URL": server.base_url,
    }
    arguments = ["-m", "celery", "-A", "shop", "worker", "-l", "INFO", "-c", "2"]
    phone = new_phone()
    with Process(*arguments, cwd=folder, log=tmp_path / "log", env=env, ready=" ready."):
        said = run("send.py", phone, cwd=folder, env=env)
        wait_for(lambda: texts(phone), until=at_least(6))
    assert said.splitlines()[-1] == ("a campaign: {'total': 2, 'successful': 2, 'failed': 0, 'success_rate': 100.0}")
    assert sum("order 4711" in text for text in texts(phone)) == 1


class DocumentedTask(Task):
    """A base class of one's own, written after the documents."""

    abstract = True
    max_retries = 3

    def __init__(self):
        self._sent_client = None

    @property
    def sent_client(self):
        if self._sent_client is None:
            from sent_dm import SentDm

            self._sent_client = SentDm("the key")
        return self._sent_client


@pytest.fixture
def documented(server, gateway, monkeypatch):
    """A task that reads the outcome as the documents do."""
    monkeypatch.setenv("SENT_DM_BASE_URL", gateway.base_url)
    app = Celery("documented", set_as_current=False)
    monkeypatch.setattr("sent_dm.SentDm", lambda key: SentDm(server.api_key, max_retries=0))

    @app.task(base=DocumentedTask, bind=True, default_retry_delay=60)
    def send(self, phone_number, template_id, variables=None, channel=None):
        try:
            result = self.sent_client.messages.send(
                to=[phone_number],
                template={"id": template_id, "name": template_id, "parameters": variables or {}},
                channel=channel,
            )
            return result.data.id if hasattr(result, "data") else None
        except Exception as error:
            said = str(error)
            if "rate limit" in said.lower() or "429" in said:
                return "rate limited"
            if "invalid" in said.lower() or "400" in said:
                return "invalid"
            raise self.retry(exc=error) from error

    yield send
    assert send._sent_client
    send._sent_client.close()
    app.close()


def test_a_task_of_the_documents(documented, server, gateway, new_phone, client, texts):
    phone = new_phone()
    gateway.will(Refusal(503))
    message_id = documented.apply(args=[phone, server.template_ids["otp_code"], {"code": "1"}]).get()
    client.messages.wait_until_delivered(message_id)
    assert len(texts(phone)) == 1
    gateway.will(Refusal(429))
    assert documented.apply(args=[phone, server.template_ids["welcome"]]).get() == "rate limited"
    assert documented.apply(args=[phone, "welcome"]).get() == "invalid"
