-- compatible: 1
-- The simulated network: handsets, what they received and said, and what the network still has to tell us.

-- Only handsets that were set by hand; every other number has the capabilities that its digits give it.
CREATE TABLE handsets (
    customer_id TEXT NOT NULL,
    phone TEXT NOT NULL,
    channels TEXT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    PRIMARY KEY (customer_id, phone)
) WITHOUT ROWID;

-- The id of a message to a handset is the attempt's, so that the same attempt cannot arrive twice.
-- The times are when it will have happened: a state needs no further write.
CREATE TABLE handset_messages (
    customer_id TEXT NOT NULL,
    id TEXT NOT NULL,
    phone TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('to_phone', 'from_phone')),
    channel TEXT NOT NULL,
    sender TEXT NOT NULL,
    message_id TEXT,
    text TEXT NOT NULL,
    extras_json TEXT,
    duplicates BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    delivered_at_ms BIGINT,
    read_at_ms BIGINT,
    failed_at_ms BIGINT,
    PRIMARY KEY (customer_id, id)
) WITHOUT ROWID;
CREATE INDEX handset_messages_by_phone ON handset_messages (customer_id, phone, at_ms, id);

-- What a number has to remember between two submits ("first an error, then well").
CREATE TABLE network_memories (
    customer_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    channel TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (customer_id, subject)
) WITHOUT ROWID;

CREATE TABLE network_faults (
    customer_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    error_code TEXT NOT NULL,
    per_million BIGINT NOT NULL,
    PRIMARY KEY (customer_id, channel)
) WITHOUT ROWID;

-- Receipts and replies on their way to us, in the order in which they come. Global by nature, like jobs.
CREATE TABLE network_due (
    due_at_ms BIGINT NOT NULL,
    ref TEXT NOT NULL,
    step BIGINT NOT NULL,
    customer_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('delivered', 'read', 'failed', 'reply')),
    error_code TEXT,
    PRIMARY KEY (due_at_ms, ref, step)
) WITHOUT ROWID;

-- Which process hands them over, while several run.
CREATE TABLE network_leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until_ms BIGINT NOT NULL
);
