"""What happens to messages. `sender` is SentMessage, `instance` the record; more arguments as said.

Those that a webhook raises run in one transaction with the change they report: a receiver that fails undoes both, the
webhook is answered with 500, and the event comes again.
"""

from django.dispatch import Signal

# A record was made; nothing is sent yet.
message_queued = Signal()
# Sent has taken it. response: the data of the answer.
message_sent = Signal()
# event_data: the payload of the event, which may report that the message was read.
message_delivered = Signal()
# event_data as before. message_delivered comes first, whatever the order of the events.
message_read = Signal()
# It was refused, or will not arrive. error: why.
message_failed = Signal()
# Somebody wrote to one of your numbers. sender: WebhookEvent; event: WebhookInboundEvent.
message_received = Signal()
# Every event, once. sender: WebhookEvent; event: what sent_dm.webhooks makes of it; event_data: its JSON.
webhook_received = Signal()
