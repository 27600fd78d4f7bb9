-- compatible: 1
-- 10DLC: the brand of a customer and its campaigns. details_json is what the client said, in the form of answers.

CREATE TABLE brands (
    customer_id TEXT NOT NULL,
    id TEXT NOT NULL,
    details_json TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'filed', 'registered', 'rejected')),
    reference TEXT,
    csp_id TEXT,
    universal_ein TEXT,
    identity_status TEXT,
    rejection_reason TEXT,
    submitted_at_ms BIGINT,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT,
    PRIMARY KEY (customer_id)
);

CREATE TABLE campaigns (
    customer_id TEXT NOT NULL,
    id TEXT NOT NULL,
    details_json TEXT NOT NULL,
    use_cases_json TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'filed', 'registered', 'rejected')),
    reference TEXT,
    csp_id TEXT,
    rejection_reason TEXT,
    submitted_at_ms BIGINT,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT,
    PRIMARY KEY (customer_id, id)
);
