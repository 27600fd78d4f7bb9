import logging

from django.dispatch import receiver

from sent_dm.integrations.django.signals import message_delivered, message_failed, message_received

logger = logging.getLogger(__name__)


@receiver(message_delivered)
def log_message_delivered(sender, instance, event_data, **kwargs):
    logger.warning("Message %s (%s) was delivered by %s", instance.id, instance.sent_id, event_data["channel"])


@receiver(message_failed)
def log_message_failed(sender, instance, error, **kwargs):
    logger.error("Message %s failed: %s", instance.id, error)


@receiver(message_received)
def log_message_received(sender, event, **kwargs):
    logger.warning("Somebody wrote: %s", event.payload.text)
