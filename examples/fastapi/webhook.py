"""Have Sent post events to a URL, and print the secret that signs them: python webhook.py URL"""

import sys

from sent_dm import SentDm

made = SentDm().webhooks.create(display_name="fastapi", endpoint_url=sys.argv[1], event_types=["messages"])
print(f"export SENT_DM_WEBHOOK_SECRET={made.data.signing_secret}")
