-- compatible: 1
-- Options that an operator switches on for an organization: a JSON list of their names, null for none.
ALTER TABLE customers ADD COLUMN options_json TEXT;

-- Events that are new in this release, for webhooks that were disabled when migration 13 wrote their subscriptions.
INSERT INTO subscriptions (customer_id, event_name, endpoint_id, field, names_event, parks)
SELECT w.customer_id, e.name, w.id,
    CASE WHEN w.event_types_json LIKE '%"message"%' AND w.event_types_json NOT LIKE '%"messages"%"message"%' THEN 'message' ELSE 'messages' END,
    CASE WHEN w.event_types_json LIKE '%"messages"%' THEN 0 ELSE 1 END,
    1
FROM webhooks w
CROSS JOIN (
    SELECT 'message.scheduled' AS name
    UNION ALL SELECT 'message.cancelled'
    UNION ALL SELECT 'message.filtered'
    UNION ALL SELECT 'message.blocked'
) AS e
WHERE w.disabled_at_ms IS NOT NULL AND w.disabled_reason IS NOT NULL AND (
    w.event_types_json LIKE '%"*"%'
    OR w.event_types_json LIKE '%"' || e.name || '"%'
    OR w.event_types_json LIKE '%"message.status.updated"%'
    OR w.event_types_json LIKE '%"messages"%'
    OR w.event_types_json LIKE '%"message"%'
)
ON CONFLICT (customer_id, event_name, endpoint_id) DO NOTHING;
