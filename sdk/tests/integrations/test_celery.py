"""A real worker, forking, on a real Redis, against a real server."""

import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

import sent_dm
import sent_dm.integrations.celery.keys
from gateway import LostAnswer, Refusal
from harness.waiting import at_least
from processes import Process, run

HERE = Path(__file__).parent
CELERY = ("-m", "celery", "-A", "celery_shop")
WAIT_S = 60


@pytest.fixture(scope="session")
def shop_environment(redis_url, gateway, server) -> dict[str, str]:
    return {"SHOP_BROKER_URL": redis_url, "SHOP_KEY": server.api_key, "SHOP_BASE_URL": gateway.base_url}


@pytest.fixture(scope="session")
def worker(shop_environment, tmp_path_factory) -> Iterator[Process]:
    log = tmp_path_factory.mktemp("worker") / "log"
    arguments = ["worker", "-P", "prefork", "-c", "2", "-l", "INFO", "--without-gossip", "--without-mingle"]
    with Process(*CELERY, *arguments, cwd=HERE, log=log, env=shop_environment, ready=" ready.") as running:
        yield running


@pytest.fixture(scope="session")
def shop(worker, shop_environment):
    """The application, as the web process that hands out tasks has it."""
    os.environ.update(shop_environment)
    import celery_shop

    yield celery_shop
    celery_shop.app.close()
    for name in shop_environment:
        del os.environ[name]


@pytest.fixture
def task(shop):
    return lambda name: shop.app.tasks[name if name.startswith("sent_dm.") else f"celery_shop.{name}"]


@pytest.fixture
def send(task):
    def start(phone: str, template: str = "welcome", **more):
        kwargs = {"phone_number": phone, "template_id": template, "variables": {"name": "Ann"}, **more}
        return task("sent_dm.send_single_message").apply_async(kwargs=kwargs)

    return start


def test_a_message_is_sent_by_a_worker(send, new_phone, client, texts, server):
    phone = new_phone()
    told = send(phone, server.template_ids["welcome"], channel=["sms"], track_id="order-7").get(WAIT_S)
    message = client.messages.wait_until_delivered(told["message_id"])
    assert told == {
        "success": True,
        "message_id": message.id,
        "status": "queued",
        "phone_number": phone,
        "track_id": "order-7",
    }
    assert (message.phone, message.channel) == (phone, "sms")
    assert texts(phone) == [message.message_body.content]


def test_a_text_is_sent_without_a_template(task, new_phone, client, texts):
    phone = new_phone()
    arguments = {"phone_number": phone, "text": "Your table is ready.", "channel": ["sms"]}
    told = task("sent_dm.send_single_message").apply_async(kwargs=arguments).get(WAIT_S)
    client.messages.wait_until_delivered(told["message_id"])
    assert texts(phone) == ["Your table is ready."]
    with pytest.raises(sent_dm.integrations.celery.ValidationError, match="either a template or a text"):
        task("sent_dm.send_single_message").apply_async(kwargs={**arguments, "template_id": "welcome"}).get(WAIT_S)


def test_a_lost_answer_sends_once(send, new_phone, client, texts, gateway):
    phone = new_phone()
    gateway.will(LostAnswer())
    told = send(phone).get(WAIT_S)
    client.messages.wait_until_delivered(told["message_id"])
    assert len(texts(phone)) == 1
    assert len(gateway.keys(phone)) == 2
    assert len(set(gateway.keys(phone))) == 1


def test_retry_after_is_obeyed(send, new_phone, gateway):
    phone = new_phone()
    gateway.will(Refusal(429, {"Retry-After": "2"}, "BUSINESS_002"))
    assert send(phone).get(WAIT_S)["success"]
    first, second = (one for one in gateway.seen if phone.encode() in one.body)
    assert 2 <= second.at_s - first.at_s < 30
    assert first.key == second.key


@pytest.mark.parametrize("status", [408, 500, 502, 503])
def test_what_may_pass_is_tried_again(task, new_phone, gateway, status):
    phone = new_phone()
    gateway.will(Refusal(status))
    assert task("tries_twice").delay(phone).get(WAIT_S)
    assert len(gateway.keys(phone)) == 2


def test_tries_come_to_an_end(task, new_phone, gateway):
    phone = new_phone()
    gateway.will(Refusal(500), Refusal(503))
    with pytest.raises(sent_dm.InternalServerError, match="Refused by the gateway"):
        task("tries_twice").delay(phone).get(WAIT_S)
    assert len(gateway.keys(phone)) == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, sent_dm.BadRequestError),
        (401, sent_dm.AuthenticationError),
        (403, sent_dm.PermissionDeniedError),
        (404, sent_dm.NotFoundError),
        (409, sent_dm.ConflictError),
        (422, sent_dm.UnprocessableEntityError),
    ],
)
def test_a_no_is_final(send, new_phone, gateway, status, kind):
    phone = new_phone()
    gateway.will(Refusal(status, code="RESOURCE_007"))
    with pytest.raises(kind, match="Refused by the gateway") as refused:
        send(phone).get(WAIT_S)
    assert refused.value.status_code == status
    assert len(gateway.keys(phone)) == 1


def test_a_call_that_is_still_under_way_is_asked_again(send, new_phone, gateway):
    phone = new_phone()
    gateway.will(Refusal(409, code="CONFLICT_001"))
    assert send(phone).get(WAIT_S)["success"]
    assert len(gateway.keys(phone)) == 2


def test_wrong_numbers_do_not_reach_the_server(send, gateway):
    with pytest.raises(sent_dm.integrations.celery.ValidationError, match="Invalid phone number format"):
        send("0171 555").get(WAIT_S)
    assert not gateway.keys("0171 555")


def test_a_worker_killed_after_sending_does_not_send_again(task, new_phone, client, texts, tmp_path, gateway):
    phone = new_phone()
    first = tmp_path / "first"
    message_id = task("dies_after_sending").delay(phone, str(first)).get(WAIT_S)
    assert message_id == first.read_text()
    client.messages.wait_until_delivered(message_id)
    assert len(texts(phone)) == 1
    assert len(gateway.keys(phone)) == 2


def test_a_task_that_ran_out_of_time_does_not_send_again(task, new_phone, client, texts):
    phone = new_phone()
    client.messages.wait_until_delivered(task("takes_too_long_once").delay(phone).get(WAIT_S))
    assert len(texts(phone)) == 1


def test_several_messages_of_one_task_are_told_apart(task, new_phone, client, texts):
    phone = new_phone()
    names = ["Ann", "Bob", "Ann", "Eve"]
    ids = task("several").delay(phone, names, 2).get(WAIT_S)
    for one in ids:
        client.messages.wait_until_delivered(one)
    assert len(set(ids)) == 4
    assert [client.messages.retrieve(one).data.message_body.content for one in ids] == texts(phone)


def test_a_run_that_skips_calls_gets_no_answer_of_another(task, new_phone, client, texts):
    phone = new_phone()
    ids = task("skips_what_is_done").delay(phone, ["Ann", "Bob", "Eve"]).get(WAIT_S)
    for one, name in zip(ids, ["Bob", "Eve"], strict=True):
        assert name in client.messages.wait_until_delivered(one).message_body.content
    assert len(texts(phone)) == 3


def test_a_batch_delivered_twice_sends_once(task, new_phone, client, texts, shop):
    phones = [new_phone() for _ in range(3)]
    recipients = [{"phone_number": phone} for phone in phones]
    recipients[0]["variables"] = {"code": "1234"}
    batch = task("sent_dm.send_templated_batch")
    task_id = str(uuid.uuid4())
    for _ in range(2):
        told = batch.apply_async(args=[recipients, "otp_code", {"code": "5678"}], task_id=task_id).get(WAIT_S)
    assert told == {"total": 3, "queued": 3, "failed": 0, "errors": []}
    for number, phone in enumerate(phones):
        sent = shop.app.AsyncResult(sent_dm.integrations.celery.keys.child_id(task_id, number)).get(WAIT_S)
        client.messages.wait_until_delivered(sent["message_id"])
        assert len(texts(phone)) == 1
    assert ["1234" in texts(phone)[0] for phone in phones] == [True, False, False]


def test_a_bulk_is_a_group(task, new_phone, client, texts, shop):
    phones = [new_phone() for _ in range(3)]
    recipients = [{"phone_number": phone, "variables": {"name": "Ann"}} for phone in phones]
    bulk = task("sent_dm.send_bulk_messages")
    told = bulk.delay(recipients, "welcome").get(WAIT_S)
    assert (told["success"], told["total_tasks"]) == (True, 3)
    assert bulk.delay([], "welcome").get(WAIT_S) == {"success": True, "queued": 0}


def test_a_sequence_keeps_its_order_and_its_delays(task, new_phone, shop, gateway):
    phone = new_phone()
    steps = [
        {"phone_number": phone, "template_id": "welcome", "variables": {"name": "Ann"}},
        {"phone_number": phone, "template_id": "otp_code", "variables": {"code": "1"}, "delay_seconds": 1},
    ]
    told = task("sent_dm.send_sequence").delay(steps).get(WAIT_S)
    assert told["steps"] == 2
    assert shop.app.AsyncResult(told["workflow_id"]).get(WAIT_S)["success"]
    first, second = (one for one in gateway.seen if phone.encode() in one.body)
    assert b"welcome" in first.body
    assert second.at_s - first.at_s >= 1


def test_channels_are_sent_to_at_once(task, new_phone, client, shop):
    phone = new_phone()
    content = {"template_id": "welcome", "variables": {"name": "Ann"}}
    started = task("sent_dm.multi_channel_notify").delay(phone, content, ["whatsapp", "sms"])
    assert started.get(WAIT_S)["channels"] == ["whatsapp", "sms"]
    child_id = sent_dm.integrations.celery.keys.child_id
    for channel in ("whatsapp", "sms"):
        sent = shop.app.AsyncResult(child_id(started.id, channel)).get(WAIT_S)
        assert client.messages.wait_until_delivered(sent["message_id"]).channel == channel


def test_a_campaign_reports_also_what_failed(task, new_phone, shop, gateway):
    recipients = [{"phone_number": new_phone(), "variables": {"name": "Ann"}} for _ in range(3)]
    recipients.append({"phone_number": "nobody"})
    told = task("sent_dm.campaign_with_report").delay(recipients, "welcome", "spring").get(WAIT_S)
    report = shop.app.AsyncResult(told["chord_id"]).get(WAIT_S)
    assert (told["campaign_id"], told["recipients"]) == ("spring", 4)
    assert report["campaign_id"] == "spring"
    assert report["summary"] == {"total": 4, "successful": 3, "failed": 1, "success_rate": 75.0}
    empty = task("sent_dm.campaign_with_report").delay([], "welcome", "none").get(WAIT_S)
    assert shop.app.AsyncResult(empty["chord_id"]).get(WAIT_S)["summary"]["total"] == 0


def test_contacts_are_sorted_into_valid_and_invalid(task):
    contacts = [{"phone_number": " +14155551234 ", "name": "Ann"}, {"phone_number": "12"}, {}]
    assert task("sent_dm.validate_contacts").delay(contacts).get(WAIT_S) == {
        "valid": [{"phone_number": "+14155551234", "name": "Ann"}],
        "invalid": [
            {"contact": {"phone_number": "12"}, "reason": "Invalid phone format"},
            {"contact": {}, "reason": "Invalid phone format"},
        ],
    }


def test_beat_needs_no_key_and_every_tick_sends_once(worker, shop_environment, new_phone, texts, tmp_path, wait_for):
    phone = new_phone()
    arguments = ["beat", "-l", "INFO", "-s", str(tmp_path / "schedule")]
    env = {"SHOP_BROKER_URL": shop_environment["SHOP_BROKER_URL"], "BEAT_PHONE": phone}
    with Process(*CELERY, *arguments, cwd=HERE, log=tmp_path / "log", env=env, ready="Sending due task greet") as beat:
        wait_for(lambda: texts(phone))
        ticks = beat.said().count("Sending due task greet")
    wait_for(lambda: texts(phone), until=at_least(ticks))
    assert "beat" in texts(phone)[0]


def test_called_directly_it_raises_what_the_client_raises(task, new_phone, gateway, texts):
    phone = new_phone()
    gateway.will(Refusal(503))
    with pytest.raises(sent_dm.InternalServerError):
        task("tries_twice")(phone)
    assert task("tries_twice")(phone)
    assert len(set(gateway.keys(phone))) == 2


def test_eager_tasks_repeat_their_keys(task, new_phone, gateway):
    phone = new_phone()
    gateway.will(Refusal(503))
    assert task("tries_twice").apply([phone]).get()
    assert len(gateway.keys(phone)) == 2
    assert len(set(gateway.keys(phone))) == 1


def test_forks_share_no_connections():
    """Two processes on one socket would mix up their answers."""
    made = "from sent_dm.integrations.process import OncePerProcess as once; made = once(lambda name: object())"
    check = f"""{made}
import os, sys
before = made("a")
assert made("a") is before and made("b") is not before
child = os.fork()
if not child:
    os._exit(0 if made("a") is not before and made("a") is made("a") else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) or made("a") is not before)
"""
    run("-c", check, cwd=HERE)


def test_the_log_of_a_worker_tells_no_numbers(worker, send, new_phone):
    phone = new_phone()
    started = send(phone)
    started.get(WAIT_S)
    said = worker.said()
    assert started.id in said
    assert "+1415" not in said


def test_the_sdk_alone_loads_no_framework():
    loaded = "import sys, sent_dm; print(sorted({name.split('.')[0] for name in sys.modules} & {'celery', 'django'}))"
    assert run("-c", loaded, cwd=Path(sys.prefix)).strip() == "[]"
