"""The summary as JSON."""

from typing import Any

from sent_server.conversations.summary import Summary
from sent_server.kernel import timestamps


def summary(contact_id: str, found: Summary) -> dict[str, Any]:
    return {
        "contact_id": contact_id,
        "message_count": found.message_count,
        "first_message_at": timestamps.iso_or_none(found.first_at_ms),
        "last_message_at": timestamps.iso_or_none(found.last_at_ms),
        "channels_used": [score.channel for score in found.scores],
        "channel_scores": [
            {"channel": score.channel, "success_score": score.success, "fail_score": score.fail}
            for score in found.scores
        ],
    }
