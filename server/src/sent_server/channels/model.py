"""A configured channel."""

from sent_server.kernel.values import value_object


@value_object
class ChannelConfig:
    """`carrier` is a connection, `sender` our default sender there. `messages_per_second` None means unlimited.

    `by_country` has the senders of markets: (country, carrier, sender), at most one for each country. Recipients there
    receive messages from it, all others from the default sender.
    """

    channel: str
    carrier: str
    sender: str
    business_name: str | None
    messages_per_second: int | None = None
    by_country: tuple[tuple[str, str, str], ...] = ()

    def sender_for(self, country: str) -> tuple[str, str]:
        """(carrier, sender) for recipients in a country."""
        for served, carrier, sender in self.by_country:
            if served == country:
                return carrier, sender
        return self.carrier, self.sender
