-- compatible: 1
-- People who may work with an account, their invitations, and mail on its way.

-- One row per person and account. The role owner belongs to whoever made the account; answers show it as admin.
CREATE TABLE users (
    customer_id TEXT NOT NULL,
    id TEXT NOT NULL,
    email TEXT NOT NULL,
    email_lower TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'billing', 'developer')),
    status TEXT NOT NULL CHECK (status IN ('active', 'invited', 'suspended', 'rejected')),
    invited_at_ms BIGINT,
    last_login_at_ms BIGINT,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    PRIMARY KEY (customer_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX users_by_email ON users (customer_id, email_lower);

-- A key made for a user has that user's role, and works while the user is active.
ALTER TABLE api_keys ADD COLUMN user_id TEXT;

-- Global by nature: a link names its invitation before the customer is known.
-- The hash is what a link is checked against; the sealed token lets an operator read the link until it is answered.
CREATE TABLE invitations (
    id TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    token_sealed TEXT,
    expires_at_ms BIGINT NOT NULL,
    answer TEXT CHECK (answer IN ('accepted', 'rejected')),
    created_at_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX invitations_of_user ON invitations (customer_id, user_id);

-- The outbox, one job per row. The letter is sealed, as it may hold a token, and emptied once it has gone or failed.
CREATE TABLE mails (
    customer_id TEXT NOT NULL,
    id TEXT NOT NULL,
    letter_sealed TEXT,
    attempts BIGINT NOT NULL,
    error TEXT,
    created_at_ms BIGINT NOT NULL,
    sent_at_ms BIGINT,
    failed_at_ms BIGINT,
    PRIMARY KEY (customer_id, id)
);
CREATE INDEX mails_by_age ON mails (created_at_ms);
