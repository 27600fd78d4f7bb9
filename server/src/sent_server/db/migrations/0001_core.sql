-- compatible: 1
-- Accounts, keys, contacts, messages, money, jobs. Ids are UUIDv7 text, times epoch ms, money micros of USD.
-- Every tenant key starts with customer_id, so that the data can be partitioned by customer later.

CREATE TABLE customers (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('organization', 'user', 'profile')),
    organization_id TEXT NOT NULL,
    name TEXT NOT NULL,
    short_name TEXT,
    email TEXT,
    icon TEXT,
    description TEXT,
    status TEXT NOT NULL,
    profile_status TEXT,
    settings_json TEXT,
    billing_model TEXT,
    tier TEXT NOT NULL CHECK (tier IN ('starter', 'growth', 'enterprise', 'unlimited')),
    messages_per_minute BIGINT,
    callback_secret_sealed TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT,
    deleted_at_ms BIGINT
);
CREATE INDEX customers_of_organization ON customers (organization_id, id);

-- Global by nature: a key is looked up before its customer is known.
CREATE TABLE api_keys (
    key_hash TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    customer_id TEXT NOT NULL REFERENCES customers (id),
    role TEXT NOT NULL CHECK (role IN ('admin', 'billing', 'developer')),
    hint TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    revoked_at_ms BIGINT
);
CREATE INDEX api_keys_of_customer ON api_keys (customer_id, id);

CREATE TABLE channels (
    customer_id TEXT NOT NULL REFERENCES customers (id),
    channel TEXT NOT NULL CHECK (channel IN ('sms', 'whatsapp', 'rcs')),
    carrier TEXT NOT NULL,
    sender TEXT NOT NULL,
    business_name TEXT,
    credentials_sealed TEXT,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (customer_id, channel)
);
-- An inbound message names our number; this finds whose it is.
CREATE INDEX channels_by_sender ON channels (carrier, sender);

-- With a rowid: answers are long and keys random, so only the slim index is written in random places.
CREATE TABLE idempotency_keys (
    customer_id TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('live', 'sandbox')),
    idempotency_key TEXT NOT NULL,
    request_id TEXT NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    sealed_at_ms BIGINT,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (customer_id, mode, idempotency_key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at_ms);

CREATE TABLE counters (
    customer_id TEXT NOT NULL,
    name TEXT NOT NULL,
    total BIGINT NOT NULL,
    PRIMARY KEY (customer_id, name)
) WITHOUT ROWID;

CREATE TABLE contacts (
    customer_id TEXT NOT NULL,
    id TEXT NOT NULL,
    phone TEXT NOT NULL,
    region_code TEXT NOT NULL,
    available_channels TEXT NOT NULL,
    default_channel TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT,
    PRIMARY KEY (customer_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX contacts_by_phone ON contacts (customer_id, phone);

-- Consent belongs to the number, so that it survives deleting and recreating the contact.
CREATE TABLE opt_outs (
    customer_id TEXT NOT NULL,
    phone TEXT NOT NULL,
    source TEXT NOT NULL,
    opted_out_at_ms BIGINT NOT NULL,
    PRIMARY KEY (customer_id, phone)
) WITHOUT ROWID;

-- What all messages of one request share: the template as it was, its text per channel, and the few different
-- routing plans (with the reason for each channel) that its recipients have; a message names one by number.
-- With a rowid: these rows are too long to be clustered by key (beyond 1,002 bytes they overflow, a page each).
CREATE TABLE batches (
    customer_id TEXT NOT NULL,
    id TEXT NOT NULL,
    template_id TEXT,
    template_name TEXT,
    template_category TEXT,
    ledger_id TEXT NOT NULL,
    contents_json TEXT NOT NULL,
    plans_json TEXT NOT NULL,
    callback_url TEXT,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (customer_id, id)
);

CREATE TABLE messages (
    customer_id TEXT NOT NULL,
    id TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    phone TEXT NOT NULL,
    region_code TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN
        ('QUEUED', 'PROCESSED', 'ROUTED', 'SENT', 'DELIVERED', 'READ', 'FAILED', 'RECEIVED')),
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
    PRIMARY KEY (customer_id, id)
) WITHOUT ROWID;

CREATE TABLE message_events (
    customer_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    status TEXT NOT NULL,
    channel TEXT NOT NULL,
    description TEXT,
    price_micros BIGINT,
    active_contact_price_micros BIGINT,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (customer_id, message_id, sequence)
) WITHOUT ROWID;

-- One row per submit to a carrier, committed before the bytes leave.
CREATE TABLE attempts (
    customer_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    leg BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    channel TEXT NOT NULL,
    carrier TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('SUBMITTING', 'UNKNOWN', 'LATER', 'REJECTED', 'SENT', 'FAILED', 'DELIVERED', 'READ')),
    ref TEXT,
    error_code TEXT,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    PRIMARY KEY (customer_id, message_id, leg, attempt)
) WITHOUT ROWID;

-- Global by nature: a receipt names only the carrier's reference.
CREATE TABLE carrier_refs (
    carrier TEXT NOT NULL,
    ref TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    leg BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    PRIMARY KEY (carrier, ref)
) WITHOUT ROWID;

-- The key starts with event_id, so that the partial index is the only one that begins with the carrier.
CREATE TABLE receipts (
    carrier TEXT NOT NULL,
    event_id TEXT NOT NULL,
    ref TEXT NOT NULL,
    kind TEXT NOT NULL,
    error_code TEXT,
    received_at_ms BIGINT NOT NULL,
    applied_at_ms BIGINT,
    PRIMARY KEY (event_id, carrier)
) WITHOUT ROWID;
CREATE INDEX receipts_parked ON receipts (carrier, ref) WHERE applied_at_ms IS NULL;
CREATE INDEX receipts_by_age ON receipts (received_at_ms);

-- Work to do, written in the transaction of the change that causes it. due_at_ms doubles as the lease.
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    due_at_ms BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX jobs_due ON jobs (kind, due_at_ms);

-- Double entry: each row moves an amount from one account to another, so the sum is zero by construction.
CREATE TABLE ledger_entries (
    customer_id TEXT NOT NULL,
    ref TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('top_up', 'hold', 'capture', 'release', 'refund')),
    from_account TEXT NOT NULL,
    to_account TEXT NOT NULL,
    amount_micros BIGINT NOT NULL CHECK (amount_micros > 0),
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (customer_id, ref, kind)
) WITHOUT ROWID;

CREATE TABLE ledger_balances (
    customer_id TEXT NOT NULL,
    account TEXT NOT NULL,
    balance_micros BIGINT NOT NULL,
    PRIMARY KEY (customer_id, account),
    CHECK (balance_micros >= 0 OR account = 'deposits')
) WITHOUT ROWID;

-- The first message to a contact in a month that was charged as such; a rate card may put a price on that.
CREATE TABLE active_contacts (
    customer_id TEXT NOT NULL,
    month TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    PRIMARY KEY (customer_id, month, contact_id)
) WITHOUT ROWID;

CREATE TABLE settings_kept (
    name TEXT PRIMARY KEY,
    content TEXT NOT NULL
);
