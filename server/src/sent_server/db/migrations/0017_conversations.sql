-- compatible: 1
-- Messages that can hold a conversation: our number and the carrier's id of what people wrote, when a message is held
-- until, why it failed, and an index by contact. Processes of the release before leave the new columns null.

-- sender: our number of an inbound message; an outbound one has its sender in its plan. carrier_ref: the carrier's id
-- of an inbound message. reply_to: the id of our message that it answers. scheduled_at_ms stays after the release.
-- reason_code is one of contract/reasons.json, for FAILED, FILTERED and BLOCKED; reason is a sentence.
/*pg: ALTER TABLE messages DROP CONSTRAINT messages_status_check; */
/*pg: ALTER TABLE messages ADD COLUMN sender TEXT, ADD COLUMN carrier_ref TEXT, ADD COLUMN reply_to TEXT,
    ADD COLUMN scheduled_at_ms BIGINT, ADD COLUMN reason_code TEXT, ADD COLUMN reason TEXT; */

-- SQLite cannot drop a CHECK, so the rows move. Which statuses there are is said in messages/statuses.py alone.
/*sqlite:
CREATE TABLE messages_of_17 (
    customer_id TEXT NOT NULL,
    id TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    phone TEXT NOT NULL,
    region_code TEXT NOT NULL,
    status TEXT NOT NULL,
    channel TEXT,
    leg BIGINT NOT NULL,
    legs BIGINT NOT NULL,
    plan_number BIGINT NOT NULL,
    held_micros BIGINT NOT NULL,
    settled_at_ms BIGINT,
    price_micros BIGINT,
    active_contact_price_micros BIGINT,
    last_sequence BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    refunded_micros BIGINT NOT NULL DEFAULT 0,
    round BIGINT NOT NULL DEFAULT 1,
    sender TEXT,
    carrier_ref TEXT,
    reply_to TEXT,
    scheduled_at_ms BIGINT,
    reason_code TEXT,
    reason TEXT,
    PRIMARY KEY (customer_id, id)
) WITHOUT ROWID;
INSERT INTO messages_of_17 (customer_id, id, batch_id, contact_id, phone, region_code, status, channel, leg, legs,
    plan_number, held_micros, settled_at_ms, price_micros, active_contact_price_micros, last_sequence,
    created_at_ms, updated_at_ms, refunded_micros, round)
SELECT customer_id, id, batch_id, contact_id, phone, region_code, status, channel, leg, legs,
    plan_number, held_micros, settled_at_ms, price_micros, active_contact_price_micros, last_sequence,
    created_at_ms, updated_at_ms, refunded_micros, round
FROM messages;
DROP TABLE messages;
ALTER TABLE messages_of_17 RENAME TO messages;
*/

-- All its columns never change, so that changes of a message leave the index alone.
CREATE INDEX messages_of_contact ON messages (customer_id, contact_id, id);

-- What the request asked for, as JSON, where the texts alone do not say it: free text, template values, media, senders,
-- schedule. Sending again and sending later start from it.
ALTER TABLE batches ADD COLUMN request_json TEXT;
