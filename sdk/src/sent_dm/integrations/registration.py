"""A webhook for an application, made once however often its set-up runs."""

import re
from collections.abc import Sequence

from sent_dm import SentDm

EVENT_TYPES = ("messages", "templates")
_USERINFO = re.compile(r"^([A-Za-z]+://)[^/?#]*@")


def register_webhook(client: SentDm, url: str, *, display_name: str, event_types: Sequence[str] = EVENT_TYPES) -> str:
    """Have Sent post events to `url`; returns the secret that signs them.

    A webhook that posts to this URL already is used again: it is enabled, gets these event types, and a new secret,
    because nobody can read the old one, which stops at once. User and password in the URL do not count when it is
    looked for, as Sent shows them masked; the webhook uses those of `url` from then on.
    """
    place = _without_userinfo(url)
    found = [hook for hook in client.webhooks.list() if _without_userinfo(hook.endpoint_url) == place]
    if not found:
        made = client.webhooks.create(display_name=display_name, endpoint_url=url, event_types=list(event_types))
        return str(made.data.signing_secret)
    # With several, the one whose URL is written as ours is; without that, one that has credentials where ours has some.
    hook = min(found, key=lambda one: (one.endpoint_url != url, (one.endpoint_url == place) != (url == place)))
    if hook.endpoint_url != url:
        client.webhooks.update(hook.id, endpoint_url=url, event_types=list(event_types))
    elif set(hook.event_types) != set(event_types):
        client.webhooks.update(hook.id, event_types=list(event_types))
    if not hook.is_active:
        client.webhooks.toggle_status(hook.id, is_active=True)
    return str(client.webhooks.rotate_secret(hook.id).data.signing_secret)


def _without_userinfo(url: str | None) -> str:
    return _USERINFO.sub(r"\1", url or "", count=1)
