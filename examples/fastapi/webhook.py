"""Have Sent post events to a URL, and print the secret that signs them: python webhook.py URL

Run it as often as you like: a webhook for this URL that exists already is used again, with a new secret.
"""

import sys

from sent_dm import SentDm
from sent_dm.integrations.registration import register_webhook

secret = register_webhook(SentDm(), sys.argv[1], display_name="fastapi", event_types=["messages"])
print(f"export SENT_DM_WEBHOOK_SECRET={secret}")
