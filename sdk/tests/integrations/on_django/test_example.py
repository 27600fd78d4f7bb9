"""examples/django as its README says: a site of its own, webhooks from a real server, on SQLite and on PostgreSQL."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from deliveries import EXAMPLES, event, free_port, signed
from harness import postgres
from processes import Process, run

ON_POSTGRES = """
from shop.settings import *

DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "NAME": {name!r}, "USER": {user!r},
    "PASSWORD": {password!r}, "HOST": {host!r}, "PORT": {port!r}}}}}
"""


@dataclass
class Site:
    base_url: str
    folder: Path
    env: dict[str, str]
    process: Process

    def manage(self, *arguments: str) -> str:
        return run("manage.py", *arguments, cwd=self.folder, env=self.env)

    def rows(self, model: str, *fields: str, **wanted: object) -> list[dict[str, object]]:
        code = (
            f"import json; from sent_dm.integrations.django.models import {model}; "
            f"print(json.dumps(list({model}.objects.filter(**{wanted!r}).values(*{fields!r})), default=str))"
        )
        return json.loads(self.manage("shell", "-v", "0", "-c", code).splitlines()[-1])


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def settings(request, tmp_path_factory) -> Iterator[Callable[[Path], str]]:
    """Writes the settings of a site; returns their name."""
    if request.param == "sqlite":
        yield lambda folder: "shop.settings"
        return
    try:
        found = postgres.find()
    except postgres.NoPostgresError as reason:
        pytest.skip(f"NOT TESTED: the Django integration on PostgreSQL: {reason}")

    def write(folder: Path) -> str:
        url = urlsplit(found.create_database())
        text = ON_POSTGRES.format(
            name=url.path[1:], user=url.username, password=url.password, host=url.hostname, port=url.port
        )
        (folder / "on_postgres.py").write_text(text)
        return "on_postgres"

    yield write
    found.close()


@pytest.fixture(scope="module")
def site(settings, server, tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site") / "django"
    shutil.copytree(EXAMPLES / "django", folder, ignore=shutil.ignore_patterns("*.sqlite3", "__pycache__"))
    env = {
        "SENT_DM_API_KEY": server.api_key,
        "SENT_DM_BASE_URL": server.base_url,
        "DJANGO_SETTINGS_MODULE": settings(folder),
        "PYTHONWARNINGS": "error",
    }
    base_url = f"http://127.0.0.1:{free_port()}"
    run("manage.py", "migrate", cwd=folder, env=env)
    name, secret = run("manage.py", "create_webhook", base_url, cwd=folder, env=env).strip().split("=", 1)
    env[name] = secret
    arguments = ["manage.py", "runserver", "--noreload", urlsplit(base_url).netloc]
    with Process(*arguments, cwd=folder, log=folder / "log", env=env, ready="Quit the server") as process:
        yield Site(base_url, folder, env, process)


def test_a_message_sent_by_the_site_is_reported_as_delivered(site, new_phone, wait_for):
    phone = new_phone()
    answer = httpx.post(f"{site.base_url}/orders/confirm/", json={"phone_number": phone, "template_id": "welcome"})
    told = answer.json()
    assert (answer.status_code, told["status"]) == (202, "sent")
    wait_for(lambda: f"Message {told['id']} ({told['message_id']}) was delivered" in site.process.said())
    (row,) = site.rows("SentMessage", "sent_id", "status", "phone_number", sent_id=told["message_id"])
    assert row["phone_number"] == phone
    assert row["status"] in ("delivered", "read")


def test_a_command_sends(site, texts, new_phone, wait_for):
    phone = new_phone()
    said = site.manage("send_test_message", phone, "--template-id=otp_code", "--var=code=4711")
    assert said.startswith("Sent: ")
    wait_for(lambda: texts(phone))
    assert "4711" in texts(phone)[0]


def test_what_somebody_writes_is_heard(site, client, new_phone, wait_for):
    phone = new_phone()
    client.post(f"/sim/phones/{phone}/messages", body={"channel": "sms", "text": "Hello shop"})
    wait_for(lambda: "Somebody wrote: Hello shop" in site.process.said())


def test_one_event_posted_at_once_is_told_once(site):
    body = event(meta={"request_id": "the-same"})
    secret = site.env["SENT_DM_WEBHOOK_SECRET"]

    def post(_: int) -> httpx.Response:
        return httpx.post(
            f"{site.base_url}/webhooks/sent/", content=body, headers=signed(body, secret=secret), timeout=30
        )

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(post, range(16)))
    assert [answer.status_code for answer in answers] == [200] * 16
    assert sorted(answer.json()["duplicate"] for answer in answers) == [False] + [True] * 15


def test_every_event_of_a_crowd_finds_its_message(site, new_phone, client, wait_for):
    """Webhooks race with the site that writes down the ids of what it sends."""

    def confirm(phone: str) -> str:
        order = {"phone_number": phone, "template_id": "otp_code", "variables": {"code": "1"}}
        return httpx.post(f"{site.base_url}/orders/confirm/", json=order, timeout=60).json()["message_id"]

    with ThreadPoolExecutor(4) as threads:
        ids = list(threads.map(confirm, [new_phone() for _ in range(12)]))
    wanted = set(ids)

    def arrived() -> bool:
        return all(site.process.said().count(f"({one}) was delivered") == 1 for one in wanted)

    wait_for(arrived, timeout_s=30)
    time.sleep(0.2)
    assert arrived()


def test_the_project_is_sound(site):
    assert "no issues" in site.manage("check")
