"""One message played through by hand: handsets that confirm when they are asked to, and a clock that is moved."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any

from delivery import invariants
from harness.client import Client
from harness.messages import history
from harness.receiver import Receiver
from harness.server import Server
from harness.waiting import at_least, equal_to, nothing, wait_for
from sent_server.db.open import open_database

TIMEOUT_MS = 10_000
HOUR_MS = 3_600_000
# "At once": far less than any timeout, far more than a busy machine needs.
AT_ONCE_S = 10.0
Money = dict[str, int]
# What a message shows: status, channel, price.
View = tuple[str, str | None, float | None]


@dataclass
class Stage:
    """A server with one organization, whose handsets are silent unless `confirm` lets them speak."""

    server: Server
    receiver: Receiver
    # Messages with a charge that only an older release would have made.
    settled_before: set[str] = field(default_factory=set[str])

    @property
    def http(self) -> Client:
        return self.server.http

    def dial(self, code: str = "30007", **kinds: str) -> None:
        """What goes wrong on each channel; a channel that is not named stays silent."""
        wanted = {"whatsapp": "no_receipt", "sms": "no_receipt", **kinds}
        faults = [
            {"channel": channel, "kind": kind, "probability": 1, "error_code": code}
            for channel, kind in wanted.items()
            if kind != "well"
        ]
        assert self.http.put("/sim/faults", {"faults": faults}).status == 200

    def let_time_pass(self, ms: int = TIMEOUT_MS) -> None:
        assert self.http.post("/sim/clock", {"advance_ms": ms}).status == 200

    def send(self, phone: str, *channels: str, template: str = "order_confirmation") -> "Played":
        parameters = {"name": "Ada", "order_number": "A", "total": "1"} if template == "order_confirmation" else {}
        before = self.balance
        body: dict[str, Any] = {
            "to": [phone],
            "template": {"id": self.server.template_ids[template], "parameters": parameters},
        }
        if channels:
            body["channel"] = list(channels)
        answer = self.http.post("/v3/messages", body)
        assert answer.status == 202, answer.body
        return Played(self, answer.data["recipients"][0]["message_id"], phone, before)

    def execute(self, sql: str) -> None:
        """Change a row beside the server, as another process would."""

        async def go() -> None:
            database = await open_database(self.server.database_url)
            await database.write(lambda tx: tx.execute(sql))
            await database.close()

        asyncio.run(go())

    def query(self, sql: str) -> Any:
        return invariants.rows_of(self.server.database_url)(sql)

    @property
    def balance(self) -> int:
        """What can be spent, in micros. The API and the operator's command say the same."""
        shown = lambda: self.http.get("/v3/me").data["balance"]["available"]  # noqa: E731
        # Another message may settle between the two answers.
        wait_for(
            lambda: (self._operators_balance, shown()),
            5,
            until=lambda both: both[0] == both[1],
            what="the same balance in both places",
        )
        return round(shown() * 1_000_000)

    @property
    def _operators_balance(self) -> float:
        return float(self.server.ask("accounts show", customer_id=self.server.customer_id)["balance"])


@dataclass
class Played:
    """A message under way, and the balance before it."""

    stage: Stage
    id: str
    phone: str
    balance_before: int

    @property
    def http(self) -> Client:
        return self.stage.http

    @property
    def message(self) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"/v3/messages/{self.id}").data
        return found

    @property
    def view(self) -> View:
        found = self.message
        return found["status"], found["channel"], found["price"]

    def shows(self, status: str, channel: str | None, price: float | None, *, within_s: float = AT_ONCE_S) -> None:
        wanted = (status, channel, price)
        wait_for(
            lambda: self.view,
            within_s,
            until=equal_to(wanted),
            what=f"{self.id} to show {wanted}",
            explain=lambda _: f"{history(self.http, self.id)}\nlegs: {self.legs}",
        )

    def keeps_showing(self, status: str, channel: str | None, price: float | None) -> None:
        """After everything that is due has been handed in."""
        due = lambda: self.stage.query("SELECT * FROM network_due")  # noqa: E731
        wait_for(due, 10, until=nothing, what="all receipts to be handed in")
        assert self.view == (status, channel, price)

    def confirm(self, channel: str, kind: str, code: str = "30003") -> None:
        """The handset says so now."""
        body = {"channel": channel, "kind": kind, "message_id": self.id}
        if kind == "failed":
            body["error_code"] = code
        answer = self.http.post(f"/sim/phones/{self.phone}/receipts", body)
        assert answer.status == 202, answer.body

    @property
    def ledger(self) -> Money:
        """Micros by kind of entry; each kind stands there at most once."""
        rows = self.stage.query(f"SELECT kind, amount_micros FROM ledger_entries WHERE ref = '{self.id}'")
        found = {row[0]: row[1] for row in rows}
        assert len(found) == len(rows)
        return found

    def costs(self, **entries: int) -> None:
        """These are the entries beside the hold of the dearest channel, and every balance agrees with them."""
        assert self.ledger == {"hold": self.ledger["hold"], **entries}
        if entries:
            net = entries.get("capture", 0) - entries.get("refund", 0)
            assert self.balance_before - self.stage.balance == net
            assert self.http.get("/v3/me").data["balance"]["held"] == 0
            price = self.message["price"]
            assert round((price or 0) * 1_000_000) == net
            assert (price is None) == ("capture" not in entries)
            shown = self.activities[-1]
            assert (shown[0], shown[2]) == (self.message["status"], None if price is None else f"{price:.4f}")

    def events(self, *wanted: str) -> None:
        """What the webhook has got since `message.queued`, such as "sent W", in order, and nothing else."""
        names = {"whatsapp": "W", "sms": "S", "rcs": "R", "sent": "-"}

        def got() -> list[str]:
            # A clock that is moved ends leases, so that some events are posted twice.
            mine = {
                delivery.headers["x-webhook-event-id"]: delivery
                for delivery in list(self.stage.receiver.deliveries)
                if delivery.json["payload"].get("message_id") == self.id
            }
            numbers = self.stage.server.sender_numbers
            told: list[str] = []
            for _, delivery in sorted(mine.items()):
                payload = delivery.json["payload"]
                if not delivery.json["event"].startswith("message.") or payload["message_status"] == "QUEUED":
                    continue
                channel = payload["channel"]
                assert channel == "sent" or payload["outbound_number"] == numbers[channel]
                told.append(f"{payload['message_status'].lower()} {names[channel]}")
            return told

        with contextlib.suppress(AssertionError):
            wait_for(got, 15, until=at_least(len(wanted)))
        assert got() == list(wanted), history(self.http, self.id)

    @property
    def activities(self) -> list[tuple[str, str, str | None]]:
        """Status, description and price, oldest first; without what comes before routing."""
        found = self.http.get(f"/v3/messages/{self.id}/activities").data["activities"]
        history = [(e["status"], e["description"]) for e in self.message["events"]]
        assert [(one["status"], one["description"]) for one in reversed(found)] == history
        return [
            (one["status"], one["description"], one["price"])
            for one in reversed(found)
            if one["status"] not in ("QUEUED", "PROCESSED")
        ]

    @property
    def legs(self) -> list[tuple[str, str, str | None]]:
        """Channel, state and reason of every attempt."""
        rows = self.stage.query(
            f"SELECT channel, state, reason FROM attempts WHERE message_id = '{self.id}' ORDER BY leg, attempt"
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def say(self, text: str) -> None:
        """The person writes; returns when their consent has changed."""
        look = lambda: self.http.get("/v3/contacts", query={"phone": self.phone}).data["contacts"][0]  # noqa: E731
        before = look()["opt_out"]
        answer = self.http.post(f"/sim/phones/{self.phone}/messages", {"channel": "sms", "text": text})
        assert answer.status == 202, answer.body
        wait_for(lambda: look()["opt_out"], 10, until=lambda now: now is not before, what=f"{text} to count")

    def park(self, kind: str, *, leg: int = 0) -> None:
        """A receipt that came before the answer to the submit was written down, or that missed that moment."""
        self.stage.execute(
            "INSERT INTO receipts (carrier, event_id, ref, kind, error_code, received_at_ms) "
            f"VALUES ('simulator', 'parked-{self.id}-{kind}', '{self.id}-{leg}-1', '{kind}', '30003', 1)"
        )

    def received(self) -> list[str]:
        """Channels that the handset got it on, the first one first."""
        found = self.http.get(f"/sim/phones/{self.phone}/messages").data["messages"]
        return [one["channel"] for one in reversed(found) if one["message_id"] == self.id]
