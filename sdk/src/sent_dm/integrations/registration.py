"""A webhook for an application, made once however often its set-up runs."""

from collections.abc import Sequence

from sent_dm import SentDm

EVENT_TYPES = ("messages", "templates")


def register_webhook(client: SentDm, url: str, *, display_name: str, event_types: Sequence[str] = EVENT_TYPES) -> str:
    """Have Sent post events to `url`; returns the secret that signs them.

    A webhook that posts to this URL already is used again: it is enabled, gets these event types, and a new secret,
    because nobody can read the old one, which stops at once.
    """
    for hook in client.webhooks.list():
        if hook.endpoint_url != url:
            continue
        if set(hook.event_types) != set(event_types):
            client.webhooks.update(hook.id, event_types=list(event_types))
        if not hook.is_active:
            client.webhooks.toggle_status(hook.id, is_active=True)
        return str(client.webhooks.rotate_secret(hook.id).data.signing_secret)
    made = client.webhooks.create(display_name=display_name, endpoint_url=url, event_types=list(event_types))
    return str(made.data.signing_secret)
