-- compatible: 1
-- Webhooks, the events told to them, and one delivery per event and receiver.

CREATE TABLE webhooks (
    customer_id TEXT NOT NULL,
    id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    endpoint_url TEXT NOT NULL,
    search_text TEXT NOT NULL,
    event_types_json TEXT NOT NULL,
    retry_count BIGINT NOT NULL CHECK (retry_count BETWEEN 1 AND 5),
    timeout_seconds BIGINT NOT NULL CHECK (timeout_seconds BETWEEN 5 AND 120),
    signature_mode TEXT NOT NULL CHECK (signature_mode IN ('v1', 'hex', 'sha256-hex', 'base64')),
    secret_sealed TEXT NOT NULL,
    disabled_at_ms BIGINT,
    disabled_reason TEXT,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT,
    PRIMARY KEY (customer_id, id)
) WITHOUT ROWID;

-- How an endpoint has been answering. An endpoint is a webhook, or the origin of callback addresses.
CREATE TABLE endpoint_health (
    customer_id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    consecutive_failures BIGINT NOT NULL,
    unreachable_in_row BIGINT NOT NULL,
    failed_events_in_row BIGINT NOT NULL,
    parked_at_ms BIGINT,
    probe_at_ms BIGINT,
    last_attempt_at_ms BIGINT,
    last_success_at_ms BIGINT,
    PRIMARY KEY (customer_id, endpoint_id)
) WITHOUT ROWID;

-- Which active webhook wants which event; a subscription to a parent name is one row per event under it.
CREATE TABLE subscriptions (
    customer_id TEXT NOT NULL,
    event_name TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    field TEXT NOT NULL,
    PRIMARY KEY (customer_id, event_name, endpoint_id)
) WITHOUT ROWID;

CREATE TABLE events (
    customer_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    payload_json TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (customer_id, id)
) WITHOUT ROWID;

-- attempts counts requests made, spent those that count against retry_count (a parked endpoint spends none).
-- due_at_ms is null once delivered or failed; while leased_at_ms is set it is the end of a sender's lease.
CREATE TABLE deliveries (
    customer_id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    event_name TEXT NOT NULL,
    field TEXT NOT NULL,
    callback_url TEXT,
    status TEXT NOT NULL CHECK (status IN ('pending', 'retrying', 'delivered', 'failed')),
    attempts BIGINT NOT NULL,
    spent BIGINT NOT NULL,
    due_at_ms BIGINT,
    leased_at_ms BIGINT,
    fence BIGINT NOT NULL,
    http_status_code BIGINT,
    response_body TEXT,
    error_message TEXT,
    created_at_ms BIGINT NOT NULL,
    started_at_ms BIGINT,
    completed_at_ms BIGINT,
    PRIMARY KEY (customer_id, endpoint_id, id)
) WITHOUT ROWID;
-- The queue, by endpoint so that each gets its turn. Finished rows are not in it: claims stay fast beside millions.
CREATE INDEX deliveries_pending ON deliveries (endpoint_id, due_at_ms) WHERE due_at_ms IS NOT NULL;
