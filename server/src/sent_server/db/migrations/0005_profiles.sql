-- compatible: 1
-- Profiles of organizations: what only they have (the rest is in customers), what they share, and their completion.

-- Cards are never here: payment_reference is what the payment processor knows this profile's card by.
CREATE TABLE profile_details (
    customer_id TEXT PRIMARY KEY REFERENCES customers (id),
    billing_contact_json TEXT,
    payment_reference TEXT,
    waba_id TEXT,
    waba_phone_number_id TEXT,
    waba_token_sealed TEXT,
    numbers_json TEXT NOT NULL,
    preferences_json TEXT NOT NULL
);

-- Which profiles of an organization (customer_id) let their siblings see a collection of theirs.
CREATE TABLE shared_collections (
    customer_id TEXT NOT NULL REFERENCES customers (id),
    collection TEXT NOT NULL CHECK (collection IN ('contacts', 'templates')),
    profile_id TEXT NOT NULL,
    PRIMARY KEY (customer_id, collection, profile_id)
) WITHOUT ROWID;

-- One row per request to complete a profile. While finished_at_ms is null, a job of the same id works on it.
CREATE TABLE profile_completions (
    customer_id TEXT NOT NULL REFERENCES customers (id),
    id TEXT NOT NULL,
    webhook_url TEXT NOT NULL,
    outcome TEXT CHECK (outcome IN ('submitted', 'completed', 'failed')),
    started_at_ms BIGINT NOT NULL,
    finished_at_ms BIGINT,
    PRIMARY KEY (customer_id, id)
);
