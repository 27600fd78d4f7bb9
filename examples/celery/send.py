"""Start some of the tasks, and wait for their results."""

import sys

from shop import confirm_order, welcome_sequence

from sent_dm.integrations.celery import campaign_with_report, send_single_message

phone_number = sys.argv[1]

sent = send_single_message.delay(phone_number=phone_number, template_id="welcome", track_id="first").get(timeout=60)
print("one message:", sent["message_id"], sent["status"])
print("a task of the shop:", confirm_order.delay(phone_number, "Ann", "4711").get(timeout=60))
print("a sequence:", welcome_sequence.delay(phone_number, delay_seconds=1).get(timeout=60)["sequence"])

recipients = [{"phone_number": phone_number, "variables": {"code": code}} for code in ("1234", "5678")]
started = campaign_with_report.delay(recipients, "otp_code", "codes").get(timeout=60)
report = campaign_with_report.AsyncResult(started["chord_id"]).get(timeout=60)
print("a campaign:", report["summary"])
