-- compatible: 1
-- Templates: content with variables, and whether a reviewer has approved it.

-- revision changes with the content; what is compiled in process, and a verdict, belong to one revision.
-- channels and variables_json repeat what the definition says, so that lists need not read it.
CREATE TABLE templates (
    customer_id TEXT NOT NULL,
    id TEXT NOT NULL,
    revision TEXT NOT NULL,
    name TEXT NOT NULL,
    name_lower TEXT NOT NULL,
    category TEXT NOT NULL CHECK (category IN ('MARKETING', 'UTILITY', 'AUTHENTICATION')),
    language TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('DRAFT', 'PENDING', 'APPROVED', 'REJECTED')),
    channels TEXT NOT NULL,
    variables_json TEXT NOT NULL,
    definition_json TEXT NOT NULL,
    search_text TEXT NOT NULL,
    creation_source TEXT NOT NULL,
    rejection_reason TEXT,
    review_reference TEXT,
    welcome_playground_at_ms BIGINT,
    submitted_at_ms BIGINT,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    PRIMARY KEY (customer_id, id)
) WITHOUT ROWID;
CREATE INDEX templates_by_name ON templates (customer_id, name_lower);
