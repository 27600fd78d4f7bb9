"""A configured channel."""

from sent_server.kernel.values import value_object


@value_object
class ChannelConfig:
    """`carrier` is a carrier's name, `sender` our number there (E.164). `messages_per_second` None means unlimited."""

    channel: str
    carrier: str
    sender: str
    business_name: str | None
    messages_per_second: int | None = None
