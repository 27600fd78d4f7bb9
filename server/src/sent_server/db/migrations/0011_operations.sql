-- compatible: 1
-- A stored answer belongs to one operation ("POST /v3/contacts"); null in rows that an older release wrote.

ALTER TABLE idempotency_keys ADD COLUMN operation TEXT;

-- Whether the organization's key asked for it: only that may file what the profile inherits.
ALTER TABLE profile_completions ADD COLUMN by_organization BIGINT NOT NULL DEFAULT 1;
