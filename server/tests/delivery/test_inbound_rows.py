"""What the row of an inbound message keeps: our number, the carrier's id, and the message of ours that it answers."""

import asyncio

from delivery.playing import Stage
from harness import samples
from harness.server import Server
from sent_server.carriers.base import Inbound
from sent_server.carriers.simulator.reach import SimulatedReach
from sent_server.db.open import open_database
from sent_server.delivery import inbound
from sent_server.kernel.channels import Channel

S = 0.0083


def receive(server: Server, message: Inbound) -> None:
    """As a process that runs a carrier would, beside the server."""

    async def go() -> None:
        database = await open_database(server.database_url)
        try:
            await database.write(
                lambda tx: inbound.take(tx, "simulator", [message], reach=SimulatedReach(), now_ms=1_800_000_000_000)
            )
        finally:
            await database.close()

    asyncio.run(go())


def kept(stage: Stage, text: str) -> tuple[str, str | None, str | None, str | None]:
    """Message id, our number, the carrier's id and the answered message."""
    rows = stage.query(
        "SELECT m.id, m.sender, m.carrier_ref, m.reply_to FROM messages m "
        "JOIN batches b ON b.customer_id = m.customer_id AND b.id = m.batch_id "
        f"WHERE m.status = 'RECEIVED' AND b.contents_json LIKE '%{text}%'"
    )
    [row] = rows
    return row[0], row[1], row[2], row[3]


def test_a_reply_keeps_the_carriers_id_and_names_the_message_that_it_answers(patient_stage: Stage) -> None:
    patient_stage.dial(sms="well")
    phone, own = samples.phone(), patient_stage.server.sender_numbers["sms"]
    sent = patient_stage.send(phone, "sms")
    sent.shows("DELIVERED", "sms", S)
    [[ref]] = patient_stage.query(f"SELECT ref FROM carrier_refs WHERE message_id = '{sent.id}'")
    event_id = samples.key()
    said = Inbound(event_id, Channel.SMS, phone, own, f"Thanks {event_id}", ref=f"sms-{event_id}", reply_to=ref)
    receive(patient_stage.server, said)
    message_id, sender, carrier_ref, reply_to = kept(patient_stage, event_id)
    assert (sender, carrier_ref, reply_to) == (own, f"sms-{event_id}", sent.id)
    shown = patient_stage.http.get(f"/v3/messages/{message_id}").data
    assert (shown["direction"], shown["status"], shown["phone"]) == ("inbound", "RECEIVED", phone)
    assert shown["conversation_id"] == shown["contact_id"] == sent.message["contact_id"]
    [activity] = patient_stage.http.get(f"/v3/messages/{message_id}/activities").data["activities"]
    assert activity["from"] == phone
    outbound = patient_stage.http.get(f"/v3/messages/{sent.id}/activities").data["activities"]
    assert [one["from"] for one in reversed(outbound)][-1] == own


def test_without_an_id_of_its_own_a_message_has_that_of_its_event_and_an_unknown_answer_is_none(
    patient_stage: Stage,
) -> None:
    own, event_id = patient_stage.server.sender_numbers["sms"], samples.key()
    receive(patient_stage.server, Inbound(event_id, Channel.SMS, samples.phone(), own, event_id, reply_to="unknown"))
    assert kept(patient_stage, event_id)[1:] == (own, event_id, None)
