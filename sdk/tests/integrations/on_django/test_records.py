"""Records of what was sent, the client and its settings, the commands, the admin."""

from io import StringIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.management import CommandError, call_command
from django.test import Client, override_settings

import sent_dm
from django_parts import body, post, sent
from gateway import LostAnswer, Refusal
from sent_dm.integrations.django import sending
from sent_dm.integrations.django.apps import check_settings, get_sent_client
from sent_dm.integrations.django.models import MessageTemplate, SentMessage, WebhookEvent

pytestmark = pytest.mark.usefixtures("configured")

# Records


def test_the_record_of_the_documents():
    message = SentMessage.objects.create(
        sent_id="msg_123", phone_number="+1234567890", template_id="welcome", template_name="welcome", status="pending"
    )
    assert str(message) == "welcome to +1234567890 (pending)"
    message.mark_as_sent("sent_msg_123")
    assert (message.sent_id, message.status) == ("sent_msg_123", "sent")
    message.mark_as_delivered()
    assert message.status == "delivered"
    message.mark_as_failed("too late")
    assert message.status == "delivered"
    other = SentMessage.objects.create(phone_number="+1234567890", template_id="welcome", template_name="welcome")
    other.mark_as_failed("refused")
    assert (other.status, other.error_message) == ("failed", "refused")


@pytest.mark.parametrize(
    "number", ["1234567890", "+0123", "+1", "+40404", "+" + "1" * 16, "+1234567890\n", "+１２３４"]
)
def test_numbers_are_checked(number):
    with pytest.raises(DjangoValidationError) as refused:
        SentMessage(phone_number=number, template_id="welcome").full_clean()
    assert "phone_number" in refused.value.message_dict


def test_a_send_leaves_a_record(heard, new_phone, client, server):
    message = sending.send_message(new_phone(), server.template_ids["otp_code"], {"code": 1}, channels=["sms"])
    assert client.messages.wait_until_delivered(message.sent_id).phone == message.phone_number
    assert (message.status, message.template_id) == ("sent", server.template_ids["otp_code"])
    assert [name for name, _ in heard] == ["message_queued", "message_sent"]
    assert heard[1][1]["response"].id == message.sent_id


def test_a_text_leaves_a_record_too(new_phone, client):
    message = sending.send_message(new_phone(), text="Your table is ready.", channels=["sms"])
    assert client.messages.wait_until_delivered(message.sent_id).template_id is None
    assert str(message) == f"text to {message.phone_number} (sent)"
    with pytest.raises(ValueError, match="either a template or a text"):
        sending.send_message(new_phone(), "welcome", text="Your table is ready.")


def test_a_refused_send_says_why_and_can_be_tried_again(heard, new_phone, gateway):
    phone = new_phone()
    gateway.will(Refusal(422, code="BUSINESS_001"))
    with pytest.raises(sent_dm.UnprocessableEntityError):
        sending.send_message(phone, "welcome")
    message = SentMessage.objects.get(phone_number=phone)
    assert message.status == "failed"
    assert "Refused by the gateway" in message.error_message
    assert [name for name, _ in heard] == ["message_queued", "message_failed"]
    sending.try_again(message)
    assert (message.status, message.error_message) == ("sent", "")
    assert len(set(gateway.keys(phone))) == 2


def test_a_send_of_unknown_outcome_is_repeated_under_its_key(new_phone, gateway, client, texts):
    phone = new_phone()
    gateway.will(LostAnswer())
    with pytest.raises(sent_dm.APIConnectionError):
        sending.send_message(phone, "welcome")
    message = SentMessage.objects.get(phone_number=phone)
    sending.try_again(message)
    client.messages.wait_until_delivered(message.sent_id)
    assert len(texts(phone)) == 1
    assert len(gateway.keys(phone)) == 2


def test_arguments_that_cannot_be_fail_the_record(new_phone):
    with pytest.raises((TypeError, ValueError)):
        sending.send_message(new_phone(), "welcome", channels=[7])  # pyright: ignore[reportArgumentType] - so is the test
    assert SentMessage.objects.get().status == "failed"


def test_what_failed_on_its_way_is_sent_anew(new_phone, gateway, client, texts):
    phone = new_phone()
    message = sending.send_message(phone, "welcome")
    first = message.sent_id
    client.messages.wait_until_delivered(first)
    message.mark_as_failed("lost")
    sending.try_again(message)
    client.messages.wait_until_delivered(message.sent_id)
    assert message.sent_id != first
    assert len(texts(phone)) == 2


# Client, settings, checks


def test_one_client_until_the_settings_change():
    first = get_sent_client()
    assert get_sent_client() is first
    with override_settings(SENT_DM_API_KEY="another", SENT_DM_MAX_RETRIES="3", SENT_DM_TIMEOUT=5):
        other = get_sent_client()
        assert (other.api_key, other.max_retries, other.timeout.read) == ("another", 3, 5)
    assert get_sent_client().api_key == first.api_key


def test_no_key_is_a_clear_error(monkeypatch):
    monkeypatch.delenv("SENT_DM_API_KEY", raising=False)
    with override_settings(SENT_DM_API_KEY=""), pytest.raises(ImproperlyConfigured, match="SENT_DM_API_KEY"):
        get_sent_client()


def test_what_is_missing_is_a_warning_of_the_checks(monkeypatch):
    for name in ("SENT_DM_API_KEY", "SENT_API_KEY", "SENT_DM_WEBHOOK_SECRET", "SENT_WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)
    assert check_settings() == []
    with override_settings(SENT_DM_API_KEY=None, SENT_DM_WEBHOOK_SECRET=""):
        assert [one.id for one in check_settings()] == ["sent_dm.W001", "sent_dm.W002"]


@pytest.mark.parametrize("value", ["many", -1, [], "nan"])
def test_wrong_numbers_in_the_settings_are_named(value):
    with override_settings(SENT_DM_MAX_RETRIES=value), pytest.raises(ImproperlyConfigured, match="SENT_DM_MAX_RETRIES"):
        get_sent_client()


def test_migrations_are_complete():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


# Commands


def manage(*arguments: str) -> str:
    said = StringIO()
    call_command(*arguments, stdout=said)
    return said.getvalue()


def test_templates_are_copied(server):
    assert "add welcome" in manage("sync_templates", "--dry-run")
    assert not MessageTemplate.objects.exists()
    welcome = server.template_ids["welcome"]
    assert manage("sync_templates", f"--template-id={welcome}") == f"add welcome ({welcome})\n"
    MessageTemplate.objects.create(template_id="gone", name="Old one")
    said = manage("sync_templates")
    assert f"change welcome ({welcome})" in said
    assert "deactivate Old one (gone)" in said
    rows = {one.name: one for one in MessageTemplate.objects.all()}
    assert {name: one.template_id for name, one in rows.items()} == {**server.template_ids, "Old one": "gone"}
    assert [one.name for one in rows.values() if not one.is_active] == ["Old one"]
    otp = rows["otp_code"]
    assert (otp.variables, "verification code" in otp.content) == (["code"], True)
    assert "sms" in otp.channels


def test_a_template_that_is_not_there():
    with pytest.raises(CommandError, match="404"):
        manage("sync_templates", "--template-id=7ba7b820-9dad-11d1-80b4-00c04fd430c8")


def test_a_test_message(new_phone, texts, wait_for):
    phone = new_phone()
    said = manage("send_test_message", phone, "--template-id=otp_code", "--var=code=4=7")
    assert said == f"Sent: {SentMessage.objects.get().sent_id}\n"
    wait_for(lambda: texts(phone))
    assert "4=7" in texts(phone)[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ("12", "--template-id=welcome"),
        ("+14155551234", "--template-id=x", "--var=a"),
        ("+14155551234", "--template-id=none"),
    ],
)
def test_a_test_message_that_cannot_be(arguments):
    with pytest.raises(CommandError):
        manage("send_test_message", *arguments)


def test_old_events_are_pruned():
    post(body("DELIVERED"))
    assert manage("prune_webhook_events") == "Deleted: 0\n"
    assert manage("prune_webhook_events", "--days=0") == "Deleted: 1\n"


# Admin


@pytest.fixture
def admin() -> Client:
    from django.contrib.auth.models import User

    User.objects.create_superuser("root", "root@example.com", password="root")
    client = Client()
    assert client.login(username="root", password="root")
    return client


def test_the_admin_shows_everything(admin, server):
    manage("sync_templates")
    message = sent()
    post(body("DELIVERED"))
    for page in ("sentmessage", "messagetemplate", "webhookevent"):
        assert admin.get(f"/admin/sent_dm/{page}/?q=m").status_code == 200
        model = {"sentmessage": SentMessage, "messagetemplate": MessageTemplate, "webhookevent": WebhookEvent}[page]
        assert admin.get(f"/admin/sent_dm/{page}/{model.objects.first().pk}/change/").status_code == 200
    assert "DELIVERED" in admin.get("/admin/sent_dm/sentmessage/").content.decode()
    assert message.pk


def test_actions_of_the_admin(admin, new_phone, gateway):
    phone = new_phone()
    failed = SentMessage.objects.create(phone_number=phone, template_id="welcome", status="failed")
    other = SentMessage.objects.create(phone_number="+1234567890", template_id="welcome")

    def act(name: str) -> None:
        data = {"action": name, "_selected_action": [failed.pk, other.pk]}
        assert admin.post("/admin/sent_dm/sentmessage/", data).status_code == 302
        failed.refresh_from_db()
        other.refresh_from_db()

    act("retry_message")
    assert (failed.status, other.status) == ("sent", "pending")
    act("mark_as_failed")
    assert (failed.status, other.status) == ("failed", "failed")
    gateway.will(Refusal(400), Refusal(400))
    act("retry_message")
    assert (failed.status, other.status) == ("failed", "failed")
