-- compatible: 1
-- People who sign in to the dashboard, their sessions and sign-in links, and the audit log of accounts.

-- Global by nature: a person signs in before an account is chosen, and may work with several. The accounts of a person
-- are the rows of users with the same address.
CREATE TABLE people (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    email_lower TEXT NOT NULL UNIQUE,
    password_hash TEXT,
    zone TEXT,
    theme TEXT,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL
);
CREATE INDEX users_of_person ON users (email_lower, customer_id);

-- Only the hash of a token is kept: who reads the database cannot sign in.
CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people (id),
    csrf_token TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    seen_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);
CREATE INDEX sessions_of_person ON sessions (person_id);
CREATE INDEX sessions_by_end ON sessions (expires_at_ms);

CREATE TABLE sign_in_links (
    token_hash TEXT PRIMARY KEY,
    email_lower TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    used_at_ms BIGINT
);
CREATE INDEX sign_in_links_by_end ON sign_in_links (expires_at_ms);

-- person is an address, `api key ...` or `sent`; subject the id of what was changed.
CREATE TABLE audit_entries (
    customer_id TEXT NOT NULL,
    id TEXT NOT NULL,
    person TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT,
    detail TEXT,
    address TEXT,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (customer_id, id)
) WITHOUT ROWID;
